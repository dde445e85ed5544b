"""The finished parts of a clip on disk: after a crash work goes on behind them.

A part is one encoded segment of every output, and all that has to be known to go on
after it. Its record is written last, when everything in it is forced to disk, so a
record stands for a whole part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from retouchd.delivery.place import sha256_of, sync_file, sync_folders
from retouchd.jobs.clips.frame_files import FrameFile
from retouchd.jobs.clips.part_names import MARK, remove_parts
from retouchd.jobs.clips.stages import Carried
from retouchd.media.clips.joining import SegmentFile
from retouchd.media.clips.segment_writer import WrittenSegment
from retouchd.media.vips import pyvips
from retouchd.values import GateRun, Picture, StepRun, Tier

ShotMeasures = dict[int, Carried]
"""What a step measured of each shot."""

Pair = tuple[Picture, Picture]
"""A frame before and after the steps."""


@dataclass(frozen=True)
class Choice:
    """How a clip is made.

    Attributes:
        tiers: of the steps, by their place in the rule.
        attempts: that it took to find them; the clip itself is the last one.
        why_no_more: why there was no further one, where gates failed; else empty.
    """

    tiers: dict[int, Tier]
    attempts: int = 1
    why_no_more: str = ""


@dataclass(frozen=True)
class Plan:
    """How a clip is worked on; without it parts mean nothing.

    Attributes:
        key: digest of all that decides what comes out.
        choice: of tiers.
        segments, shots: where they begin, in ticks of the picture stream.
    """

    key: str
    choice: Choice
    segments: tuple[int, ...]
    shots: tuple[int, ...]


@dataclass(frozen=True)
class PartFile:
    """One encoded segment of one output."""

    name: str
    sha256: str
    written: WrittenSegment


@dataclass(frozen=True)
class Part:
    """What is known after a segment.

    Attributes:
        number: of the part, from 0.
        segment: that it is; one in which no frame is shown makes no part.
        files: by output.
        frame_files: its frames as files of their own.
        frames: of the clip, up to here.
        at: when the last of them is shown, seconds.
        shot: in which that is.
        daemon: for which it was made.
        runs: what that daemon used for the clip so far, by step.
        earlier: likewise, those that were killed before it.
        changed: places of the steps that changed any frame.
        notes_of: what people should know of the steps, by their words.
        verdicts: of the gates, on the worst frame so far.
        shown: names of the pictures, before and after, that stand for the clip.
        is_shown_for_good: whether no later frame can.
    """

    number: int
    segment: int
    files: tuple[PartFile, ...]
    frame_files: tuple[FrameFile, ...]
    frames: int
    at: float
    shot: int
    daemon: str
    runs: dict[str, StepRun]
    earlier: dict[str, StepRun]
    changed: tuple[int, ...]
    notes_of: dict[str, tuple[str, ...]]
    verdicts: tuple[GateRun, ...]
    shown: tuple[str, ...]
    is_shown_for_good: bool


_PLANS, _PARTS = TypeAdapter(Plan), TypeAdapter(Part)


class Parts:
    """The parts of one job.

    Args:
        folder: where its results are staged.
        job: its id.
        key: digest of all that decides what comes out; parts of another key go.
    """

    def __init__(self, folder: Path, job: str, key: str) -> None:
        self._folder = folder
        self._job = job
        self._key = key

    def plan(self) -> Plan | None:
        """Return the plan that is kept, unless it is for something else."""
        try:
            plan = _PLANS.validate_json(self._path("plan.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            plan = None
        if plan is None or plan.key != self._key:
            self.clear()
            return None
        return plan

    def begin(
        self,
        choice: Choice,
        segments: tuple[int, ...],
        shots: tuple[int, ...],
        measures: Mapping[int, ShotMeasures],
    ) -> Plan:
        """Keep a plan, and what the steps, by their place, measured of each shot."""
        arrays = {
            f"{place}/{shot}/{name}": array
            for place, of_shots in measures.items()
            for shot, carried in of_shots.items()
            for name, array in carried.items()
        }
        self._keep_arrays("plan.npz", arrays)
        plan = Plan(self._key, choice, segments, shots)
        self._keep("plan.json", _PLANS.dump_json(plan))
        return plan

    def measures(self, place: int) -> ShotMeasures:
        """Return what the step at *place* measured of each shot."""
        found: ShotMeasures = {}
        with np.load(self._path("plan.npz")) as arrays:
            for key in arrays.files:
                step, shot, name = key.split("/", 2)
                if int(step) == place:
                    found.setdefault(int(shot), {})[name] = arrays[key]
        return found

    def finished(self) -> list[Part]:
        """Return the parts that are whole, from the first one on without a gap.

        The last of them is one behind which work can go on.
        """
        found = sorted(self._folder.glob(f"{self._job}{MARK}[0-9]*.json"))
        parts = (self._whole(path) for path in found)
        whole = [
            part
            for number, part in enumerate(takewhile(bool, parts))
            if part and part.number == number
        ]
        while whole and not self._path(f"{whole[-1].number:05d}.npz").exists():
            whole.pop()
        return whole

    @property
    def frame_stage(self) -> Path:
        """Path prefix of frames that are files of their own."""
        return self._path("frame")

    def file(self, number: int, output: int) -> Path:
        """Return where the part *number* of an output is encoded."""
        return self._path(f"{number:05d}-{output}.mkv")

    def files_of(self, part: Part) -> tuple[SegmentFile, ...]:
        """Return the encoded segments of a part, by output."""
        return tuple((self._folder / one.name, one.written) for one in part.files)

    def sealed(self, path: Path, written: WrittenSegment) -> PartFile:
        """Force an encoded segment to disk and say what it is."""
        sync_file(path)
        return PartFile(path.name, sha256_of(path), written)

    def save(self, part: Part, carried: Sequence[Carried]) -> None:
        """Keep a part, whose files are sealed, and what steps and gates remember."""
        arrays = {
            f"{place}/{name}": array
            for place, one in enumerate(carried)
            for name, array in one.items()
        }
        self._keep_arrays(f"{part.number:05d}.npz", arrays)
        self._keep(f"{part.number:05d}.json", _PARTS.dump_json(part))
        # Work goes on behind the last part alone; they would add up in a long clip.
        self._path(f"{part.number - 2:05d}.npz").unlink(missing_ok=True)

    def carried(self, part: Part, count: int) -> list[Carried]:
        """Return what each of so many steps and gates knew at the end of *part*."""
        found: list[Carried] = [{} for _ in range(count)]
        with np.load(self._path(f"{part.number:05d}.npz")) as arrays:
            for key in arrays.files:
                place, _, name = key.partition("/")
                found[int(place)][name] = arrays[key]
        return found

    def keep_shown(self, number: int, pair: Pair) -> tuple[str, ...]:
        """Keep the pictures that stand for the clip after part *number*."""
        names = []
        for word, picture in zip(("before", "after"), pair, strict=True):
            path = self._path(f"{number:05d}-{word}.png")
            picture.image.pngsave(path, compression=1)
            sync_file(path)
            names.append(path.name)
        return tuple(names)

    def shown(self, part: Part) -> Pair | None:
        """Return them."""
        if not part.shown:
            return None
        before, after = (
            Picture(pyvips.Image.new_from_file(self._folder / name).copy_memory())
            for name in part.shown
        )
        return before, after

    def clear(self) -> None:
        """Remove them all."""
        remove_parts(self._folder, self._job)

    def _whole(self, record: Path) -> Part | None:
        """Read a part; ``None``: the disk lost something of it."""
        try:
            part = _PARTS.validate_json(record.read_bytes())
            named = [(one.name, one.sha256) for one in part.files]
            named += [(one.name, one.sha256) for one in part.frame_files]
            is_whole = all(
                sha256_of(self._folder / name) == sha256 for name, sha256 in named
            )
        except (FileNotFoundError, ValidationError):
            return None
        return part if is_whole else None

    def _keep_arrays(self, name: str, arrays: Carried) -> None:
        path = self._path(name)
        np.savez(path, allow_pickle=False, **arrays)
        sync_file(path)

    def _keep(self, name: str, content: bytes) -> None:
        """Write a small file so that it is there whole or not at all."""
        path = self._path(name)
        half = path.with_name(f"{path.name}.half")
        half.write_bytes(content)
        sync_file(half)
        half.replace(path)
        sync_folders([self._folder])

    def _path(self, name: str) -> Path:
        return self._folder / f"{self._job}{MARK}{name}"
