"""A clip climbs as a whole: attempts at a few frames choose the tiers of all."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tiered import STEPS, TO_HERO, bright, runner_of, shelve

from retouchd.jobs.cost_guide import CostGuide, Rates
from retouchd.jobs.order import Order
from retouchd.rules.escalate import Escalate
from retouchd.rules.schema import Output, Review, Rule
from retouchd.values import Drop, Outcome, StepRun

FRAMES = 12


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Three tiers: a frame of level 90 comes out at 45, 68 and 90."""
    folder = tmp_path / "models"
    for tier, gain in (("draft", 0.5), ("standard", 0.75), ("hero", 1.0)):
        shelve(folder, tier, gain)
    return folder


def run(models: Path, guide: CostGuide | None = None, **rule: Any) -> Outcome:
    """Run a clip of grey frames, the last ones darker, under a rule that may climb."""
    folder = models.parent
    source = folder / "clip.mkv"
    with av.open(source, "w") as clip:
        stream = clip.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv444p"
        for number in range(FRAMES):
            pixels = np.full((32, 48, 3), 90 if number < 8 else 80, np.uint8)
            clip.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        clip.mux(stream.encode(None))
    wanted = {
        "rule": "climb",
        "steps": STEPS[:2],
        "escalate": TO_HERO,
        "outputs": (Output(name="{stem}-{tier}.mkv", codec="ffv1"),),
        "review": Review(when="gate_failed"),
    }
    stages = {word: folder / word for word in ("out", "review")}
    order = Order(
        "job",
        Drop("hot", source.name, source),
        (Rule(**(wanted | rule)),),
        stages,
        guide=guide or CostGuide(),
    )
    return runner_of(models).run(order)


def levels(outcome: Outcome) -> list[float]:
    """Measure the frames of the result."""
    with av.open(outcome.renditions[0].stage) as clip:
        frames = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
    return [float(frame.mean()) for frame in frames]


def test_all_frames_get_the_tier_that_the_hardest_one_needs(models: Path) -> None:
    """A clip does not change its look in the middle."""
    outcome = run(models, gates=bright(64))

    assert outcome.error == ""
    assert (outcome.tier, outcome.attempts, outcome.destination) == ("hero", 3, "out")
    assert outcome.renditions[0].name == "clip-hero.mkv"
    assert levels(outcome)[0] == pytest.approx(90, abs=2)
    assert len(levels(outcome)) == FRAMES
    assert all(verdict.passed for verdict in outcome.gate_runs)
    [whole] = [
        run
        for run in outcome.step_runs
        if run.step == "shade" and run.megapixels_in > 10 * 48 * 32 / 1e6
    ]
    assert (whole.tier, whole.attempt) == ("hero", 3)
    assert sum(run.step == "shade" for run in outcome.step_runs) > 3
    assert any("frame 3" in note and "hero" in note for note in outcome.notes)


def test_a_clip_that_passes_is_made_once(models: Path) -> None:
    """No tier is raised without need."""
    outcome = run(models, gates=bright(30))

    assert (outcome.tier, outcome.attempts) == ("draft", 1)


def test_a_guide_for_many_frames_counts_every_one() -> None:
    """P8: what a clip would cost is what one frame would, times their number."""
    one = CostGuide(Rates("USD", Decimal("0.5"), None, (("cuda", Decimal(2)),)))

    many = one.times(12)

    run = StepRun("shade", cpu_s=3.0)
    assert many.cost_of(run) == 12 * one.cost_of(run)
    assert many.rates.gpu_second("cuda") == 24
    assert many.rates.joule is None


def test_a_clip_climbs_only_as_far_as_it_may_cost(models: Path) -> None:
    """It is made at the tier below, and a person looks."""
    guide = CostGuide(Rates("USD", cpu_second=Decimal(1)))
    rich, poor = Decimal(100), Decimal("0.000001")

    may = run(
        models, guide, gates=bright(64), escalate=Escalate(to="hero", max_cost=rich)
    )
    may_not = run(
        models, guide, gates=bright(64), escalate=Escalate(to="hero", max_cost=poor)
    )

    assert may.tier == "hero"
    assert may_not.tier == "draft"
    assert may_not.destination == "review"
    assert "max_cost" in may_not.review_reason
