"""The auditor notices what it is there for: each kind of damage, planted by hand."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from auditor import Consumer, Input, audit, make_input, read_mark

DAY = "2026-11-22"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A hot folder without files."""
    for folder in ("in", "out", "done", "failed", ".retouchd/claims/1"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / ".retouchd/tmp/1").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def inputs(root: Path) -> list[Input]:
    """Three inputs, each archived and delivered once."""
    (root / "done" / DAY).mkdir()
    made = []
    for number in range(1, 4):
        original = root / "done" / DAY / f"p{number}.png"
        made.append(make_input(original, number))
        make_input(root / "out" / original.name, number, seed=9)
    return made


def test_all_is_right(root: Path, inputs: list[Input]) -> None:
    """Originals in done/ and each output once: nothing to say."""
    verdict = audit(inputs, root=root)

    assert verdict.is_clean, verdict
    assert (verdict.right, verdict.failed, verdict.held, verdict.waiting) == (
        3,
        0,
        0,
        0,
    )


def test_lost_output(root: Path, inputs: list[Input]) -> None:
    """An original in done/ without its output is a loss."""
    (root / "out/p2.png").unlink()

    verdict = audit(inputs, root=root)

    assert [text.split(":")[0] for text in verdict.lost] == ["p2.png"]
    assert verdict.right == 2


def test_lost_original(root: Path, inputs: list[Input]) -> None:
    """An original that is nowhere is a loss, whatever was delivered."""
    (root / "done" / DAY / "p1.png").unlink()

    verdict = audit(inputs, root=root)

    assert "p1.png: the original is nowhere" in verdict.lost


def test_one_of_three_outputs_is_lost(root: Path, inputs: list[Input]) -> None:
    """Each output of a rule counts; two alike are one lost and one twice."""
    for one in inputs:
        make_input(root / "out" / f"{one.name}-b.png", one.mark, side=64)
        make_input(root / "out" / f"{one.name}-c.png", one.mark, side=80)
    assert audit(inputs, root=root, outputs=3).is_clean

    shutil.copy(root / "out/p1.png-b.png", root / "out/p1.png-c.png")
    (root / "out/p2.png-c.png").unlink()
    verdict = audit(inputs, root=root, outputs=3)

    assert verdict.lost == ("p2.png: 2 of 3 outputs were delivered",)
    assert [text.split(",")[0] for text in verdict.duplicated] == ["p1.png"]


def test_duplicated_output(root: Path, inputs: list[Input]) -> None:
    """A second file with the same mark is a duplicate, whatever its name and bytes."""
    make_input(root / "out/p3-2.png", 3, side=64)

    verdict = audit(inputs, root=root)

    assert [text.split(",")[0] for text in verdict.duplicated] == ["p3.png"]
    assert not verdict.lost


def test_duplicated_original(root: Path, inputs: list[Input]) -> None:
    """An original in two places was copied, or is about to be delivered twice."""
    shutil.copy(root / "done" / DAY / "p3.png", root / "in")

    assert "p3.png: the original lies in" in audit(inputs, root=root).duplicated[0]


def test_delivered_although_waiting_or_failed(root: Path, inputs: list[Input]) -> None:
    """An output of a file that lies in in/ or failed/ will be there twice one day."""
    (root / "done" / DAY / "p1.png").rename(root / "in/p1.png")
    (root / "done" / DAY / "p2.png").rename(root / "failed/p2.png")
    (root / "failed/p2.png.error.txt").write_text("What happened: a test")

    verdict = audit(inputs, root=root)

    assert [text.split(":")[0] for text in verdict.duplicated] == [
        "p1.png, waiting",
        "p2.png, failed",
    ]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("keep", [0, 0.5, 0.999])
def test_half_output(root: Path, inputs: list[Input], suffix: str, keep: float) -> None:
    """A result that is cut anywhere is half."""
    path = (root / "out/p1.png").rename(root / f"out/p1{suffix}")
    make_input(path, 1)
    assert audit(inputs, root=root).is_clean

    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    verdict = audit(inputs, root=root)

    assert verdict.half == (f"{path}: not a whole picture",)


def test_half_original(root: Path, inputs: list[Input]) -> None:
    """An archived original must be what was dropped, to the byte."""
    path = root / "done" / DAY / "p2.png"
    path.write_bytes(path.read_bytes()[:-1])

    verdict = audit(inputs, root=root)

    assert verdict.half == (f"{path}: not what was dropped",)
    assert verdict.lost == ("p2.png: the original is nowhere",)


