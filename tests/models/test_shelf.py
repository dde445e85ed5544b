"""Models are found, chosen, checked and opened once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retouchd.errors import ModelError
from retouchd.models.runtime import Runtime, gpu_works, has_nvidia_device
from retouchd.models.shelf import Shelf
from retouchd.models.watch import ModelWatch

CPU = Runtime("cpu")


def test_the_default_that_reaches_the_scale_is_chosen(
    shelve: Any, upscaler: Any
) -> None:
    """The smallest sufficient scale wins, else the largest; a name wins over all."""
    shelve(upscaler(2), name="two", scale=2)
    shelve(upscaler(4), name="four", scale=4)
    shelf = Shelf([shelve(upscaler(3), name="three", scale=3, default=False)], CPU)

    chosen = [shelf.choose("upscale", scale=scale).name for scale in (0, 2, 3, 4, 9)]

    assert chosen == ["two", "two", "four", "four", "four"]
    assert shelf.choose("upscale", name="three", scale=9).name == "three"


def test_a_missing_model_says_what_there_is(shelve: Any, upscaler: Any) -> None:
    """The hint lists the models of the task."""
    shelf = Shelf([shelve(upscaler())], CPU)

    with pytest.raises(ModelError, match=r"tier hero.*made \(draft, default\)"):
        shelf.choose("upscale", tier="hero")
    with pytest.raises(ModelError, match="none for matte at all"):
        shelf.choose("matte")


def test_weights_with_an_address_may_come_later(shelve: Any, upscaler: Any) -> None:
    """They are no problem until a rule asks; then the address is named."""
    models = shelve(upscaler(), url="https://example.org/w.onnx")
    (models / "made" / "weights.onnx").unlink()
    shelf = Shelf([models], CPU)

    assert shelf.problems() == []
    with pytest.raises(ModelError, match=r"https://example\.org/w\.onnx"):
        shelf.choose("upscale")


def test_the_first_folder_wins(tmp_path: Path, shelve: Any, upscaler: Any) -> None:
    """Of two models of one name the first folder's is used."""
    first = shelve(upscaler())
    first.rename(tmp_path / "first")
    second = shelve(upscaler(seed=1))

    shelf = Shelf([tmp_path / "first", second], CPU)

    assert [one.folder.parent.name for one in shelf.manifests()] == ["first"]


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ("scale = 2", "scale = 1", "", 0),
        ('tier = "draft"', 'tier = "drfat"', "tier", 3),
        ("tile = 64", "tiel = 64", "tiel", 12),
        ('name = "x"', 'name = "x"\nsize = -1', "input.size", 16),
        ('file = "weights.onnx"', 'file = "../w.onnx"', "file", 5),
        ('task = "upscale"', "task = ", "", 2),
    ],
)
def test_a_broken_manifest_is_a_problem_with_its_place(
    shelve: Any, upscaler: Any, old: str, new: str, key: str, line: int
) -> None:
    """File, line and key of the mistake are named; the model is not there."""
    models = shelve(upscaler())
    path = models / "made" / "model.toml"
    path.write_text(path.read_text().replace(old, new))

    shelf = Shelf([models], CPU)

    problem = shelf.problems()[0]
    assert (problem.file, problem.line) == (str(path), line)
    assert problem.key.startswith(key)
    assert shelf.manifests() == []


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_wrong_weights_are_a_problem_and_never_load(
    shelve: Any, upscaler: Any, damage: str
) -> None:
    """Only the bytes that the manifest names are ever loaded."""
    models = shelve(upscaler())
    shelf = Shelf([models], CPU)
    manifest = shelf.choose("upscale")
    if damage == "missing":
        manifest.weights.unlink()
    else:
        manifest.weights.write_bytes(manifest.weights.read_bytes() + b"\0\0")

    assert len(shelf.problems()) == 1
    with pytest.raises(ModelError):
        shelf.open(manifest)


def test_rival_defaults_are_a_problem(shelve: Any, upscaler: Any) -> None:
    """Two defaults of one task, tier and scale would be a matter of chance."""
    shelve(upscaler(), name="one")
    shelf = Shelf([shelve(upscaler(), name="two")], CPU)

    assert [problem.key for problem in shelf.problems()] == ["default"]


def test_sessions_are_opened_once_and_run_side_by_side(
    shelve: Any, upscaler: Any
) -> None:
    """Threads share the session; each books its own seconds, once."""
    shelf = Shelf([shelve(upscaler())], CPU)
    session = shelf.open(shelf.choose("upscale"))
    x = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    alone = session.run({"x": x})
    seconds: list[float] = []

    def work() -> None:
        assert np.array_equal(session.run({"x": x}), alone)
        seconds.extend((session.take().wall_s, session.take().wall_s))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert shelf.open(shelf.choose("upscale")) is session
    assert session.device == "cpu"
    assert not session.fell_back
    assert len(seconds) == 8
    assert sum(one > 0 for one in seconds) == 4


