"""What lies beside a result that waits: a preview and a text in plain words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retouchd.delivery.place import sha256_of
from retouchd.jobs.review_aids import render_review_aids, why_shown
from retouchd.media.before_after import EDGE_PX
from retouchd.media.pixels import to_array
from retouchd.media.vips import pyvips
from retouchd.rules.schema import Review
from retouchd.values import GateRun, Picture

RED, CLEAR = [200.0, 30.0, 30.0], [0.0, 0.0, 0.0, 0.0]
MARK = np.array([255, 0, 140])

FAILED = GateRun(
    "artefacts",
    3,
    "blobs",
    0,
    passed=False,
    detail="there are blobs",
    regions=((0.1, 0.1, 0.3, 0.3), (0.6, 0.6, 0.9, 0.8)),
)
PASSED = GateRun("noise", 1, "sigma", 4, passed=True)


def even(width: int, height: int, colour: list[float]) -> Picture:
    """Make a picture of one colour."""
    image = pyvips.Image.black(width, height, bands=len(colour)) + colour
    return Picture(image.cast("uchar").copy(interpretation="srgb"))


def rendered(
    stage: Path, *runs: GateRun, after: Picture | None = None
) -> tuple[str, str]:
    """Render companions; return the names of preview and text."""
    before = even(300, 200, RED)
    result = after or even(1200, 800, RED)
    preview, text = render_review_aids(before, result, "", runs, stage / "JOB-1-1", 2)
    return str(preview.stage), str(text.stage)


def test_both_halves_are_of_one_size(tmp_path: Path) -> None:
    """A small input is enlarged, so that the two can be compared."""
    preview, _ = rendered(tmp_path)

    image = pyvips.Image.new_from_file(preview)

    assert image.width == pytest.approx(2 * EDGE_PX, abs=20)
    assert image.height == pytest.approx(EDGE_PX * 2 / 3, abs=45)


def test_trouble_is_framed_on_the_result_only(tmp_path: Path) -> None:
    """Thin lines of a colour of their own; the input has none."""
    preview, _ = rendered(tmp_path, FAILED)

    pixels = to_array(pyvips.Image.new_from_file(preview)).astype(int)

    is_mark = np.abs(pixels - MARK).max(axis=2) < 60
    assert is_mark[:, EDGE_PX + 20 :].sum() > 1000
    assert is_mark[:, :EDGE_PX].sum() == 0
    assert is_mark.mean() < 0.02


def test_nothing_is_framed_where_nothing_failed(tmp_path: Path) -> None:
    """A gate that passed is not mentioned either."""
    preview, text = rendered(tmp_path, PASSED)

    pixels = to_array(pyvips.Image.new_from_file(preview)).astype(int)

    assert (np.abs(pixels - MARK).max(axis=2) < 60).sum() == 0
    assert "noise" not in Path(text).read_text()


def test_transparency_shows_a_checkerboard(tmp_path: Path) -> None:
    """Two greys, where a designer's program shows the same."""
    preview, _ = rendered(tmp_path, after=even(400, 400, CLEAR))

    right = to_array(pyvips.Image.new_from_file(preview))[100:900, EDGE_PX + 60 : -60]

    seen, counts = np.unique(right.round(-1), return_counts=True)
    assert set(seen[counts > right.size / 5]) == {200, 240}


def test_deep_pictures_look_the_same(tmp_path: Path) -> None:
    """16 bits are shown as 8, not as black or white."""
    image = even(400, 400, RED).image
    deep = Picture(
        (image.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    )

    preview, _ = rendered(tmp_path, after=deep)

    seen = to_array(pyvips.Image.new_from_file(preview))[500, EDGE_PX + 500]
    assert np.abs(seen.astype(int) - np.array(RED)).max() < 6


def test_text_says_why_and_what_to_do(tmp_path: Path) -> None:
    """The gate in words, the numbers of its frames, folders and commands."""
    _, text = rendered(tmp_path, PASSED, FAILED)

    words = Path(text).read_text()

    assert "artefacts: there are blobs (3 blobs; the limit is 0); see 1, 2" in words
    assert "review/approve/" in words
    assert "retouchd review reject JOB --reason CODE" in words


def test_companions_are_staged_like_results(tmp_path: Path) -> None:
    """With their numbers, digests and roles."""
    picture = even(60, 40, RED)

    made = render_review_aids(picture, picture, "why", [], tmp_path / "JOB-1-1", 2)

    assert [(one.output, one.role) for one in made] == [(2, "preview"), (3, "reason")]
    assert [one.sha256 for one in made] == [sha256_of(one.stage) for one in made]


@pytest.mark.parametrize(
    ("review", "runs", "words"),
    [
        (Review(when="always"), (), "shows everything"),
        (Review(when="gate_failed", sample=0.05), (PASSED,), "5 % of its results"),
        (Review(when="gate_failed", sample=1), (FAILED,), ""),
        (Review(when="always"), (FAILED,), ""),
        (Review(when="never", sample=0.2), (FAILED,), "20 % of its results"),
    ],
)
def test_reason_beside_the_gates(
    review: Review, runs: tuple[GateRun, ...], words: str
) -> None:
    """Why a person looks where no gate says so; nothing where one does."""
    said = why_shown(review, runs)

    assert words in said
    assert bool(said) == bool(words)
