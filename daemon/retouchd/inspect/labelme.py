"""Regions in LabelMe files: pixels of the displayed picture.

Format: labelme ``_label_file.py`` and ``_shape.py``; LabelMe turns a picture upright
when it opens it, so its frame is the displayed one.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from retouchd.errors import InputError
from retouchd.inspect import frame, magic, masks
from retouchd.inspect.frame import Frame, Outline, Point
from retouchd.inspect.kind import Limits, open_regular
from retouchd.inspect.tags import Tagged
from retouchd.media.vips import pyvips
from retouchd.values import Header, Region

_MAX_SHAPES = 10_000


def read(path: Path, header: Header, limits: Limits) -> Tagged:
    """Read the shapes of a LabelMe file; other JSON only earns a warning.

    Raises:
        InputError: not JSON (the line is named), made for a picture of another aspect,
            or a shape that is broken.
    """
    data = _load(path, limits)
    shapes = data.get("shapes") if isinstance(data, dict) else None
    if not isinstance(shapes, list):
        return Tagged(
            warnings=(f"{path.name} holds no LabelMe shapes; it is not read",)
        )
    if len(shapes) > _MAX_SHAPES:
        raise InputError(
            f"{len(shapes)} shapes, at most {_MAX_SHAPES} are read",
            hint="tag with fewer shapes",
            file=path,
        )
    around = _frame_of(data, header, path)
    return _shapes(shapes, around, path, limits)


def _load(path: Path, limits: Limits) -> Any:
    with open_regular(path, limits.sidecar_bytes) as file:
        raw = file.read()
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        reason = f"line {line}: no UTF-8 text"
    except RecursionError:
        reason = "line 1: nested too deep"
    except ValueError as error:
        reason = str(error)
    raise InputError(
        f"the sidecar is not readable JSON: {reason}",
        hint="save it again from the tagging tool, or drop the picture without it",
        file=path,
    )


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no JSON number")


def _frame_of(data: dict[str, Any], header: Header, path: Path) -> Frame:
    """Return the picture that was tagged; its aspect must be the picture's."""
    width, height = data.get("imageWidth"), data.get("imageHeight")
    if width is None and height is None:
        return frame.displayed(header)
    if not (isinstance(width, int) and isinstance(height, int)):
        raise _broken(path, "imageWidth and imageHeight are no whole numbers")
    if not frame.displayed(header).fits(width, height):
        raise InputError(
            f"the tags were made for {width} x {height} pixels, the picture is "
            f"{header.width} x {header.height}: turned or cropped after tagging",
            hint="tag the picture as it is now",
            file=path,
        )
    return Frame(width, height)


def _shapes(shapes: list[Any], around: Frame, path: Path, limits: Limits) -> Tagged:
    regions: list[Region] = []
    warnings: list[str] = []
    for number, shape in enumerate(shapes):
        try:
            found = _region(shape, around, path.name, limits)
        except (TypeError, ValueError, KeyError, pyvips.Error) as error:
            raise _broken(path, f"shapes[{number}] is broken: {error}") from error
        if found is None:
            kind = shape.get("shape_type")
            warnings.append(
                f"{path.name}: shapes[{number}] ({kind}) marks no area of the picture"
            )
        else:
            regions.append(found)
    return Tagged(tuple(regions), tuple(warnings))


def _region(shape: Any, around: Frame, source: str, limits: Limits) -> Region | None:
    kind = shape.get("shape_type") or "polygon" if isinstance(shape, dict) else None
    if kind is None:
        raise TypeError("it is no object")
    points = [(float(x), float(y)) for x, y in shape["points"]]
    label = str(shape.get("label") or "region")
    if kind == "mask":
        return _mask(shape, points, around, Region(label, (), source=source), limits)
    make = _OUTLINES.get(kind)
    outline = around.upright(_fractions(make(points), around)) if make else ()
    return Region(label, outline, source=source) if outline else None


def _fractions(pixels: Outline, around: Frame) -> Outline:
    return tuple((x / around.width, y / around.height) for x, y in pixels)


def _corners(points: list[Point]) -> Outline:
    """Any two opposite corners make a rectangle."""
    (left, top), (right, bottom) = points
    return frame.rectangle(left, top, right - left, bottom - top)


def _circle(points: list[Point]) -> Outline:
    """The centre and a point of the rim make a circle."""
    (x, y), rim = points
    radius = math.dist((x, y), rim)
    return frame.ellipse(x, y, radius, radius)


_OUTLINES: dict[str, Callable[[list[Point]], Outline]] = {
    "polygon": tuple,
    "oriented_rectangle": tuple,
    "rectangle": _corners,
    "circle": _circle,
}


def _mask(
    shape: dict[str, Any],
    points: list[Point],
    around: Frame,
    plain: Region,
    limits: Limits,
) -> Region | None:
    """A mask lies with its top left pixel on the first point, unscaled."""
    packed = base64.b64decode(shape["mask"], validate=True)
    if magic.format_of(packed[: magic.HEAD_BYTES]) != "png":
        raise ValueError("its mask is no PNG")
    image = pyvips.Image.pngload_buffer(packed, fail_on="warning")
    if image.width * image.height / 1e6 > limits.megapixels:
        raise ValueError("its mask is too large")
    (left, top), *_ = points
    box = frame.rectangle(left, top, image.width, image.height)
    outline = _fractions(box, around)
    inside = all(-0.01 <= number <= 1.01 for point in outline for number in point)
    if not inside:
        raise ValueError("its mask reaches over the edge of the picture")
    # LabelMe writes 0 and 1, or a bilevel picture: anything but black is inside.
    png = masks.to_png((image[0] > 0).copy(interpretation="b-w"))
    clipped = around.upright(outline)
    return Region(plain.label, clipped, png, plain.source) if png and clipped else None


def _broken(path: Path, what: str) -> InputError:
    return InputError(
        f"the sidecar cannot be used: {what}",
        hint="save it again from the tagging tool, or drop the picture without it",
        file=path,
    )
