"""What is known of a drop before its pixels: kind, origin, regions, sidecars."""

from __future__ import annotations

from dataclasses import replace

from retouchd.inspect import containers, exif, frame_tags, origin, regions, xmp
from retouchd.inspect.containers import RawMetadata
from retouchd.inspect.frame_tags import files_by_frame
from retouchd.inspect.kind import Examined, Limits, examine
from retouchd.inspect.numbered import examine_sequence, sidecars_of_sequence
from retouchd.inspect.sequences import frames_of
from retouchd.values import Drop, Inspection

__all__ = ["Limits", "inspect"]


def inspect(drop: Drop, limits: Limits) -> Inspection:
    """Find out what a drop is, where it comes from and what is tagged in it.

    Raises:
        InputError: the file or one of its sidecars cannot be used; the text is written
            for the person who dropped it.
    """
    frames = frames_of(drop)
    by_frame = files_by_frame(drop, frames)
    if frames:
        examined = examine_sequence(frames, limits)
        drop = replace(drop, members=sidecars_of_sequence(drop, frames))
    else:
        examined = examine(drop.path, limits)
    raw = _raw(drop, examined, limits)
    warnings = list(examined.warnings)
    try:
        properties = xmp.parse(raw.xmp, limits.xmp_bytes)
    except xmp.XmpError as error:
        properties = {}
        warnings.append(f"the XMP inside {drop.path.name} is left out: {error}")
    held, odd = frame_tags.read(by_frame, examined.header, limits)
    others = set(drop.members).difference(by_frame.values())
    drop = replace(drop, members=tuple(one for one in drop.members if one in others))
    tagged = regions.read(drop, examined.header, properties, limits)
    return Inspection(
        header=examined.header,
        origin=origin.detect(raw, properties, drop.name.rpartition("/")[2]),
        regions=tagged.regions,
        warnings=(*warnings, *tagged.warnings, *odd),
        moving=(*tagged.tracks, *([held] if held else ())),
    )


def _raw(drop: Drop, examined: Examined, limits: Limits) -> RawMetadata:
    """Read the raw bytes; what libvips or FFmpeg read better is filled in."""
    raw = containers.read(drop.path, examined.header.format, limits.xmp_bytes)
    return replace(
        raw,
        exif=raw.exif or exif.facts(exif.from_bytes(examined.exif)),
        xmp=raw.xmp or examined.xmp,
        tags=containers.bounded(dict(examined.tags)),
    )
