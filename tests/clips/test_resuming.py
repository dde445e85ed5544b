"""A clip whose work broke off goes on behind its last finished part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retouchd.delivery.place import sha256_of
from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.clips.part_names import is_part
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.media.pixels import from_array, to_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Output, Rule
from retouchd.step import Step, Tools
from retouchd.values import Drop, Outcome, Picture

MakeClip = Callable[..., Path]

FRAMES = 24
GOP = 4


class Blend(Step):
    """Mixes each frame with the sum of those before it; breaks off where it is told.

    Attributes:
        log: file that gets a line for each frame.
        breaks_at: the frame at which the disk "fails", if *once* is there.
        once: removed before it breaks.
    """

    log: str
    breaks_at: int = -1
    once: str = ""

    def apply(self, picture: Picture, tools: Tools) -> Picture:
        """Blend a picture with nothing."""
        return next(self.over([picture], tools))  # type: ignore[call-overload]

    def over(self, frames: Iterable[Picture], tools: Tools) -> Iterator[Picture]:
        """Blend."""
        for picture in frames:
            pixels = to_array(picture.image).astype(np.float64)
            kept = tools.carried.get("kept", pixels)
            count = int(tools.carried.get("count", np.array(0)))
            tools.carried = {
                "kept": 0.7 * kept + 0.3 * pixels,
                "count": np.array(count + 1),
            }
            with Path(self.log).open("a") as log:
                log.write(f"{count}\n")
            if count == self.breaks_at and Path(self.once).exists():
                Path(self.once).unlink()
                raise OSError(5, "the disk fails")
            blended = (pixels + kept) / 2
            yield picture.with_image(from_array(blended.astype(np.uint8)))


@pytest.fixture
def source(make_clip: MakeClip) -> Path:
    """A clip of six GOPs."""
    times = tuple(range(0, FRAMES * 512, 512))
    options = {"g": str(GOP), "keyint_min": str(GOP), "sc_threshold": "0"}
    return make_clip(times=times, options=options)


@pytest.fixture
def run(source: Path, tmp_path: Path) -> Callable[..., Outcome]:
    """Run the clip under a rule with `Blend`, in segments of one GOP."""

    def run_in(folder: str, daemon: str = "one", **options: Any) -> Outcome:
        (tmp_path / folder).mkdir(exist_ok=True)
        stage = tmp_path / folder / "job-1"
        step = Blend(log=str(tmp_path / folder / "log"), **options)
        rule = Rule(rule="r", steps=(("blend", step),), outputs=(Output(name="a.mp4"),))
        order = Order(
            "job",
            Drop("hot", source.name, source),
            (rule,),
            {"out": stage, "review": stage},
            daemon=daemon,
        )
        runner = Runner(
            Shelf((), Runtime(device="cpu")),
            Limits(),
            MemoryBudget(1 << 30),
            least_frames=GOP,
        )
        return runner.run(order)

    return run_in


def parts(folder: Path) -> list[str]:
    """Return the names of what is kept for later."""
    return [path.name for path in folder.iterdir() if is_part(path.name)]


def test_goes_on_behind_the_last_part_with_the_same_result(
    run: Callable[..., Outcome], tmp_path: Path
) -> None:
    """Finished parts are not computed again, and the result is that of one go."""
    whole = run("whole")
    (tmp_path / "once").touch()

    broken = run("broken", breaks_at=14, once=str(tmp_path / "once"))
    resumed = run("broken", breaks_at=14, once=str(tmp_path / "once"))

    assert "disk fails" in broken.error
    assert broken.retryable
    assert resumed.error == ""
    [one], [other] = whole.renditions, resumed.renditions
    assert sha256_of(one.stage) == sha256_of(other.stage)
    seen = [int(line) for line in (tmp_path / "broken" / "log").read_text().split()]
    assert seen[:15] == list(range(15))
    again = seen[15:]
    assert again == list(range(again[0], FRAMES))
    assert 2 * GOP <= again[0] <= 3 * GOP
    assert f"went on behind frame {again[0]}" in resumed.notes


def test_usage_of_a_daemon_that_was_killed_is_kept(
    run: Callable[..., Outcome], tmp_path: Path
) -> None:
    """Another daemon inherits what parts used; the same one has it in its books."""
    for folder in ("same", "other"):
        (tmp_path / "once").touch()
        run(folder, breaks_at=14, once=str(tmp_path / "once"))

    same = run("same", breaks_at=14, once=str(tmp_path / "once"))
    other = run("other", "two", breaks_at=14, once=str(tmp_path / "once"))

    assert same.inherited_runs == ()
    steps = {run.step: run for run in other.inherited_runs}
    assert set(steps) == {"decode", "blend", "encode"}
    done = next(run for run in other.step_runs if run.step == "blend")
    one = steps["blend"].megapixels_in + done.megapixels_in
    assert one >= FRAMES * 64 * 48 / 1e6 * 0.999


def test_parts_of_another_rule_are_of_no_use(
    run: Callable[..., Outcome], tmp_path: Path
) -> None:
    """A changed clip, rule, model or program begins anew."""
    (tmp_path / "once").touch()
    run("job", breaks_at=14, once=str(tmp_path / "once"))
    assert parts(tmp_path / "job")
    (tmp_path / "job" / "job-part-plan.json").write_text(
        (tmp_path / "job" / "job-part-plan.json")
        .read_text()
        .replace('"key":"', '"key":"0')
    )

    outcome = run("job", breaks_at=14, once=str(tmp_path / "once"))

    assert not [note for note in outcome.notes if "went on" in note]
    seen = [int(line) for line in (tmp_path / "job" / "log").read_text().split()]
    assert seen[15:] == list(range(FRAMES))


@pytest.mark.parametrize(
    ("name", "behind"),
    [
        ("job-part-00002-0.mkv", 2 * GOP),
        ("job-part-00002.json", 2 * GOP),
        ("job-part-00001-0.mkv", 0),
    ],
)
def test_a_part_that_the_disk_lost_is_made_again(
    run: Callable[..., Outcome], tmp_path: Path, name: str, behind: int
) -> None:
    """Only what is whole counts; what steps know is kept of the last two parts."""
    whole = run("whole")
    (tmp_path / "once").touch()
    run("job", breaks_at=14, once=str(tmp_path / "once"))
    path = tmp_path / "job" / name
    path.write_bytes(path.read_bytes()[:-20])

    outcome = run("job", breaks_at=14, once=str(tmp_path / "once"))

    notes = [f"went on behind frame {behind}"] if behind else []
    assert [note for note in outcome.notes if "went on" in note] == notes
    assert outcome.renditions[0].sha256 == whole.renditions[0].sha256


def test_a_clip_that_cannot_be_finished_leaves_nothing(
    run: Callable[..., Outcome], source: Path, tmp_path: Path
) -> None:
    """Parts of a clip that is damaged later on are of no use to anybody."""
    damaged = bytearray(source.read_bytes())
    third = len(damaged) // 3
    damaged[2 * third : 2 * third + 400] = bytes(400)
    source.write_bytes(damaged)

    outcome = run("job")

    assert outcome.error
    assert parts(tmp_path / "job") == []
