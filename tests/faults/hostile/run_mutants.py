"""Feeds mutants to the code that workers run: ``python -m hostile.run_mutants``.

Arguments: seed, first number, seconds, a folder for the files. Each number is printed
before its mutant runs, so that a crash names its cause; a line of JSON ends the run.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from hostile.mutate import mutant
from hostile.samples import FORMATS
from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.log import set_up
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Output, Rule
from retouchd.values import DESTINATIONS, Drop, Outcome

RULE = Rule(
    rule="two",
    outputs=(
        Output(name="{stem}.png"),
        Output(name="{stem}.jpg", long_edge=24, metadata="rights"),
    ),
)


def main(seed: int, first: int, seconds: float, folder: Path) -> None:
    """Run mutants for a while."""
    set_up("json")
    runner = Runner(
        Shelf((), Runtime("cpu")), Limits(megapixels=50), MemoryBudget(1 << 29)
    )
    number, done, slowest, mistakes = first, 0, 0.0, []
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        _say(number)
        began = time.monotonic()
        outcome = _run(runner, seed, number, folder)
        slowest = max(slowest, time.monotonic() - began)
        done += not outcome.error
        if "made a mistake" in outcome.error:
            mistakes.append(f"{number}: {outcome.error}")
        number += 1
    facts = {"mutants": number - first, "done": done, "slowest": round(slowest, 1)}
    _say(json.dumps({**facts, "peak_mb": _peak_mb(), "mistakes": mistakes}))


def _peak_mb() -> int:
    """Return the largest resident memory of this process alone.

    The figure of getrusage would begin with that of the process that started it.
    """
    status = Path("/proc/self/status").read_text().split()
    return round(int(status[status.index("VmHWM:") + 1]) * 1024 / 1e6)


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _run(runner: Runner, seed: int, number: int, folder: Path) -> Outcome:
    ending = FORMATS[number % len(FORMATS)]
    path = folder / f"m{ending}"
    path.write_bytes(mutant(ending, seed, number))
    stages = dict.fromkeys(DESTINATIONS, folder / "stage")
    return runner.run(Order("job", Drop("hot", path.name, path), (RULE,), stages))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
