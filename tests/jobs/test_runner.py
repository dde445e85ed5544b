"""One job as a story: what it says of itself, also when it fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hostile_steps import Look, Mistake

from retouchd.delivery.place import sha256_of
from retouchd.gate import Attempt, Gate
from retouchd.gates.dimensions import Dimensions
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.messages import Begun
from retouchd.jobs.runner import Runner
from retouchd.jobs.worker import WorkerPlan
from retouchd.media.vips import pyvips
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Match
from retouchd.steps.flatten import Flatten
from retouchd.steps.resize import Resize
from retouchd.values import GateRun


@pytest.fixture
def steps_begun() -> list[Begun]:
    """What the runner said of its progress."""
    return []


@pytest.fixture
def runner(plan: WorkerPlan, steps_begun: list[Begun]) -> Runner:
    """A runner as a worker has it."""
    return Runner(
        Shelf(plan.models, plan.runtime),
        plan.limits,
        MemoryBudget(plan.memory_bytes),
        progress=steps_begun.append,
    )


def test_story_of_a_good_job(runner: Runner, order: Any, steps_begun: Any) -> None:
    """P8: every step is booked with its megapixels and times, in order."""
    outcome = runner.run(order("job", ("resize", Resize(factor=2))))

    assert outcome.error == ""
    assert (outcome.rule, outcome.tier, outcome.destination) == ("r", "draft", "out")
    assert len(outcome.rule_hash) == len(outcome.sha256) == 64
    assert [run.step for run in outcome.step_runs] == ["decode", "resize", "encode"]
    decode, resize, encode = outcome.step_runs
    assert decode.bytes_in > 0
    assert resize.megapixels_in == pytest.approx(0.0012)
    assert resize.megapixels_out == pytest.approx(0.0048)
    assert encode.bytes_out == outcome.renditions[0].bytes
    assert all(run.wall_ms > 0 for run in outcome.step_runs)
    assert [begun.step for begun in steps_begun] == [
        *("inspect", "wait for memory", "decode", "resize", "encode")
    ]


class Curious(Gate):
    """Counts the enlargements that it is shown; more than *most* are too many."""

    watches: ClassVar[tuple[str, ...]] = ("resize",)

    most: int

    def judge(self, attempt: Attempt) -> GateRun:
        """Measure by how much each stage enlarged."""
        factors = [
            one.after.image.width / one.before.image.width for one in attempt.stages
        ]
        passed = len(factors) <= self.most
        return GateRun("curious", max(factors), "x", self.most, passed, step="resize")


@pytest.mark.parametrize(("most", "destination"), [(2, "out"), (1, "review")])
def test_gates_see_the_steps_they_watch(
    runner: Runner, order: Any, most: int, destination: str
) -> None:
    """P8: each watched step is shown with both pictures; the time is booked."""
    steps = [
        ("resize", Resize(factor=2)),
        ("flatten", Flatten()),
        ("resize", Resize(factor=3)),
    ]

    outcome = runner.run(order("job", *steps, gates=(("curious", Curious(most=most)),)))

    assert outcome.error == ""
    assert [run.value for run in outcome.gate_runs] == [3]
    assert outcome.destination == destination
    assert outcome.step_runs[-2].step == "gates"
    assert outcome.step_runs[-2].wall_ms > 0


@pytest.mark.parametrize(("max_mb", "destination"), [(1.0, "out"), (1e-6, "review")])
def test_a_file_that_fails_waits_for_a_person(
    runner: Runner, order: Any, tmp_path: Path, max_mb: float, destination: str
) -> None:
    """P2: what is known only of the written file still decides where it goes, whole."""
    review = tmp_path / "elsewhere"
    review.mkdir()
    asked = order("job", gates=(("dimensions", Dimensions(max_mb=max_mb)),))
    stages = {**asked.stages, "review": review / "job"}

    outcome = runner.run(replace(asked, stages=stages))

    assert outcome.destination == destination
    assert [run.unit for run in outcome.gate_runs] == ["px", "MB"]
    folder = stages[destination].parent
    assert {made.stage.parent for made in outcome.renditions} == {folder}
    assert sha256_of(outcome.renditions[0].stage) == outcome.renditions[0].sha256
    roles = [made.role for made in outcome.renditions]
    assert roles == (["result", "preview", "reason"] if max_mb < 1 else ["result"])


def _noise_jpeg(share: float) -> bytes:
    noise = pyvips.Image.gaussnoise(64, 64, seed=1).cast("uchar")
    whole = bytes(noise.jpegsave_buffer())
    return whole[: int(len(whole) * share)]


BAD = {
    b"": ("empty", False),
    b"hello, I am text": ("", False),
    b"%PDF-1.7 ...": ("", False),
    b'<svg xmlns="http://www.w3.org/2000/svg"/>': ("", False),
    b"\x89PNG\r\n\x1a\n" + b"x" * 50: ("", None),
    _noise_jpeg(0.6): ("", True),
}


@pytest.mark.parametrize(("content", "expected"), BAD.items(), ids=range(len(BAD)))
def test_unusable_file_is_an_outcome(
    runner: Runner, order: Any, content: bytes, expected: tuple[str, bool | None]
) -> None:
    """P7: whatever was dropped, the outcome says in words what is wrong with it."""
    words, retryable = expected

    outcome = runner.run(order(content=content))

    assert outcome.error
    assert "mistake" not in outcome.error
    assert words in outcome.error
    assert outcome.renditions == ()
    if retryable is not None:
        assert outcome.retryable is retryable


def test_picture_beyond_the_limit_is_refused(runner: Runner, order: Any) -> None:
    """P7: a claim of too many pixels is refused before anything is decoded."""
    outcome = runner.run(order(width=40_000))

    assert "at most 1 are taken" in outcome.error
    assert outcome.step_runs == ()
    assert not outcome.retryable


def test_file_that_no_rule_takes(runner: Runner, order: Any) -> None:
    """The outcome names each rule and the condition that was not met."""
    outcome = runner.run(order(match=Match(min_long_edge=600)))

    assert "no rule of this hot folder takes this file" in outcome.error
    assert "below min_long_edge 600" in outcome.error
    assert outcome.rule == ""


def test_format_that_is_not_written(runner: Runner, order: Any) -> None:
    """``{ext}`` may bring any extension; an unknown one fails with a hint."""
    made = order(output="{stem}.{ext}")
    odd = replace(made, drop=replace(made.drop, name="a.xyz"))

    outcome = runner.run(odd)

    assert "does not write files like a.xyz" in outcome.error
    assert list(made.stages["out"].parent.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "words", "retryable"),
    [
        ("memory", "there was not enough memory", True),
        ("value", "retouchd made a mistake: ValueError: on purpose", False),
    ],
)
def test_fault_of_a_step_stops_only_its_job(
    runner: Runner, order: Any, kind: str, words: str, retryable: bool
) -> None:
    """P7: what no step should raise is an outcome too; the next job runs."""
    outcome = runner.run(order("bad", ("mistake", Mistake(error=kind))))
    after = runner.run(order("good"))

    assert (outcome.error, outcome.retryable) == (words, retryable)
    assert outcome.sha256
    assert after.error == ""


def test_vanished_file_is_an_outcome(runner: Runner, order: Any) -> None:
    """A claim that somebody took away ends in words, not in silence."""
    made = order()
    made.drop.path.unlink()

    assert "No such file" in runner.run(made).error


def test_sub_folder_is_kept_and_cleaned(runner: Runner, order: Any) -> None:
    """P7: a result keeps its sub-folder, under names that are safe everywhere."""
    made = order()
    name = "Spring \udcff/CON/" + "\u0958" * 80 + "/a.png"
    inside = replace(made, drop=replace(made.drop, name=name))

    [rendition] = runner.run(inside).renditions

    parts = Path(rendition.name).parts
    assert parts[:2] == ("Spring \ufffd", "_CON")
    assert max(len(part.encode()) for part in parts) <= 200


def test_vanished_file_of_a_rule_is_an_outcome(
    runner: Runner, order: Any, tmp_path: Path
) -> None:
    """A LUT that was removed ends the job in words; its hash is asked for once."""
    lut = tmp_path / "warm.cube"
    lut.write_text("cube")
    made = order("graded", ("look", Look(file=lut)))
    lut.unlink()

    assert "No such file" in runner.run(made).error
