"""``retouchd try``: a rule on files, without anything around it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.media.vips import pyvips

SAMPLES = Path(__file__).resolve().parents[2] / "sample_hotfolder" / "in"

Type = Callable[..., Any]


def test_writes_results_and_a_sheet(really: Type, here: Path) -> None:
    """Outputs as the daemon names them, and a picture of before and after."""
    files = [SAMPLES / "lowres_watch.webp", SAMPLES / "camera_street.jpg"]

    answer = really("try", "web", *files, "--out", "out")

    sheet = pyvips.Image.new_from_file(str(here / "out" / "before-after.jpg"))
    assert answer.code == 0
    assert answer.err == ""  # no progress bar in a pipe
    assert answer.out.splitlines()[-1] == "before and after: out/before-after.jpg"
    assert {path.name for path in (here / "out").iterdir()} == {
        "lowres_watch.webp", "camera_street.webp", "before-after.jpg",
    }  # fmt: skip
    assert (sheet.width, sheet.height) == (2 * 480 + 3 * 12, 2 * 480 + 2 * 12 + 24)


def test_some_fail_and_the_others_are_written(really: Type, here: Path) -> None:
    """Exit code 3; the reason and the way out stand beside the name."""
    files = [SAMPLES / "broken_upload.jpg", SAMPLES / "lowres_watch.webp"]

    answer = really("try", "web", *files, "--out", "out")

    assert answer.code == 3
    assert "broken_upload.jpg: failed: the file is cut short or damaged" in answer.out
    assert "(copy it again" in answer.out
    assert (here / "out" / "lowres_watch.webp").is_file()


def test_finds_tags_beside_the_file(really: Type, here: Path) -> None:
    """The sidecar is read as in a hot folder: only the blob changes."""
    for name in ("generator_bottle.png", "generator_bottle.png.json"):
        shutil.copy(SAMPLES / name, here)

    answer = really("try", "retouch", "generator_bottle.png", "--out", "out")

    before = pyvips.Image.new_from_file("generator_bottle.png")
    after = pyvips.Image.new_from_file("out/generator_bottle.png")
    changed = (before[:3] != after[:3]).bandor()
    left, top, width, height = changed.find_trim(background=[0], threshold=1)
    assert answer.code == 0
    assert 0 < width < 140
    assert 0 < height < 140
    assert (left, top) > (500, 150)


def test_a_rule_file_and_nothing_overwritten(really: Type, here: Path) -> None:
    """A rule on its way into rules_dir can be tried by its path, again and again."""
    (here / "mine.yaml").write_text(
        'rule: mine\noutputs:\n  - {name: "{stem}.png", long_edge: 64}\n'
    )
    words = ["try", "./mine.yaml", SAMPLES / "lowres_watch.webp", "--out", "out"]

    first, second = really(*words), really(*words)

    results = sorted(path.name for path in (here / "out").glob("*.png"))
    assert (first.code, second.code) == (0, 0)
    assert len(results) == 2


@pytest.mark.parametrize("tier", ["hero"])
def test_a_tier_without_a_model_says_so(really: Type, tier: str) -> None:
    """What is missing is told for the file, with what there is."""
    answer = really(
        "try", "enlarge", SAMPLES / "lowres_watch.webp", "--out", "o", "--tier", tier
    )

    assert answer.code == 3
    assert f"no model for upscale as default of the tier {tier}" in answer.out


def test_one_frame_stands_for_its_sequence(really: Type, here: Path) -> None:
    """Under a rule for sequences all frames beside it are tried, once."""
    (here / "shots.yaml").write_text(
        'rule: shots\nmatch: {kind: sequence, files: ["*.png"]}\noutputs:\n'
        '  - {name: "{stem}.mkv", codec: ffv1}\n  - {name: "{stem}_{frame}.jpg"}\n'
    )
    for number in range(1, 13):
        picture = pyvips.Image.black(32, 16, bands=3).copy(interpretation="srgb")
        picture.pngsave(f"shot_{number:02d}.png")

    frames = ["shot_03.png", "shot_04.png"]
    answer = really("try", "./shots.yaml", *frames, "--out", "out")

    assert answer.code == 0
    assert answer.out.startswith("shot_01.png → out/shot.mkv, out/shot_01.jpg, ")
    assert "(13 files in all), out/shot_12.jpg" in answer.out
    assert sorted(path.name for path in (here / "out").iterdir()) == [
        "shot.mkv",
        *(f"shot_{number:02d}.jpg" for number in range(1, 13)),
    ]
