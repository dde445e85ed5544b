"""F19: a day at work with every kind of trouble now and then leaves no trace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor import Consumer, Verdict, audit
from harness.process import until
from harness.replay import Replay
from harness.site import Site
from kills.gauges import Gauges
from kills.processes import Reading
from kills.producers import Producers
from kills.rows import counts
from kills.troubles import Troubles

SETTLE_SECONDS = 1.0

FILES_PER_SECOND = 4.0

SMALL_DISK = "32m"

OPEN_JOBS = "SELECT count(*) FROM jobs WHERE state NOT IN ('done', 'failed')"

PATIENCE_SECONDS = 120.0
"""What is left at the end is finished within this time."""


@dataclass(frozen=True)
class Soak:
    """How long, and how much memory may grow.

    Attributes:
        crowd: files that come all at once at the start.
        seconds: of trouble.
        warm_up: seconds before memory is judged.
        rest: seconds between two troubles.
        most_growth: MB that the last third may be above the first after the warm-up.
        most_slope: MB per hour; ``None``: too short to tell.
    """

    seed: int
    crowd: int
    seconds: float
    warm_up: float
    rest: float
    most_growth: float
    most_slope: float | None = None


CROWD = 300
"""More files than the daemon works on at once: what each needs meanwhile is needed
before memory is judged, not when the machine is busy and files pile up for a while."""

SHORT = Soak(1, 0, 24, warm_up=8, rest=0.2, most_growth=5)
FIVE_MINUTES = Soak(2, CROWD, 300, warm_up=100, rest=3, most_growth=5)
HOUR = Soak(3, CROWD, 3_600, warm_up=1_800, rest=10, most_growth=2, most_slope=1.0)
"""Once, after some thousand files, Python doubles its table of interned strings, in
which pathlib keeps the parts of each path, by 1.9 MB: from 2^17 places to 2^18. That
must be over before memory is judged."""


@pytest.mark.parametrize(
    "soak",
    [
        pytest.param(SHORT, id="short", marks=pytest.mark.timeout(240)),
        pytest.param(
            FIVE_MINUTES,
            id="5-minutes",
            marks=[pytest.mark.long, pytest.mark.timeout(900)],
        ),
        pytest.param(
            HOUR, id="hour", marks=[pytest.mark.long, pytest.mark.timeout(4500)]
        ),
    ],
)
def test_soak(
    make_site: Callable[..., Site],
    tmp_path: Path,
    figures: Any,
    replay: Replay,
    soak: Soak,
) -> None:
    """P1 to P3, P7: all is delivered once, by one process that does not grow."""
    seed = int(replay.asked.get("seed", soak.seed))
    with replay(seed=seed), _roots(tmp_path) as roots:
        site = make_site(
            roots=roots,
            # Without a reserve the disk is full in the middle of jobs, too.
            settings={"intake": {"settle_seconds": SETTLE_SECONDS, "reserve_mb": 0}},
        )
        day = _Day(site, seed)

        with day.people():
            day.begin(soak.crowd)
            day.go_wrong(soak)
            day.end()

        for verdict in day.verdicts():
            assert verdict.is_clean, str(verdict)
            assert verdict.held == verdict.waiting == 0
        day.assert_hostile_files_failed()
        day.assert_nothing_failed_for_want_of_space()
        figures("F19", **day.figures(soak))
        day.assert_nothing_grew(soak)


@contextlib.contextmanager
def _roots(base: Path) -> Iterator[list[Path]]:
    """Yield the roots: one on a disk and, where we may mount, one on a tiny disk."""
    usual, small = base / "hot", base / "small"
    if os.geteuid() != 0:
        yield [usual]
        return
    small.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(small)]
    subprocess.run(["mount", *options], check=True)
    try:
        yield [usual, small / "hot"]
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)


SPARE_DESCRIPTORS = 6
"""The ledger opens a read connection, two files, for each thread that reads at the same
time, and SQLite keeps the descriptors for the next one. Three more threads may read."""


class _Day:
    """One daemon, those who drop into its hot folders, and those who take results."""

    def __init__(self, site: Site, seed: int) -> None:
        for root in site.roots:
            (root / "out").mkdir()
        self._site = site
        self._seed = seed
        self._consumers = [Consumer(root / "out", take=True) for root in site.roots]
        self._producers = [
            Producers(root / "in", root.parent / "scratch", SETTLE_SECONDS, seed)
            for root in site.roots
        ]

    @contextlib.contextmanager
    def people(self) -> Iterator[None]:
        """Let producers and consumers live while the context lasts."""
        with contextlib.ExitStack() as stack:
            for one in (*self._consumers, *self._producers):
                stack.enter_context(one)
            yield

    def begin(self, crowd: int) -> None:
        """Start the daemon; after the first files, note what it holds at rest."""
        self._daemon = self._site.start()
        for producers in self._producers:
            producers.drop(20)
        self._producers[0].drop(crowd)
        self._wait_until_idle()
        self._at_first = Reading.of(self._daemon.pid)

    def go_wrong(self, soak: Soak) -> None:
        """Drop all the time, and make one trouble after the other."""
        usual, *small = self._producers
        began = time.monotonic()
        total = int(FILES_PER_SECOND * soak.seconds)
        usual.drop_quickly(total, lambda: FILES_PER_SECOND * (time.monotonic() - began))
        usual.drop_slowly()
        self.troubles = Troubles(
            self._site, self._daemon, small[0] if small else None, self._seed
        )
        self.gauges = Gauges(self._daemon.pid)
        with self.gauges.sampling():
            while time.monotonic() < began + soak.seconds:
                self.troubles.make_one()
                time.sleep(soak.rest)

    def end(self) -> None:
        """Let everything be finished, note what is held at rest, stop the daemon."""
        for producers in self._producers:
            producers.finish()
        self._wait_until_idle()
        self._at_last = Reading.of(self._daemon.pid)
        self._daemon.send(signal.SIGTERM)
        assert self._daemon.wait() == 0, self._daemon.log()[-3000:]

    def _wait_until_idle(self) -> None:
        inboxes = [root / "in" for root in self._site.roots]
        until(
            lambda: (
                not any(list(inbox.iterdir()) for inbox in inboxes)
                and self._site.rows(OPEN_JOBS) == [(0,)]
            ),
            "the end of all jobs",
            PATIENCE_SECONDS,
        )

    def verdicts(self) -> list[Verdict]:
        """Judge each root."""
        return [
            audit(producers.inputs, root=root, deliveries=consumer.deliveries)
            for root, producers, consumer in zip(
                self._site.roots, self._producers, self._consumers, strict=True
            )
        ]

    def assert_hostile_files_failed(self) -> None:
        """Each lies in ``failed/``, with its reason."""
        failed = self._site.root / "failed"
        names = [path.name for path in failed.rglob("hostile-*.error.txt")]
        assert len(names) == self.troubles.made["drop_hostile"], names

    def assert_nothing_failed_for_want_of_space(self) -> None:
        """A full disk is no fault of the file: it waits."""
        for root in self._site.roots:
            for text in (root / "failed").rglob("*.error.txt"):
                assert "No space left" not in text.read_text(), text.read_text()

    def assert_nothing_grew(self, soak: Soak) -> None:
        """Memory keeps within its limits; at rest all else is as it was."""
        then, now = self._at_first, self._at_last
        assert (now.threads, now.watches) == (then.threads, then.watches)
        assert now.fds - then.fds <= SPARE_DESCRIPTORS, f"{then.fds} -> {now.fds}"
        growth = self.gauges.growth(soak.warm_up)
        assert growth < soak.most_growth, f"{growth:.1f} MB more than at first"
        if soak.most_slope is not None:
            slope = self.gauges.slope(soak.warm_up)
            assert slope < soak.most_slope, f"{slope:.2f} MB more per hour"

    def figures(self, soak: Soak) -> dict[str, object]:
        """Return the row of the table."""
        gauges = self.gauges
        verdicts = self.verdicts()
        files = sum(len(producers.inputs) for producers in self._producers)
        return {
            "soak_s": soak.seconds,
            "files": files,
            **{
                word: sum(counts(verdict)[word] for verdict in verdicts)
                for word in counts(verdicts[0])
            },
            **self.troubles.made,
            "memory_mb": round(gauges.readings[-1].memory_mb, 1),
            "growth_mb": round(gauges.growth(soak.warm_up), 2),
            "mb_per_hour": round(gauges.slope(soak.warm_up), 2),
            "course_mb": gauges.course(soak.seconds / 12),
            "worker_peak_mb": round(max(gauges.workers_mb)),
            "fds": self._at_last.fds,
            "threads": self._at_last.threads,
            "watches": self._at_last.watches,
        }
