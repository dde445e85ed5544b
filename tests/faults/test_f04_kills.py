"""F4: SIGKILL at random moments under load loses, halves and doubles nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from auditor import Consumer, Input, audit
from auditor.consumer import files_below
from harness.process import until
from harness.replay import Replay
from harness.site import COPY_RULE, Site
from kills.killer import Killer, victims
from kills.processes import TAG, processes_of
from kills.producers import Producers
from kills.rows import counts

SETTLE_SECONDS = 1.0

AHEAD = 100
"""Files that quick producers may be ahead of their even share of the kills."""

TWO_RULE = """
rule: two
outputs:
  - {name: "{stem}.png"}
  - {name: "small/{stem}.jpg"}
"""

TROUBLES = ("folder_raised", "job_raised", "Traceback")
"""What a kill must not bring about, however well it ends."""

FINE, SOME_FAILED = 0, 3
"""Exit codes of `run --once`; files on which two workers died have failed."""


@dataclass(frozen=True)
class Size:
    """How much is killed and dropped; slow producers drop more beside it.

    Attributes:
        outputs: of each input, 1 or 2.
        greedy: whether a consumer takes every output away at once.
        patience: seconds for the undisturbed run at the end.
    """

    seed: int
    daemons: int
    workers: int
    files: int
    outputs: int
    greedy: bool
    patience: float


SHORT = Size(1, 6, 8, 300, outputs=2, greedy=False, patience=120)
TWO_HUNDRED = Size(2, 70, 130, 4_000, outputs=2, greedy=True, patience=300)
THOUSAND = Size(3, 300, 700, 20_000, outputs=1, greedy=True, patience=900)


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(SHORT, id="short", marks=pytest.mark.timeout(400)),
        pytest.param(
            TWO_HUNDRED, id="200", marks=[pytest.mark.long, pytest.mark.timeout(1200)]
        ),
        pytest.param(
            THOUSAND, id="1000", marks=[pytest.mark.long, pytest.mark.timeout(4500)]
        ),
    ],
)
def test_killed_under_load(
    make_site: Callable[..., Site], figures: Any, replay: Replay, size: Size
) -> None:
    """P1 to P3 and P7: an undisturbed run at the end finds everything to finish."""
    seed = int(replay.asked.get("seed", size.seed))
    site = make_site(
        rule=TWO_RULE if size.outputs == 2 else COPY_RULE,
        settings={"intake": {"settle_seconds": SETTLE_SECONDS}},
    )
    (site.root / "out").mkdir()

    with replay(seed=seed):
        with Consumer(site.root / "out", take=size.greedy) as consumer:
            inputs, killer = _kill_while_they_drop(site, size, seed, consumer)
            _run_once(site, size.patience)
        verdict = audit(
            inputs,
            root=site.root,
            deliveries=consumer.deliveries,
            outputs=size.outputs,
        )

        assert verdict.is_clean, f"{verdict}\n{killer.point}"
        assert verdict.right + verdict.failed == len(inputs)
        assert site.rows("PRAGMA integrity_check") == [("ok",)]
        until(lambda: not processes_of(site.root), "the end of all processes")
        assert not _troubles(site)
        _assert_nothing_is_left_to_recover(site)
    figures("F4", **killer.figures(), files=len(inputs), **counts(verdict))


def _kill_while_they_drop(
    site: Site, size: Size, seed: int, consumer: Consumer
) -> tuple[list[Input], Killer]:
    """Kill everything in turn; files come as fast as the kills go by."""
    chosen = victims(size.daemons, size.workers, seed)
    killer = Killer(site, seed, lambda: len(consumer.deliveries))

    def allowed() -> float:
        return AHEAD + size.files * killer.kills.total() / len(chosen)

    scratch = site.base / "scratch"
    with Producers(site.root / "in", scratch, SETTLE_SECONDS, seed) as producers:
        producers.drop_quickly(size.files, allowed)
        producers.drop_slowly()
        for victim in chosen:
            killer.strike(victim)
        producers.finish()
    killer.end()
    return producers.inputs, killer


def _run_once(site: Site, patience: float) -> None:
    daemon = site.start("--once", env={TAG: str(site.root)})

    assert daemon.wait(patience) in (FINE, SOME_FAILED), daemon.log()[-3000:]


def _troubles(site: Site) -> list[str]:
    """Find lines of any log that tell of a fault of the program."""
    return [
        line
        for log in sorted(site.base.glob("log-*.txt"))
        for line in log.read_text().splitlines()
        if any(trouble in line for trouble in TROUBLES)
    ]


def _assert_nothing_is_left_to_recover(site: Site) -> None:
    """Run once more: no file moves and no row changes."""
    before = _files(site), site.rows("SELECT * FROM jobs ORDER BY id")

    _run_once(site, patience=120)

    assert (_files(site), site.rows("SELECT * FROM jobs ORDER BY id")) == before


def _files(site: Site) -> list[tuple[str, int]]:
    folders = ("in", "out", "review", "done", "failed")
    found = [path for word in folders for path in files_below(site.root / word)]
    return [(str(path), path.stat().st_mtime_ns) for path in found]
