"""F20: a worker that was taken over reaches nothing but its work."""

from __future__ import annotations

import errno
import json
import queue
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor import make_input
from breakout.step import BreakOut
from retouchd.inspect import Limits
from retouchd.jobs.order import Order
from retouchd.jobs.pool import Pool
from retouchd.jobs.process import try_out
from retouchd.jobs.sandbox import Confinement
from retouchd.jobs.worker import WorkerPlan
from retouchd.models.runtime import Runtime
from retouchd.rules.schema import Match, Output, Rule
from retouchd.values import DESTINATIONS, Drop

PATIENCE_SECONDS = 100.0
# EXDEV is what Landlock says to links and moves between folders.
STOPPED = {errno.EACCES, errno.EPERM, errno.EXDEV}


@dataclass(frozen=True)
class Ground:
    """Where the worker may work, and a file that it must not see."""

    claim: Path
    stage: Path
    secret: Path

    @property
    def confinement(self) -> Confinement:
        """What the daemon would let it reach."""
        return Confinement(
            readable=(self.claim.parent,),
            writable=(self.stage.parent,),
            is_required=True,
        )

    def untouched(self) -> dict[str, bytes]:
        """Return all that lies outside of the stage."""
        found = (*self.claim.parent.rglob("*"), *self.secret.parent.rglob("*"))
        return {str(path): path.read_bytes() for path in found}


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """A claim, a stage and a secret; needs a kernel with the locks."""
    closed = try_out(Confinement())
    if not closed.is_enough:
        pytest.skip(f"this kernel cannot lock a worker in: {closed.sentence()}")
    for name in ("claims", "stage", "private"):
        (tmp_path / name).mkdir()
    claim = tmp_path / "claims/picture.png"
    make_input(claim, 1)
    secret = tmp_path / "private/secret.txt"
    secret.write_text("nobody's business")
    return Ground(claim, tmp_path / "stage/job", secret)


@pytest.fixture
def worker(ground: Ground) -> Any:
    """Run one order in a real worker; return its outcome and its threads."""
    plan = WorkerPlan(
        threads=1,
        models=(),
        runtime=Runtime(device="cpu"),
        limits=Limits(megapixels=1.0),
        memory_bytes=1 << 28,
        max_jobs=10,
        confinement=ground.confinement,
    )
    said: queue.SimpleQueue[Any] = queue.SimpleQueue()
    pool = Pool(plan, said.put)
    step = BreakOut(
        claim=str(ground.claim), stage=str(ground.stage), secret=str(ground.secret)
    )
    rule = Rule(
        rule="r",
        match=Match(),
        steps=(("break_out", step),),
        outputs=(Output(name="{stem}.png"),),
    )
    drop = Drop("hot", "picture.png", ground.claim)
    stages = dict.fromkeys(DESTINATIONS, ground.stage)
    pool.submit(Order("job", drop, (rule,), stages))
    outcome = said.get(timeout=PATIENCE_SECONDS)
    threads = [
        (task / "status").read_text()
        for task in Path(f"/proc/{pool.worker_pid}/task").iterdir()
    ]
    yield outcome, threads
    pool.stop()


def test_taken_over_worker_reaches_nothing(
    ground: Ground, worker: Any, figures: Callable[..., None]
) -> None:
    """F20: files, network, programs, processes and the kernel's doors are all shut."""
    outcome, _ = worker
    tried = json.loads(outcome.notes[0])

    open_doors = {n: e for n, e in tried["forbidden"].items() if e not in STOPPED}

    assert open_doors == {}
    assert {name: e for name, e in tried["allowed"].items() if e} == {}
    assert outcome.error == ""
    assert set(ground.untouched()) == {str(ground.claim), str(ground.secret)}
    figures("F20", attempts=len(tried["forbidden"]), denied=len(tried["forbidden"]))


def test_every_thread_is_locked_in(worker: Any) -> None:
    """F20: also those that libraries start when they are loaded."""
    _, threads = worker

    assert len(threads) > 1
    for status in threads:
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status
