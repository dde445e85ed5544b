"""Pictures, rules and orders for runner and pool."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from retouchd.gate import Gate
from retouchd.inspect import Limits
from retouchd.jobs.order import Order
from retouchd.jobs.pool import Pool
from retouchd.jobs.sandbox import Confinement
from retouchd.jobs.worker import WorkerPlan
from retouchd.media.vips import pyvips
from retouchd.models.runtime import Runtime
from retouchd.rules.schema import Match, Output, Rule
from retouchd.step import Step
from retouchd.values import DESTINATIONS, Drop, Outcome

# Spawned workers inherit the search path, and with it the steps of these tests.
sys.path.append(str(Path(__file__).parent))

MakeOrder = Callable[..., Order]

PATIENCE_SECONDS = 100.0


@pytest.fixture
def plan(tmp_path: Path) -> WorkerPlan:
    """A worker of two threads without models, locked in with the test's folder."""
    return WorkerPlan(
        threads=2,
        models=(),
        runtime=Runtime(device="cpu"),
        limits=Limits(megapixels=1.0),
        memory_bytes=1 << 28,
        max_jobs=1000,
        confinement=Confinement(writable=(tmp_path,), is_required=True),
    )


def picture(path: Path, width: int = 40, height: int = 30) -> Path:
    """Write a grey picture."""
    grey = pyvips.Image.black(width, height, bands=3) + 90
    grey.cast("uchar").copy(interpretation="srgb").write_to_file(str(path))
    return path


@pytest.fixture
def order(tmp_path: Path) -> MakeOrder:
    """Make an order for a picture, or for any other *content*."""
    stage = tmp_path / "stage"
    stage.mkdir()

    def make(
        job: str = "job",
        *steps: tuple[str, Step],
        content: bytes | None = None,
        width: int = 40,
        match: Match | None = None,
        output: str = "{stem}.png",
        gates: tuple[tuple[str, Gate], ...] = (),
    ) -> Order:
        path = tmp_path / f"{job}.png"
        if content is None:
            picture(path, width)
        else:
            path.write_bytes(content)
        rule = Rule(
            rule="r",
            match=match or Match(),
            steps=steps,
            gates=gates,
            outputs=(Output(name=output, long_edge=20),),
        )
        return Order(
            job,
            Drop("hot", path.name, path),
            (rule,),
            dict.fromkeys(DESTINATIONS, stage / job),
        )

    return make


@dataclass
class Crew:
    """A pool and everything that it said."""

    plan: WorkerPlan
    said: queue.SimpleQueue[Outcome] = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        """Start the worker."""
        self.pool = Pool(self.plan, self.said.put)

    def run(self, *orders: Any) -> dict[str, Outcome]:
        """Submit *orders* and wait until each has its outcome, exactly once."""
        for order in orders:
            self.pool.submit(order)
        got = [self.said.get(timeout=PATIENCE_SECONDS) for _ in orders]
        outcomes = {outcome.job: outcome for outcome in got}
        assert outcomes.keys() == {order.job for order in orders}
        return outcomes


@pytest.fixture
def hire() -> Iterator[Callable[[WorkerPlan], Crew]]:
    """Start pools that are stopped after the test."""
    crews: list[Crew] = []

    def start(plan: WorkerPlan) -> Crew:
        crews.append(Crew(plan))
        return crews[-1]

    yield start
    for crew in crews:
        crew.pool.stop()
        assert crew.said.empty(), "an order had two outcomes"
        assert not crew.pool.is_alive


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait for a condition, not for ever."""

    def wait(condition: Callable[[], object]) -> None:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < give_up
            time.sleep(0.01)

    return wait
