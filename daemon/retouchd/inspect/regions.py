"""Collects the regions of a drop from its metadata and its sidecars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retouchd.errors import InputError
from retouchd.inspect import cvat, labelme, masks, sidecars, tags, xmp
from retouchd.inspect.kind import Limits, open_regular
from retouchd.inspect.tags import Tagged
from retouchd.inspect.xmp import Properties
from retouchd.values import Drop, Header


def read(drop: Drop, header: Header, embedded: Properties, limits: Limits) -> Tagged:
    """Collect regions; where sidecars tag the picture, tags in the file are left.

    Args:
        drop: the picture and its sidecars.
        header: of the picture.
        embedded: the XMP inside the picture.
        limits: how large sidecars may be.

    Raises:
        InputError: a sidecar is broken or made for another picture.
    """
    inside = tags.read(embedded, header, "xmp")
    beside = [
        _read_sidecar(path, header, limits)
        for path in _first_of_each_kind(drop.path.name, drop.members)
    ]
    regions = tuple(region for found in beside for region in found.regions)
    tracks = tuple(track for found in beside for track in found.tracks)
    warnings = tuple(warning for found in beside for warning in found.warnings)
    if not (regions or tracks):
        return Tagged(inside.regions, inside.warnings + warnings)
    if inside.regions or inside.warnings:
        note = "a sidecar tags this picture too; the region tags inside it are left out"
        warnings = (*warnings, note)
    return Tagged(regions, warnings, tracks)


def _first_of_each_kind(picture: str, members: Sequence[Path]) -> list[Path]:
    """Choose one sidecar per ending, the one with the picture's whole name first."""
    ordered = sorted(
        members, key=lambda path: not sidecars.is_exact(path.name, picture)
    )
    chosen: dict[str, Path] = {}
    for path in ordered:
        chosen.setdefault(sidecars.ending_of(path.name), path)
    return list(chosen.values())


def _read_sidecar(path: Path, header: Header, limits: Limits) -> Tagged:
    ending = sidecars.ending_of(path.name)
    if ending == ".json":
        return labelme.read(path, header, limits)
    if ending == ".xmp":
        return _read_xmp(path, header, limits)
    if ending in sidecars.MASK_ENDINGS:
        region = masks.read(path, header, limits)
        empty = (f"{path.name} marks nothing: it has no white",)
        return Tagged((region,)) if region else Tagged(warnings=empty)
    if ending == ".xml" and (header.kind != "still" or header.frames > 1):
        return _read_tracks(path, header, limits)
    return Tagged(warnings=(f"{path.name} travels along but is not read",))


def _read_tracks(path: Path, header: Header, limits: Limits) -> Tagged:
    tracks = cvat.read(path, header, limits)
    none = (f"{path.name} holds no tracks of CVAT for video; it is not read",)
    return Tagged(tracks=tracks, warnings=() if tracks else none)


def _read_xmp(path: Path, header: Header, limits: Limits) -> Tagged:
    """Read an XMP sidecar, unless it was written for another orientation."""
    try:
        with open_regular(path, limits.xmp_bytes) as file:
            properties = xmp.parse(file.read(), limits.xmp_bytes)
    except (xmp.XmpError, InputError) as error:
        reason = getattr(error, "message", error)
        return Tagged(warnings=(f"{path.name} is left out: {reason}",))
    stated = tags.orientation_of(properties)
    found = tags.read(properties, header, path.name)
    if found.regions and stated not in {0, header.orientation}:
        warning = (
            f"the region tags in {path.name} are left out: it says orientation "
            f"{stated}, the picture has {header.orientation}"
        )
        return Tagged(warnings=(warning,))
    return found
