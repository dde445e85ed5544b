"""The benchmark: real runs of the daemon on few pictures, and what it makes of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from retouchd.errors import ConfigError, RetouchdError
from retouchd.media.header import size_of
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.ops.bench.bare import BareCalls, record, replay
from retouchd.ops.bench.figures import (
    MOST_OWN_MS,
    MOST_SYNCS,
    Bench,
    Figure,
    split_rows,
    threads,
)
from retouchd.ops.bench.pictures import (
    drop_pictures,
    find_photographs,
    product_picture,
    tag_pictures,
)
from retouchd.ops.bench.workplace import Measured, Share, Workplace
from retouchd.settings import shipped_folder

COPY = """\
rule: bench
steps:
  - resize: {factor: 0.5}
outputs:
  - {name: "{stem}.png"}
"""

SMALL = (96, 64)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workplace, Measured]:
    """Three good pictures and a broken one, finished by the real daemon."""
    place = Workplace(tmp_path_factory.mktemp("bench") / "run", COPY)
    drop_pictures(place.inbox, 3, (), SMALL)
    (place.inbox / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    return place, place.run()


def test_a_run_is_the_daemons_own(ran: tuple[Workplace, Measured]) -> None:
    """Results lie in ``out/``, originals in ``done/`` and ``failed/``."""
    place, measured = ran

    sizes = {path.name: size_of(path) for path in (place.hot / "out").iterdir()}

    assert sizes == {f"000{number}.png": (48, 32) for number in range(3)}
    assert (measured.delivered, measured.failed, measured.files) == (3, 1, 4)
    assert list((place.hot / "failed").rglob("broken.jpg"))


def test_a_run_counts_what_it_used(ran: tuple[Workplace, Measured]) -> None:
    """Every result costs an fsync, every step is there, no clock stands still."""
    _, measured = ran

    assert measured.syncs >= measured.delivered
    assert measured.commits >= 3  # intents, results, the end
    assert measured.supervisor_cpu_s > 0
    assert [share.step for share in measured.shares] == ["decode", "resize", "encode"]
    assert sum(share.wall_s for share in measured.shares) > 0
    assert measured.wall_s > 0


def test_split_adds_up_to_the_time_of_all_threads() -> None:
    """What no step has used is everything else."""
    shares = (Share("decode", 1.0, 0.0), Share("upscale", 3.0, 2.5))
    run = Measured(10, 0, 4.0, 0.1, 12, 4, shares)

    rows = split_rows(run)

    assert [row["part"] for row in rows] == ["decode", "upscale", "everything else"]
    assert rows[1]["ms_per_file"] == 300.0
    assert rows[1]["of_it_model_ms"] == 250.0
    assert sum(float(str(row["ms_per_file"])) for row in rows) == pytest.approx(
        400 * threads()
    )


@pytest.mark.parametrize(
    ("value", "most", "verdict"), [(1.2, 1.25, "ok"), (1.3, 1.25, "too much")]
)
def test_a_figure_is_held_against_its_limit(
    value: float, most: float, verdict: str
) -> None:
    """A limit is met or not; without one there is no verdict."""
    assert Figure("x", value, "", most).row()["verdict"] == verdict
    assert Figure("x", value, "").row()["verdict"] is None


def test_bare_calls_see_the_tiles_of_the_product(tmp_path: Path) -> None:
    """A picture wider than a window is recorded as two tiles and runs again alone."""
    shelf = Shelf((shipped_folder("models"),), Runtime("cpu"))
    wide = shelf.choose("upscale", scale=2).tile + 44
    drop_pictures(tmp_path, 1, (), (wide, 64))

    recording = record(shelf, "upscale", 2, tmp_path)

    (tiles,) = recording.tiles
    name = recording.session.manifest.input.name
    assert [tile[name].shape[2] for tile in tiles] == [64, 64]
    assert replay(recording, 1) > 0


def test_made_pictures_repeat_and_differ() -> None:
    """The same seed makes the same picture, another seed another one."""
    first, again, other = (product_picture(60, 40, seed) for seed in (1, 1, 2))

    assert first.shape == (40, 60, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_photographs_are_spread_over_the_list(tmp_path: Path) -> None:
    """More pictures than photographs repeat them; tags lie beside each."""
    photos, inbox = tmp_path / "photos", tmp_path / "in"
    photos.mkdir()
    inbox.mkdir()
    drop_pictures(photos, 2, (), SMALL)

    drop_pictures(inbox, 3, find_photographs(photos), (0, 0))
    tag_pictures(inbox)

    names = sorted(path.name for path in inbox.iterdir())
    assert names == [
        f"000{number}.jpg{ending}" for number in range(3) for ending in ("", ".json")
    ]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    """The error names the folder."""
    with pytest.raises(ConfigError, match=str(tmp_path)):
        find_photographs(tmp_path)


def test_own_work_is_told_for_each_file(tmp_path: Path) -> None:
    """Calls of fsync keep within their limit; how long all takes is the machine's.

    That is judged where a person measures: by ``retouchd bench``.
    """
    bench = Bench(tmp_path, (), None, lambda _line: None)

    figures = {figure.name: figure for figure in bench.own_work(40)}

    own, syncs = figures["daemon's own work"], figures["fsyncs"]
    assert (own.unit, own.most) == ("ms of CPU per file", MOST_OWN_MS)
    assert own.value > 0
    assert figures["whole run"].value > 0
    assert figures["of them ledger commits"].value < syncs.value <= MOST_SYNCS


@pytest.mark.slow
def test_the_command_prints_json(tmp_path: Path) -> None:
    """All figures and the split come as one JSON document."""
    drop_pictures(tmp_path, 1, (), SMALL)
    command = [sys.executable, "-m", "retouchd", "bench", "--photos", str(tmp_path)]
    done = subprocess.run(
        [*command, "--files", "2", "--pictures", "1", "--json"],
        check=True,
        capture_output=True,
        text=True,
    )

    found = json.loads(done.stdout)

    names = [figure["figure"] for figure in found["figures"]]
    assert {"upscale: run / bare", "matte: run / bare", "fsyncs"} <= set(names)
    assert [row["part"] for row in found["split"]] == [
        "decode",
        "erase",
        "upscale",
        "remove_background",
        "grade",
        "encode",
        "everything else",
    ]


def test_a_model_that_does_not_load_is_an_error_and_no_trace(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Somebody's own model may be wrong; the process that measures says how."""
    broken = tmp_path / "models" / "matte"
    shutil.copytree(shipped_folder("models") / "matte", broken)
    manifest = (broken / "model.toml").read_text()
    (broken / "model.toml").write_text(manifest.replace('name = "x"', 'name = "z"'))
    calls = BareCalls("matte", 0, 1, tmp_path, tmp_path / "models")

    with pytest.raises(RetouchdError, match="model for matte cannot be measured"):
        calls.seconds()

    said = capfd.readouterr().err
    assert "model.toml" in said
    assert "Traceback" not in said
