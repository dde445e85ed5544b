"""Pictures, rules and orders for runner and pool."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from retouchd.inspect import Limits
from retouchd.jobs.order import Order
from retouchd.jobs.worker import WorkerPlan
from retouchd.media.vips import pyvips
from retouchd.models.runtime import Runtime
from retouchd.rules.schema import Match, Output, Rule
from retouchd.step import Step
from retouchd.values import DESTINATIONS, Drop

# Spawned workers inherit the search path, and with it the steps of these tests.
sys.path.append(str(Path(__file__).parent))

MakeOrder = Callable[..., Order]


@pytest.fixture
def plan() -> WorkerPlan:
    """A worker of two threads without models."""
    return WorkerPlan(
        threads=2,
        models=(),
        runtime=Runtime(device="cpu"),
        limits=Limits(megapixels=1.0),
        memory_bytes=1 << 28,
        max_jobs=1000,
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
            outputs=(Output(name=output, long_edge=20),),
        )
        return Order(
            job,
            Drop("hot", path.name, path),
            (rule,),
            dict.fromkeys(DESTINATIONS, stage / job),
        )

    return make
