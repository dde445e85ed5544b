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
from typing import Any, TypeGuard

from retouchd.errors import InputError
from retouchd.inspect import frame, magic, masks
from retouchd.inspect.frame import Frame, Outline, Point
from retouchd.inspect.kind import Limits, open_regular
from retouchd.inspect.tags import Tagged
from retouchd.media.vips import DECODER_ERRORS, pyvips
from retouchd.values import Header, Region

_MAX_SHAPES = 10_000
_MAX_EDGE = 1_000_000
_MAX_LABEL = 200
# Brackets and commas: what JSON costs in memory goes by its values, not its bytes.
_MAX_MARKS = 3_000_000


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
    if sum(map(raw.count, (b"[", b"{", b","))) > _MAX_MARKS:
        raise InputError(
            "the sidecar holds more values than can be read",
            hint="tag with fewer points",
            file=path,
        )
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
    if not (_is_edge(width) and _is_edge(height)):
        raise _broken(path, "imageWidth and imageHeight are no edges of a picture")
    if not frame.displayed(header).fits(width, height):
        raise InputError(
            f"the tags were made for {width} x {height} pixels, the picture is "
            f"{header.width} x {header.height}: turned or cropped after tagging",
            hint="tag the picture as it is now",
            file=path,
        )
    return Frame(width, height)


def _is_edge(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and 0 < value <= _MAX_EDGE


def _shapes(shapes: list[Any], around: Frame, path: Path, limits: Limits) -> Tagged:
    regions: list[Region] = []
    skipped: list[str] = []
    masks_left = limits.megapixels
    for number, shape in enumerate(shapes):
        try:
            found, megapixels = _region(shape, around, path.name, masks_left)
        except _WRONG_SHAPE as error:
            raise _broken(path, f"shapes[{number}] is broken: {error}") from error
        masks_left -= megapixels
        if found is None:
            kind = ascii(shape.get("shape_type"))[:40]
            skipped.append(f"shapes[{number}] ({kind})")
        else:
            regions.append(found)
    return Tagged(tuple(regions), _about(skipped, path))


def _about(skipped: list[str], path: Path) -> tuple[str, ...]:
    if not skipped:
        return ()
    what = f"shapes that mark no area of the picture are left out ({len(skipped)})"
    return (f"{path.name}: {what}: {', '.join(skipped[:5])}",)


def _region(
    shape: Any, around: Frame, source: str, masks_left: float
) -> tuple[Region | None, float]:
    """Read one shape; also say how many megapixels of mask it took."""
    kind = shape.get("shape_type") or "polygon" if isinstance(shape, dict) else None
    if kind is None:
        raise TypeError("it is no object")
    points = [(float(x), float(y)) for x, y in shape["points"]]
    label = _label(shape)
    if kind == "mask":
        return _mask(
            shape, points, around, Region(label, (), source=source), masks_left
        )
    make = _OUTLINES.get(kind)
    outline = around.upright(_fractions(make(points), around)) if make else ()
    return (Region(label, outline, source=source) if outline else None), 0.0


def _label(shape: dict[str, Any]) -> str:
    label = shape.get("label") or "region"
    if not isinstance(label, str | int) or len(str(label)) > _MAX_LABEL:
        raise ValueError(f"its label is no text of at most {_MAX_LABEL} characters")
    return str(label)


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


_WRONG_SHAPE = (TypeError, ValueError, KeyError, OverflowError, *DECODER_ERRORS)


def _mask(
    shape: dict[str, Any],
    points: list[Point],
    around: Frame,
    plain: Region,
    masks_left: float,
) -> tuple[Region | None, float]:
    """A mask lies with its top left pixel on the first point, unscaled."""
    packed = base64.b64decode(shape["mask"], validate=True)
    if magic.format_of(packed[: magic.HEAD_BYTES]) != "png":
        raise ValueError("its mask is no PNG")
    image = pyvips.Image.pngload_buffer(packed, fail_on="warning", access="sequential")
    megapixels = image.width * image.height / 1e6
    if megapixels > masks_left:
        raise ValueError("its mask is too large, alone or with those before it")
    (left, top), *_ = points
    box = frame.rectangle(left, top, image.width, image.height)
    outline = _fractions(box, around)
    inside = all(-0.01 <= number <= 1.01 for point in outline for number in point)
    if not inside:
        raise ValueError("its mask reaches over the edge of the picture")
    # LabelMe writes 0 and 1, or a bilevel picture: anything but black is inside.
    png = masks.to_png((image[0] > 0).copy(interpretation="b-w"))
    clipped = around.upright(outline)
    marks_something = png and clipped
    region = Region(plain.label, clipped, png, plain.source)
    return (region if marks_something else None), megapixels


def _broken(path: Path, what: str) -> InputError:
    return InputError(
        f"the sidecar cannot be used: {what}",
        hint="save it again from the tagging tool, or drop the picture without it",
        file=path,
    )