def test_failed_needs_its_reason(root: Path, inputs: list[Input]) -> None:
    """A file in failed/ without its error text is half of what was promised."""
    (root / "out/p1.png").unlink()
    original = (root / "done" / DAY / "p1.png").rename(root / "failed/p1.png")
    assert "without an error text" in audit(inputs, root=root).half[0]

    original.with_name("p1.png.error.txt").write_text("What happened: a test")
    verdict = audit(inputs, root=root)

    assert verdict.is_clean
    assert (verdict.right, verdict.failed) == (2, 1)


@pytest.mark.parametrize(
    "stray",
    [
        ".retouchd/tmp/1/JOB-1-1-0.png",
        ".retouchd/claims/1/JOB/a.png",
        "out/who.png",
    ],
)
def test_strays(root: Path, inputs: list[Input], stray: str) -> None:
    """Stages, empty claims and results of no input are named."""
    (root / stray).parent.mkdir(exist_ok=True)
    make_input(root / stray, 77)

    verdict = audit(inputs, root=root)

    assert len(verdict.strays) == 1
    assert (verdict.lost, verdict.duplicated, verdict.half) == ((), (), ())
    is_private = stray.startswith(".retouchd")
    assert audit(inputs, root=root, left_allowed=True).is_clean == is_private


def test_held_and_waiting(root: Path, inputs: list[Input]) -> None:
    """A claimed original is held with its stage; one in in/ waits; both are no loss."""
    for name in ("p1.png", "p2.png"):
        (root / "out" / name).unlink()
    (root / ".retouchd/claims/1/JOB").mkdir()
    (root / "done" / DAY / "p1.png").rename(root / ".retouchd/claims/1/JOB/p1.png")
    (root / "done" / DAY / "p2.png").rename(root / "in/p2.png")
    make_input(root / ".retouchd/tmp/1/JOB-1-1-0.png", 1)

    verdict = audit(inputs, root=root)

    assert verdict.is_clean, verdict
    assert (verdict.right, verdict.held, verdict.waiting) == (1, 1, 1)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("side", [12, 31, 300])
def test_mark_survives_formats_and_sizes(
    tmp_path: Path, suffix: str, side: int
) -> None:
    """The number in the pixels is read back from every format and size."""
    path = tmp_path / f"a{suffix}"
    for mark in (0, 1, 0xABCDEF, 0xFFFFFF):
        make_input(path, mark, side=side, seed=3)

        assert read_mark(path) == mark


def test_consumer_sees_each_delivery_once(tmp_path: Path) -> None:
    """Renamed, linked and written files are seen once each, in new folders too."""
    stage = tmp_path / "stage.png"
    out = tmp_path / "out"
    out.mkdir()
    make_input(out / "early.png", 1)

    with Consumer(out) as consumer:
        make_input(stage, 2)
        stage.rename(out / "renamed.png")
        (out / "sub").mkdir()
        make_input(stage, 3)
        (out / "sub/linked.png").hardlink_to(stage)
        stage.unlink()
        time.sleep(0.12)

    assert sorted(one.mark or 0 for one in consumer.deliveries) == [1, 2, 3]


def test_greedy_consumer_takes_each_file(tmp_path: Path) -> None:
    """What is taken is recorded first; the same name may come again."""
    out = tmp_path / "out"
    out.mkdir()

    with Consumer(out, take=True) as consumer:
        for mark in (5, 6):
            stage = tmp_path / "stage.png"
            make_input(stage, mark)
            stage.rename(out / "a.png")
            give_up = time.monotonic() + 5
            while (out / "a.png").exists():
                assert time.monotonic() < give_up
                time.sleep(0.001)

    assert [one.mark for one in consumer.deliveries] == [5, 6]
    assert not list(out.iterdir())


def test_consumer_notices_half_files(tmp_path: Path) -> None:
    """A file that is written in place is seen before it is whole."""
    out = tmp_path / "out"
    out.mkdir()
    make_input(tmp_path / "whole.png", 4)
    content = (tmp_path / "whole.png").read_bytes()

    with Consumer(out) as consumer, (out / "a.png").open("wb", buffering=0) as file:
        file.write(content[:100])
        time.sleep(0.15)
        file.write(content[100:])

    assert None in [one.mark for one in consumer.deliveries]