def test_a_run_that_fails_is_a_model_error(shelve: Any, upscaler: Any) -> None:
    """What ONNX Runtime raises comes with the model's name."""
    shelf = Shelf([shelve(upscaler())], CPU)
    session = shelf.open(shelf.choose("upscale"))

    with pytest.raises(ModelError, match="made fails on cpu"):
        session.run({"x": np.zeros((1, 5, 8, 8), np.float32)})


def test_a_manifest_that_means_another_graph_is_refused(
    shelve: Any, upscaler: Any
) -> None:
    """Names that the graph does not have are listed beside those that it has."""
    models = shelve(upscaler())
    path = models / "made" / "model.toml"
    path.write_text(path.read_text().replace('name = "x"', 'name = "image"'))
    shelf = Shelf([models], CPU)

    with pytest.raises(ModelError, match=r"takes \['x'\].*says \['image'\]"):
        shelf.open(shelf.choose("upscale"))


@pytest.mark.skipif(has_nvidia_device(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_an_error_unless_allowed(
    shelve: Any, upscaler: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing falls back in silence, and ``auto`` does not even try."""
    models = shelve(upscaler())
    manifest = Shelf([models], CPU).choose("upscale")

    with pytest.raises(ModelError, match="not on the GPU"):
        Shelf([models], Runtime("cuda")).open(manifest)
    allowed = Shelf([models], Runtime("cuda", allow_fallback=True)).open(manifest)
    auto = Shelf([models], Runtime("auto")).open(manifest)

    assert (allowed.device, allowed.fell_back) == ("cpu", True)
    assert (auto.device, auto.fell_back) == ("cpu", False)
    assert gpu_works() == (False, "no NVIDIA device node in /dev")
    said = "".join(capfd.readouterr())
    assert said.count("model_fell_back") == 1
    assert "onnxruntime" not in said.lower()


@pytest.mark.gpu
@pytest.mark.skipif(not has_nvidia_device(), reason="needs a GPU")
def test_auto_uses_the_gpu(shelve: Any, upscaler: Any) -> None:
    """Where the device works sessions land on it, with the same result."""
    shelf = Shelf([shelve(upscaler())], Runtime("auto"))
    manifest = shelf.choose("upscale")
    x = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)

    session = shelf.open(manifest)

    assert session.on_gpu
    assert "NVIDIA" in session.device or "Tesla" in session.device
    expected = Shelf([manifest.folder.parent], CPU).open(manifest).run({"x": x})
    assert np.abs(session.run({"x": x}) - expected).max() < 1 / 255


def test_a_default_that_is_here_stands_before_one_to_be_fetched(
    tmp_path: Path, shelve: Any, upscaler: Any
) -> None:
    """One that ships with its address alone shadows nothing, and is no rival."""
    shipped = shelve(upscaler(), name="a-shipped", url="https://example.org/w.onnx")
    (shipped / "a-shipped" / "weights.onnx").unlink()
    shipped.rename(tmp_path / "shipped")
    ours = shelve(upscaler(seed=1), name="ours")

    shelf = Shelf([ours, tmp_path / "shipped"], CPU)

    assert shelf.choose("upscale").name == "ours"
    assert shelf.problems() == []


def test_the_earlier_folder_has_the_default(
    tmp_path: Path, shelve: Any, upscaler: Any
) -> None:
    """Your default of a tier counts before that which comes with the program."""
    shelve(upscaler(), name="a-shipped").rename(tmp_path / "shipped")
    ours = shelve(upscaler(seed=1), name="ours")

    shelf = Shelf([ours, tmp_path / "shipped"], CPU)

    assert shelf.choose("upscale").name == "ours"
    assert shelf.problems() == []


def test_changes_of_models_are_noticed(shelve: Any, upscaler: Any) -> None:
    """A new model, a changed manifest, weights that came; each once."""
    models = shelve(upscaler())
    watch = ModelWatch([models, models / "not-there"])
    seen = [watch.changed()]
    shelve(upscaler(), name="second")
    seen += [watch.changed(), watch.changed()]
    with (models / "made" / "model.toml").open("a") as manifest:
        manifest.write("# seen\n")
    seen.append(watch.changed())
    (models / "made" / "weights.onnx").unlink()
    seen.append(watch.changed())

    assert seen == [False, True, False, True, True]
