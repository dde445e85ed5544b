"""Regions in XMP: MWG, IPTC Image Region and Microsoft people tags.

All three count in stored pixels, before EXIF orientation; for IPTC and Microsoft
this is inferred from how ExifTool converts between them. Sources: MWG Guidelines 2.0
p. 39 and 51; IPTC Photo Metadata 2021.1; ExifTool ``MWG.pm`` and ``Microsoft.pm``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retouchd.inspect import frame
from retouchd.inspect.frame import Frame, Outline
from retouchd.inspect.tracks import Track
from retouchd.inspect.xmp import Properties, Value, fields_of, items_of, text_of
from retouchd.values import Header, Region

_MWG = "{http://www.metadataworkinggroup.com/schemas/regions/}"
_AREA = "{http://ns.adobe.com/xmp/sType/Area#}"
_DIMENSIONS = "{http://ns.adobe.com/xap/1.0/sType/Dimensions#}"
_IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
_MP = "{http://ns.microsoft.com/photo/1.2/}"
_MP_INFO = "{http://ns.microsoft.com/photo/1.2/t/RegionInfo#}"
_MP_REGION = "{http://ns.microsoft.com/photo/1.2/t/Region#}"
_TIFF = "{http://ns.adobe.com/tiff/1.0/}"

_MAX_REGIONS = 10_000

Fields = dict[str, Value]
Draft = tuple[str, Outline]
"""A label, and an outline in fractions of the stored picture; empty: not an area."""


@dataclass(frozen=True)
class Tagged:
    """Regions of one packet or file, tracks, and what could not be used of it."""

    regions: tuple[Region, ...] = ()
    warnings: tuple[str, ...] = ()
    tracks: tuple[Track, ...] = ()


def read(properties: Properties, header: Header, place: str) -> Tagged:
    """Take the regions out of parsed XMP.

    A region is labelled with its name; MWG regions without one get their type in
    lower case (``face``), so no pattern for named tags meets them.

    Args:
        properties: what :func:`retouchd.inspect.xmp.parse` returned.
        header: of the picture that is tagged.
        place: names the source in regions and warnings, such as ``xmp``.
    """
    around = frame.stored(header)
    applied = fields_of(
        fields_of(properties.get(f"{_MWG}Regions")).get(f"{_MWG}AppliedToDimensions")
    )
    if applied and not around.fits(
        _number(applied, f"{_DIMENSIONS}w"), _number(applied, f"{_DIMENSIONS}h")
    ):
        return Tagged(warnings=(_misfit(place, applied, around),))
    drafts = (
        *(("mwg-rs", draft) for draft in _mwg(properties, around)),
        *(("iptc", draft) for draft in _iptc(properties, around)),
        *(("mp", draft) for draft in _microsoft(properties)),
    )
    return _finish(drafts[:_MAX_REGIONS], around, place)


def orientation_of(properties: Properties) -> int:
    """Return the orientation a packet states, 1..8; 0 where it states none."""
    text = text_of(properties.get(f"{_TIFF}Orientation"))
    return int(text) if text in set("12345678") else 0


def _finish(drafts: Sequence[tuple[str, Draft]], around: Frame, place: str) -> Tagged:
    regions, skipped = [], []
    for standard, (label, outline) in drafts:
        upright = around.upright(outline)
        if upright:
            regions.append(Region(label, upright, source=f"{place}:{standard}"))
        else:
            skipped.append(label)
    if not skipped:
        return Tagged(tuple(regions))
    names = ", ".join(repr(label) for label in skipped[:5])
    warning = (
        f"region tags in {place} that mark no area of the picture are left out "
        f"({len(skipped)}): {names}"
    )
    return Tagged(tuple(regions), (warning,))


def _misfit(place: str, applied: Fields, around: Frame) -> str:
    width, height = (text_of(applied.get(f"{_DIMENSIONS}{edge}")) for edge in "wh")
    return (
        f"the region tags in {place} do not fit the picture and are left out: "
        f"they were made for {width} x {height}, it is stored as "
        f"{around.width} x {around.height}; it was turned or cropped after tagging"
    )


def _mwg(properties: Properties, around: Frame) -> Iterator[Draft]:
    regions = fields_of(properties.get(f"{_MWG}Regions"))
    for item in items_of(regions.get(f"{_MWG}RegionList")):
        fields = fields_of(item)
        kind = text_of(fields.get(f"{_MWG}Type")).lower() or "region"
        label = text_of(fields.get(f"{_MWG}Name")) or kind
        yield label, _mwg_outline(fields_of(fields.get(f"{_MWG}Area")), around)


def _mwg_outline(area: Fields, around: Frame) -> Outline:
    """Areas give their centre; a circle's diameter counts in the shorter edge."""
    if text_of(area.get(f"{_AREA}unit")) not in {"", "normalized"}:
        return ()
    x, y, width, height, diameter = (_number(area, _AREA + key) for key in "xywhd")
    if math.isnan(width) and not math.isnan(diameter):
        pixels = diameter / 2 * min(around.width, around.height)
        return frame.ellipse(x, y, pixels / around.width, pixels / around.height)
    if not (width > 0 and height > 0):
        return ()
    return frame.rectangle(x - width / 2, y - height / 2, width, height)


