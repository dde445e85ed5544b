"""What a drop is made of: one file, or the frames of a sequence."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from retouchd.delivery.place import sha256_of
from retouchd.errors import RetouchdError
from retouchd.inspect.sequences import frames_of, numbers_of
from retouchd.media.clips.opening import ClipFacts, read_facts
from retouchd.media.clips.stills import ANIMATED, animation_facts, sequence_facts
from retouchd.rules.schema import Rule
from retouchd.values import Drop, Header, Inspection


def pictures_of(drop: Drop) -> tuple[Path, ...]:
    """Return the files that hold the pixels of *drop*, in order."""
    return frames_of(drop) or (drop.path,)


def digest_of(drop: Drop) -> str:
    """Return the SHA-256 of the file; of a sequence that of its frames' digests.

    Those are sorted, written in lower-case hex and joined without anything between.
    """
    frames = frames_of(drop)
    if not frames:
        return sha256_of(drop.path)
    digests = sorted(sha256_of(frame) for frame in frames)
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def bytes_of(drop: Drop) -> int:
    """Return how many bytes a job of *drop* reads.

    Raises:
        OSError: a file is gone.
    """
    return sum(file.stat().st_size for file in (drop.path, *drop.members))


def clip_facts(drop: Drop, header: Header, rule: Rule) -> ClipFacts:
    """Return what is known of a clip or a sequence.

    Raises:
        InputError: the container or its first frame cannot be read.
    """
    if header.kind == "sequence":
        rate = rule.sequence.frames_per_second
        return sequence_facts(pictures_of(drop), header, rate)
    if header.format in ANIMATED:
        return animation_facts(drop.path, header)
    return read_facts(drop.path, header.format)


def as_ruled(inspection: Inspection, rule: Rule) -> Inspection:
    """Return *inspection* as *rule* takes the drop.

    A sequence gets its length. An animated GIF or WebP becomes a clip where the rule
    takes clips or, without a word on the kind, writes any; else it is its first frame.
    """
    header, warnings = inspection.header, inspection.warnings
    if header.kind == "sequence":
        seconds = float(header.frames / rule.sequence.frames_per_second)
        header = replace(header, seconds=seconds)
    elif header.is_animated and _wants_clips(rule):
        header = _unturned(replace(header, kind="clip"))
    elif header.is_animated:
        told = f"it holds {header.frames} frames; only the first one is used"
        warnings = (*warnings, told)
        header = replace(header, frames=1, seconds=0.0)
    return replace(inspection, header=header, warnings=warnings)


def _wants_clips(rule: Rule) -> bool:
    if rule.match.kind is not None:
        return rule.match.kind == "clip"
    return any(output.container for output in rule.outputs)


def _unturned(header: Header) -> Header:
    """Return *header* as the frames of an animation are stored: nobody turns them."""
    width, height = header.width, header.height
    if header.orientation >= 5:
        width, height = height, width
    return replace(header, width=width, height=height, orientation=1)


def frame_numbers(drop: Drop, header: Header) -> tuple[str, ...]:
    """Return how the frames of a sequence are numbered; empty: it is none."""
    return numbers_of(frames_of(drop)) if header.kind == "sequence" else ()


def sentence(error: RetouchdError, drop: Drop) -> str:
    """Say what happened; of a sequence, to which frame."""
    frame = Path(error.file or "")
    return (
        f"{frame.name}: {error.message}" if frame in frames_of(drop) else error.message
    )
