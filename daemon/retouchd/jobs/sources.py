"""What a drop is made of: one file, or the frames of a sequence."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from retouchd.delivery.place import sha256_of
from retouchd.errors import RetouchdError
from retouchd.inspect.sequences import frames_of, numbers_of
from retouchd.media.clips.opening import ClipFacts, read_facts
from retouchd.media.clips.stills import sequence_facts
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
    return read_facts(drop.path, header.format)


def timed(inspection: Inspection, rule: Rule) -> Inspection:
    """Return *inspection* with the length that *rule* gives to a sequence."""
    header = inspection.header
    if header.kind != "sequence":
        return inspection
    seconds = float(header.frames / rule.sequence.frames_per_second)
    return replace(inspection, header=replace(header, seconds=seconds))


def frame_numbers(drop: Drop, header: Header) -> tuple[str, ...]:
    """Return how the frames of a sequence are numbered; empty: it is none."""
    return numbers_of(frames_of(drop)) if header.kind == "sequence" else ()


def sentence(error: RetouchdError, drop: Drop) -> str:
    """Say what happened; of a sequence, to which frame."""
    frame = Path(error.file or "")
    return (
        f"{frame.name}: {error.message}" if frame in frames_of(drop) else error.message
    )