def _iptc(properties: Properties, around: Frame) -> Iterator[Draft]:
    for item in items_of(properties.get(f"{_IPTC}ImageRegion")):
        fields = fields_of(item)
        boundary = fields_of(fields.get(f"{_IPTC}RegionBoundary"))
        yield _iptc_label(fields), _iptc_outline(boundary, around)


def _iptc_label(fields: Fields) -> str:
    """Choose among name, roles, types and id: an instruction (``erase:...``) wins."""
    terms = [
        text_of(fields_of(term).get(f"{_IPTC}Name"))
        for key in ("rRole", "rCtype")
        for term in items_of(fields.get(_IPTC + key))
    ]
    name, own_id = (text_of(fields.get(_IPTC + key)) for key in ("Name", "rId"))
    candidates = [text for text in (name, *terms, own_id) if text]
    orders = [text for text in candidates if text.startswith("erase:")]
    return (orders or candidates or ["region"])[0]


def _iptc_outline(boundary: Fields, around: Frame) -> Outline:
    """Rectangles give their top left corner; a radius counts in widths."""
    pixel = text_of(boundary.get(f"{_IPTC}rbUnit")) == "pixel"
    across, down = (around.width, around.height) if pixel else (1, 1)
    x, y = (
        _number(boundary, f"{_IPTC}rbX") / across,
        _number(boundary, f"{_IPTC}rbY") / down,
    )
    shape = text_of(boundary.get(f"{_IPTC}rbShape"))
    if shape == "polygon":
        corners = (fields_of(v) for v in items_of(boundary.get(f"{_IPTC}rbVertices")))
        return tuple(
            (_number(c, f"{_IPTC}rbX") / across, _number(c, f"{_IPTC}rbY") / down)
            for c in corners
        )
    if shape == "circle":
        radius = _number(boundary, f"{_IPTC}rbRx") / across
        return frame.ellipse(x, y, radius, radius * around.width / around.height)
    width = _number(boundary, f"{_IPTC}rbW") / across
    height = _number(boundary, f"{_IPTC}rbH") / down
    return frame.rectangle(x, y, width, height)


def _microsoft(properties: Properties) -> Iterator[Draft]:
    info = fields_of(properties.get(f"{_MP}RegionInfo"))
    for item in items_of(info.get(f"{_MP_INFO}Regions")):
        fields = fields_of(item)
        label = text_of(fields.get(f"{_MP_REGION}PersonDisplayName")) or "face"
        numbers = text_of(fields.get(f"{_MP_REGION}Rectangle")).split(",")
        edges = [_to_float(number) for number in numbers]
        if len(edges) == 4:  # a person without a rectangle is in the picture somewhere
            yield label, frame.rectangle(*edges)


def _number(fields: Fields, key: str) -> float:
    return _to_float(text_of(fields.get(key)))


def _to_float(text: str) -> float:
    """Read a number; NaN where there is none, which no outline survives."""
    try:
        return float(text)
    except ValueError:
        return math.nan
