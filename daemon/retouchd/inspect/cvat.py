"""Tracks of CVAT for video 1.1: boxes, polygons and ellipses with key frames.

Format: docs.cvat.ai/docs/dataset_management/formats/format-cvat. Coordinates are pixels
of the displayed picture, frames are counted from 0. What CVAT itself put between key
frames (``keyframe="0"``) is left out: it is found again.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from retouchd.errors import InputError
from retouchd.inspect import frame
from retouchd.inspect.frame import Frame, Outline
from retouchd.inspect.kind import Limits, open_regular
from retouchd.inspect.tracks import (
    MOST_FRAMES,
    MOST_POINTS,
    Key,
    Track,
    too_many_points,
)
from retouchd.values import Header

_MOST_TAGS = 1_500_000
_LONG_TAG = re.compile(rb"<[^<]{1048576}")
"""A tag, or the text behind it, of more than 1 MiB: memory goes by its attributes."""

_DEEPEST = 32
_MOST_TRACKS = 10_000
_MAX_LABEL = 200
_MAX_EDGE = 1_000_000
_SAVE_AGAIN = "export it again as CVAT for video 1.1, or drop the clip without it"

_ROOT = re.compile(rb"(?:[^<]|<(?![A-Za-z_]))*<annotations[\s>]")
"""The first element, behind declarations and comments."""

Attributes = Mapping[str, str]


def read(path: Path, header: Header, limits: Limits) -> tuple[Track, ...]:
    """Read the tracks of a CVAT file; another one, or text, has none.

    Raises:
        InputError: no XML, too large, made for a clip of another aspect, or a track
            that is broken; it is named.
    """
    with open_regular(path, limits.sidecar_bytes) as file:
        raw = file.read()
    if not _ROOT.match(raw):
        return ()  # an edit list, say: others put XML beside clips as well
    if raw.count(b"<") > _MOST_TAGS or _LONG_TAG.search(raw):
        raise InputError(
            "the tags hold more than can be read",
            hint="export key frames alone, or fewer tracks",
            file=path,
        )
    reader = _Reader(path, header)
    try:
        for event, element in iterparse(
            io.BytesIO(raw), events=("start", "end"), forbid_dtd=True
        ):
            reader.take(event, element)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise InputError(
            f"the tags are not readable XML: {error}", hint=_SAVE_AGAIN, file=path
        ) from error
    return tuple(reader.tracks)


class _Reader:
    """Takes the events of a parser; keeps tracks and lets all else go.

    Args:
        path: of the file.
        header: of the clip.

    Attributes:
        tracks: those that mark any area.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.tracks: list[Track] = []
        self._path = path
        self._header = header
        self._around = frame.displayed(header)
        self._points = 0
        self._open: list[Element] = []
        self._keys: dict[int, Key] = {}

    def take(self, event: str, element: Element) -> None:
        """Take the beginning or the end of a tag."""
        if event == "start":
            self._open.append(element)
            if len(self._open) > _DEEPEST:
                raise self._broken(f"tags are nested deeper than {_DEEPEST}")
            return
        self._open.pop()
        above = [one.tag for one in self._open]
        if element.tag == "original_size":
            self._around = self._frame_of(element)
        elif element.tag in _OUTLINES and above[-1:] == ["track"]:
            self._keep(element.tag, element.attrib)
        elif element.tag == "track":
            self._close(element.attrib)
        if above[-1:] == ["track"]:
            del self._open[-1][:]  # or a long track would stay in memory twice
        elif len(above) == 1:
            del self._open[0][:]

    def _frame_of(self, size: Element) -> Frame:
        """Return the picture that was tagged; its aspect must be the clip's."""
        edges = [size.findtext(name, "") for name in ("width", "height")]
        if not all(edge.isdecimal() and 0 < int(edge) <= _MAX_EDGE for edge in edges):
            raise self._broken("original_size is no size of a picture")
        width, height = map(int, edges)
        header = self._header
        if not frame.displayed(header).fits(width, height):
            raise InputError(
                f"the tags were made for {width} x {height} pixels, the clip is "
                f"{header.width} x {header.height}: turned or cropped after tagging",
                hint="tag the clip as it is now",
                file=self._path,
            )
        return Frame(width, height)

    def _keep(self, kind: str, facts: Attributes) -> None:
        """Take the outline of a key frame of the track that is open."""
        number = facts.get("frame", "")
        if not number.isdecimal() or int(number) > MOST_FRAMES:
            raise self._broken(f"{self._track}: {number[:20]!r} is no frame")
        if facts.get("keyframe", "1") == "0":
            return
        outline = self._fractions(kind, facts, int(number))
        self._points += len(outline) + 1
        if self._points > MOST_POINTS:
            raise too_many_points(self._path)
        is_outside = facts.get("outside", "0") == "1"
        self._keys[int(number)] = Key(int(number), outline, is_outside)

    def _fractions(self, kind: str, facts: Attributes, number: int) -> Outline:
        try:
            pixels = _turned(_OUTLINES[kind](facts), facts)
        except (KeyError, ValueError) as error:
            raise self._broken(
                f"{self._track}, frame {number}: the {kind} is broken: {error}"
            ) from error
        if len(pixels) < 3 or not all(math.isfinite(n) for p in pixels for n in p):
            raise self._broken(f"{self._track}, frame {number}: the {kind} is no area")
        around = self._around
        return tuple((x / around.width, y / around.height) for x, y in pixels)

    def _close(self, facts: Attributes) -> None:
        """Keep the track that ends."""
        label = facts.get("label") or "region"
        if len(label) > _MAX_LABEL:
            raise self._broken(f"a label has more than {_MAX_LABEL} characters")
        if len(self.tracks) == _MOST_TRACKS:
            raise self._broken(f"there are more than {_MOST_TRACKS} tracks")
        keys = tuple(key for _, key in sorted(self._keys.items()))
        self._keys = {}
        if not all(key.is_outside for key in keys):
            self.tracks.append(Track(label, keys, self._path.name))

    @property
    def _track(self) -> str:
        """The track that is open, for people."""
        return f"track {self._open[-1].get('id', '?')[:20]}"

    def _broken(self, what: str) -> InputError:
        return InputError(
            f"the tags cannot be used: {what}", hint=_SAVE_AGAIN, file=self._path
        )


def _box(facts: Attributes) -> Outline:
    left, top, right, bottom = (
        float(facts[edge]) for edge in ("xtl", "ytl", "xbr", "ybr")
    )
    return frame.rectangle(left, top, right - left, bottom - top)


def _polygon(facts: Attributes) -> Outline:
    return tuple(_pairs(facts["points"]))


def _pairs(points: str) -> Iterator[tuple[float, float]]:
    for point in points.split(";"):
        x, y = point.split(",")
        yield float(x), float(y)


def _ellipse(facts: Attributes) -> Outline:
    return frame.ellipse(*(float(facts[name]) for name in ("cx", "cy", "rx", "ry")))


_OUTLINES: dict[str, Callable[[Attributes], Outline]] = {
    "box": _box,
    "polygon": _polygon,
    "ellipse": _ellipse,
}


def _turned(outline: Outline, facts: Attributes) -> Outline:
    """Turn *outline* about its middle, by as many degrees clockwise as is said."""
    angle = math.radians(float(facts.get("rotation", 0)))
    if not angle:
        return outline
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    mid_x, mid_y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    cos, sin = math.cos(angle), math.sin(angle)
    return tuple(
        (
            mid_x + cos * (x - mid_x) - sin * (y - mid_y),
            mid_y + sin * (x - mid_x) + cos * (y - mid_y),
        )
        for x, y in outline
    )
