"""F15: a clock that jumps makes nobody take a file early, late or twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from auditor import audit
from harness.process import DaemonProcess, until
from harness.replay import Replay
from harness.site import Site
from kills.clock import FakeClock, with_monotonic_clock_ahead
from kills.rows import counts

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs("cc", "root"),
    pytest.mark.timeout(120),
]

SETTLE_SECONDS = 1.0

LATE_SECONDS = 20.0
"""A file that has rested is taken within this time, on a busy machine too."""

YEAR_SECONDS = 365 * 86_400

HOURS_100 = 360_000


@dataclass(frozen=True)
class Jump:
    """Two wall clocks, in seconds ahead of the true one, and their zone."""

    before: float
    after: float
    zone: str = "UTC"


def _to_switch(moment: str) -> Jump:
    """Begin an hour before *moment*; jump to the second before it."""
    ahead = datetime.fromisoformat(moment).timestamp() - time.time()
    return Jump(ahead - 3600, ahead - 1, "Europe/Berlin")


JUMPS = {
    "year-ahead": Jump(0, YEAR_SECONDS),
    "year-back": Jump(0, -YEAR_SECONDS),
    "into-summer": _to_switch("2026-03-29T01:00:00+00:00"),
    "out-of-summer": _to_switch("2026-10-25T01:00:00+00:00"),
}


@pytest.mark.parametrize("name", JUMPS)
def test_wall_clock_jumps_while_files_settle_and_run(
    make_site: Callable[..., Site], figures: Any, replay: Replay, name: str
) -> None:
    """P1 to P3: a file rests by the monotonic clock, whatever the wall clock does."""
    site = make_site(settings={"intake": {"settle_seconds": SETTLE_SECONDS}})
    jump = JUMPS[name]
    clock = FakeClock(site.base, jump.zone, jump.before)

    with replay(jump=name):
        running = site.drop(30, side=400)
        daemon = site.start(env=clock.environment, preload=clock.library)
        until(lambda: _are_claimed(site, 30), "the first claims")
        settling = site.drop(10)
        dropped = time.monotonic()
        time.sleep(SETTLE_SECONDS / 2)
        clock.set(jump.after)
        taken = _seconds_until_taken(site, dropped)
        until(lambda: site.states() == ["done"] * 40, "the end of all jobs")
        _stop(daemon)
        verdict = audit(running + settling, root=site.root)

        assert verdict.is_clean, str(verdict)
        assert verdict.right == 40
        assert SETTLE_SECONDS <= taken < LATE_SECONDS
        assert abs(_last_end(site) - (time.time() + jump.after)) < 60
        assert not list(_negatives(site))
    figures("F15", jump=name, **counts(verdict), taken_after=round(taken, 1))


@pytest.mark.parametrize("first", ["ahead", "behind"])
def test_monotonic_clock_of_another_start(
    make_site: Callable[..., Site],
    monkeypatch: pytest.MonkeyPatch,
    figures: Any,
    replay: Replay,
    first: str,
) -> None:
    """P1 to P3: a monotonic clock that begins anew, as after a boot, does no harm."""
    site = make_site(settings={"intake": {"settle_seconds": SETTLE_SECONDS}})
    true_python = sys.executable
    shifted = with_monotonic_clock_ahead(site.base / "python", HOURS_100)
    order = [shifted, true_python] if first == "ahead" else [true_python, shifted]

    with replay(first=first):
        running = site.drop(30, side=400)
        monkeypatch.setattr(sys, "executable", str(order[0]))
        killed = site.start()
        until(lambda: _are_claimed(site, 30), "the first claims")
        settling = site.drop(10)
        dropped = time.monotonic()
        killed.kill()
        monkeypatch.setattr(sys, "executable", str(order[1]))
        daemon = site.start()
        taken = _seconds_until_taken(site, dropped)
        until(lambda: site.states() == ["done"] * 40, "the end of all jobs")
        _stop(daemon)
        verdict = audit(running + settling, root=site.root)

        assert verdict.is_clean, str(verdict)
        assert verdict.right == 40
        assert SETTLE_SECONDS <= taken < LATE_SECONDS
        assert not list(_negatives(site))
    figures("F15", monotonic=first, **counts(verdict), taken_after=round(taken, 1))


def _are_claimed(site: Site, count: int) -> bool:
    """Whether all are out of ``in/``; their intents are in the ledger before that."""
    return len(site.states()) == count and not any((site.root / "in").iterdir())


def _seconds_until_taken(site: Site, dropped: float) -> float:
    """Wait until the first of the files that settle leaves ``in/``."""
    lying = len(list((site.root / "in").iterdir()))
    assert lying == 10, f"{lying} of 10 lie in in/: taken early"
    until(lambda: len(list((site.root / "in").iterdir())) < lying, "a claim")
    return time.monotonic() - dropped


def _stop(daemon: DaemonProcess) -> None:
    daemon.send(signal.SIGTERM)
    assert daemon.wait() == 0, daemon.log()[-3000:]


def _last_end(site: Site) -> float:
    """Return when the daemon believes that the last job ended."""
    [(at,)] = site.rows("SELECT finished_at FROM jobs ORDER BY rowid DESC LIMIT 1")
    return datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()


def _negatives(site: Site) -> Iterator[str]:
    """Find negative figures in what people are shown, and files that came too late."""
    for words in (["status"], ["report"], ["report", "--by", "day"]):
        command = [sys.executable, "-m", "retouchd", "--config", str(site.config)]
        shown = subprocess.run(
            [*command, *words, "--json"], check=True, capture_output=True
        )
        yield from _negatives_in(json.loads(shown.stdout), " ".join(words))
    for name, arrived, claimed in site.rows(
        "SELECT source_name, arrived_at, claimed_at FROM jobs "
        "WHERE claimed_at < arrived_at"
    ):
        yield f"{name} was claimed at {claimed}, before it arrived at {arrived}"


def _negatives_in(shown: Any, place: str) -> Iterator[str]:
    if isinstance(shown, dict):
        for key, value in shown.items():
            yield from _negatives_in(value, f"{place}, {key}")
    elif isinstance(shown, list):
        for value in shown:
            yield from _negatives_in(value, place)
    elif isinstance(shown, int | float) and shown < 0:
        yield f"{place}: {shown}"
