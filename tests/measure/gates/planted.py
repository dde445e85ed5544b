"""Pictures with and without planted defects, and how well a gate tells them apart.

The scripts beside this file run as ``python tests/measure/gates/NAME.py --data DIR``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retouchd.gate import Attempt, Check, ClipGate, FinishedClip, Gate, Seen, Stage
from retouchd.media.pixels import from_array
from retouchd.media.vips import pyvips
from retouchd.values import GateRun, Picture

RENDERS = Path(__file__).resolve().parents[3] / "sample_hotfolder" / "in"
PHOTO_FOLDERS = (
    "photos/test/clic2025",
    "photos/test/kodak24",
    "photos/train/clic2025",
    "photos/train/budgie_cc0",
    "photos/train/wallpapers",
)
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".tif"}
EDGE = 900
SEED = 20261122
Array = NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """One attempt, and how strong the defect in it is; 0: none."""

    attempt: Attempt
    strength: float

    def judged_by(self, gate: Gate) -> GateRun:
        """Return what *gate* says of it."""
        return gate.judge(self.attempt)


@dataclass(frozen=True)
class ClipCase:
    """A clip on its way, and how strong the defect in it is; 0: none.

    Attributes:
        frames: makes what comes out of the steps, frame by frame.
        clip: what was written of it.
    """

    frames: Callable[[], Iterator[Attempt]]
    strength: float
    clip: FinishedClip

    def judged_by(self, gate: ClipGate) -> GateRun:
        """Show it to *gate*, 25 frames a second, and return what it says."""
        seen: Seen = {}
        for number, frame in enumerate(self.frames()):
            seen = gate.look(number / 25, frame, seen)
        return gate.conclude(self.clip, seen)


def photographs(data: Path | None, edge: int = EDGE) -> Iterator[Array]:
    """Yield pictures (H, W, 3), long edge *edge* at most: ours, then real ones."""
    folders = [data / name for name in PHOTO_FOLDERS] if data else []
    for folder in (RENDERS, *folders):
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() not in ENDINGS or path.name.startswith("broken"):
                continue
            image = pyvips.Image.new_from_file(str(path)).autorot()
            image = image.colourspace("srgb")[0:3].cast("uchar")
            image = image.resize(min(1.0, edge / max(image.width, image.height)))
            memory = image.write_to_memory()
            yield (
                np.frombuffer(memory, np.uint8)
                .reshape(image.height, image.width, 3)
                .copy()
            )


def stage(word: str, before: Array, after: Array) -> Attempt:
    """Return an attempt of one step."""
    one, other = Picture(from_array(before)), Picture(from_array(after))
    return Attempt(one, other, (Stage(word, one, other),))


def measure(
    gate: Any, cases: Sequence[Case | ClipCase]
) -> tuple[float, float, list[tuple[float, float, bool]]]:
    """Return found share, share of false alarms, and (strength, value, passed)."""
    rows = []
    for case in cases:
        run = case.judged_by(gate)
        rows.append((case.strength, run.value, run.passed))
    bad = [row for row in rows if row[0] > 0]
    good = [row for row in rows if row[0] == 0]
    found = sum(not passed for _, _, passed in bad) / max(1, len(bad))
    alarms = sum(not passed for _, _, passed in good) / max(1, len(good))
    return found, alarms, rows


def shuffled(made: Sequence[Case | ClipCase]) -> list[Any]:
    """Deal cases, of which every other one is sound, to both halves alike."""
    return [*made[0::4], *made[1::4], *made[2::4], *made[3::4]]


def main(
    name: str, gate: Check, cases: Callable[[Path | None], Sequence[Case | ClipCase]]
) -> None:
    """Print what *gate* finds among *cases*: chosen on one half, told of the other."""
    parser = argparse.ArgumentParser(description=f"Validate the gate {name}.")
    parser.add_argument("--data", type=Path, help="folder with photos/test and so on")
    made = cases(parser.parse_args().data)
    for half, chosen in (("to choose by", made[0::2]), ("to tell of", made[1::2])):
        found, alarms, rows = measure(gate, chosen)
        _say(f"{name}, half {half}: {len(rows)} cases")
        _say(f"  found {found:.1%}, false alarms {alarms:.1%}")
        for strength in sorted({row[0] for row in rows}):
            same = [row for row in rows if row[0] == strength]
            values = np.percentile([row[1] for row in same], [0, 5, 50, 95, 100])
            passed = sum(row[2] for row in same)
            spread = " ".join(f"{value:.4g}" for value in values)
            _say(f"  {strength:g}: {len(same)} cases, {passed} passed, value {spread}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
