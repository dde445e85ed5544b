"""F9: a daemon that starts while files are being copied waits for them to rest."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from auditor import audit
from harness.process import until
from harness.replay import Replay
from harness.site import Site
from kills.producers import Producers, Written
from kills.rows import counts

SETTLE_SECONDS = 1.5

WRITERS = 4

SLACK_SECONDS = 0.02
"""Times in the ledger are cut to milliseconds and stamped a moment apart."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("restarts", "seed"),
    [
        pytest.param(4, 1, id="short"),
        pytest.param(50, 2, id="50", marks=pytest.mark.long),
    ],
)
def test_restarts_during_copies(
    make_site: Callable[..., Site],
    figures: Any,
    replay: Replay,
    restarts: int,
    seed: int,
) -> None:
    """P1 to P3: each file rests for the settle time after its last byte, then goes."""
    seed = int(replay.asked.get("seed", seed))
    site = make_site(settings={"intake": {"settle_seconds": SETTLE_SECONDS}})
    chance = random.Random(seed)

    with (
        replay(seed=seed),
        Producers(
            site.root / "in", site.base / "scratch", SETTLE_SECONDS, seed
        ) as producers,
    ):
        producers.drop_slowly(WRITERS)
        for number in range(restarts):
            _serve_for_a_moment(site, chance, is_killed=number % 2 == 1)
        producers.finish()
        daemon = site.start("--once")
        assert daemon.wait(120) == 0, daemon.log()[-3000:]
        verdict = audit(producers.inputs, root=site.root)

        assert verdict.is_clean, str(verdict)
        assert verdict.right == len(producers.inputs)
        assert not _taken_early(site, producers.slow)
    figures("F9", restarts=restarts, **counts(verdict), early=0)


def _serve_for_a_moment(site: Site, chance: random.Random, *, is_killed: bool) -> None:
    daemon = site.start()
    until(lambda: daemon.has_said("started"), "the start")
    time.sleep(chance.uniform(0.5, 2.5) * SETTLE_SECONDS)
    if is_killed:
        daemon.kill()
    else:
        daemon.send(signal.SIGTERM)
        assert daemon.wait() == 0, daemon.log()[-3000:]


def _taken_early(site: Site, slow: list[Written]) -> list[str]:
    """Name the files that were claimed before they had rested."""
    claims = dict(site.rows("SELECT source_name, claimed_at FROM jobs"))
    early = []
    for one in slow:
        claimed = datetime.fromisoformat(claims[one.made.name]).timestamp()
        if claimed < one.rested_at(SETTLE_SECONDS) - SLACK_SECONDS:
            early.append(f"{one}: claimed at {claimed}")
    return early
