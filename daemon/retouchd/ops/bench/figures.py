"""The figures themselves: own work per file, the split of a job, efficiency."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from retouchd.ops.bench.bare import BareCalls
from retouchd.ops.bench.pictures import drop_pictures, tag_pictures
from retouchd.ops.bench.workplace import Measured, Workplace
from retouchd.settings import shipped_folder
from retouchd.values import Task

SMALL = (320, 240)
"""Pixels of the pictures that measure the work around the pixels."""

LARGE = (1216, 832)
"""Pixels of the pictures that measure the work on the pixels: 1 megapixel."""

MOST_OWN_MS = 10.0
MOST_SYNCS = 3.0
MOST_EFFICIENCY = 1.25

_SMALL_RULE = """\
rule: bench
steps:
  - resize: {factor: 0.5}
  - sharpen: {amount: 0.5}
outputs:
  - {name: "{stem}.jpg"}
"""
_UPSCALE_RULE = """\
rule: bench
steps:
  - upscale: {factor: 2}
outputs:
  - {name: "{stem}.jpg"}
"""
_MATTE_RULE = """\
rule: bench
steps:
  - remove_background: {background: "#ffffff"}
outputs:
  - {name: "{stem}.jpg"}
"""
_MIXED_RULE = """\
rule: bench
steps:
  - erase: {regions: ["erase:*"]}
  - upscale: {factor: 1.5}
  - remove_background: {background: "#ffffff", empty: keep}
  - grade: {lut: LUT, strength: 0.8}
outputs:
  - {name: "{stem}.jpg"}
  - {name: "web/{stem}.webp", long_edge: 800}
"""


_REPEATS: dict[Task, int] = {"upscale": 1, "matte": 4}
"""A cut-out takes so little time that it takes more of them to see the steady state."""


@dataclass(frozen=True)
class Figure:
    """One measured number beside the most it may be; *most* 0: no limit."""

    name: str
    value: float
    unit: str
    most: float = 0.0

    def row(self) -> dict[str, object]:
        """Return it as people and programs read it."""
        verdict = "ok" if self.value <= self.most else "too much"
        return {
            "figure": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "at_most": self.most or None,
            "verdict": verdict if self.most else None,
        }


@dataclass(frozen=True)
class Bench:
    """What all measurements have in common.

    Attributes:
        folder: where runs take place.
        photographs: used instead of made pictures.
        models: a folder of models before the shipped ones.
        say: prints one line of progress.
    """

    folder: Path
    photographs: Sequence[Path]
    models: Path | None
    say: Callable[[str], None]

    def own_work(self, files: int) -> list[Figure]:
        """Measure watching, journal, delivery and ledger on *files* small pictures."""
        self.say(f"own work: {files} small pictures")
        place = Workplace(self.folder / "own", _SMALL_RULE)
        drop_pictures(place.inbox, files, (), SMALL)
        ran = place.run()
        return list(_own_figures(ran))

    def split(self, pictures: int) -> list[dict[str, object]]:
        """Measure where the time of a job goes under a rule with every kind of step."""
        self.say(f"split: {pictures} pictures through all four operations")
        place = Workplace(self.folder / "split", mixed_rule(), self.models)
        drop_pictures(place.inbox, pictures, self.photographs, LARGE)
        tag_pictures(place.inbox)
        return split_rows(place.run())

    def efficiency(self, task: Task, pictures: int) -> list[Figure]:
        """Compare a run of the daemon with the bare model calls on the same tiles.

        The bare calls are measured before and after the run and averaged, because
        machines slow down and speed up by themselves.
        """
        self.say(f"efficiency: {pictures} pictures, {task} alone")
        rule, scale = (_UPSCALE_RULE, 2) if task == "upscale" else (_MATTE_RULE, 0)
        pictures *= _REPEATS[task]
        place = Workplace(self.folder / task, rule, self.models)
        drop_pictures(place.inbox, pictures, self.photographs, LARGE)
        copies = self.folder / f"{task}-bare"
        shutil.copytree(place.inbox, copies)
        calls = BareCalls(task, scale, threads(), copies, self.models)
        before, ran, after = calls.seconds(), place.run(), calls.seconds()
        bare = (before + after) / 2
        return [
            Figure(f"{task}: whole run", ran.wall_s / ran.files, "s per file"),
            Figure(f"{task}: bare model calls", bare / ran.files, "s per file"),
            Figure(f"{task}: run / bare", ran.wall_s / bare, "", MOST_EFFICIENCY),
        ]


def mixed_rule() -> str:
    """Return a rule with all four operations and two outputs."""
    lut = shipped_folder("rules") / "luts" / "warm.cube"
    return _MIXED_RULE.replace("LUT", str(lut))


def threads() -> int:
    """Jobs that the daemon runs side by side on this machine."""
    return len(os.sched_getaffinity(0))


def _own_figures(ran: Measured) -> Iterator[Figure]:
    own_ms = 1000 * ran.supervisor_cpu_s / ran.files
    yield Figure("daemon's own work", own_ms, "ms of CPU per file", MOST_OWN_MS)
    forced = (ran.syncs + ran.commits) / ran.files
    yield Figure("fsyncs", forced, "per file", MOST_SYNCS)
    yield Figure("of them ledger commits", ran.commits / ran.files, "per file")
    yield Figure("whole run", 1000 * ran.wall_s / ran.files, "ms per file")


def split_rows(ran: Measured) -> list[dict[str, object]]:
    """Divide the time of a run among its parts, per file and as share.

    The time to divide is that of all threads; what no step has used is everything
    else: gates, waiting for work, hand-out and the books.
    """
    total = ran.wall_s * threads()
    parts = [(share.step, share.wall_s, share.model_s) for share in ran.shares]
    rest = total - sum(wall for _, wall, _ in parts)
    return [
        {
            "part": part,
            "ms_per_file": round(1000 * wall / ran.files, 1),
            "of_it_model_ms": round(1000 * model / ran.files, 1),
            "share": f"{wall / total:.1%}",
        }
        for part, wall, model in [*parts, ("everything else", rest, 0.0)]
    ]
