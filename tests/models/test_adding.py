"""A file of somebody else becomes a model: by its graph, by what is known, by trial."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from retouchd.errors import ConfigError, ModelError
from retouchd.models.adding.conventions import Conventions, known_network, presets
from retouchd.models.adding.registration import Candidacy, Wishes, examine_network
from retouchd.models.manifest import read_manifest
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.models.store import add_model, manifest_text, remove_model
from retouchd.models.tiles import enlarge

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = REPOSITORY / "sample_hotfolder" / "in"
OURS = REPOSITORY / "models"

Save = Callable[..., Path]


def sample(name: str) -> Any:
    """A sample as (H, W, 3) RGB."""
    return np.ascontiguousarray(cv2.imread(str(SAMPLES / name))[:, :, ::-1])


def bicubic(
    *,
    low: float = 0,
    high: float = 1,
    layout: str = "NCHW",
    fold: int = 1,
    swaps: bool = False,
    size: int | None = None,
) -> onnx.ModelProto:
    """A network that enlarges twice, of pixels from *low* to *high*, and clips there.

    Its edges must divide by *fold*; *swaps*: red and blue change places.
    """
    span = np.float32(high - low)
    values = {
        "low": np.float32(low),
        "span": span,
        "levels": np.float32(10),
        "zero": np.float32(0),
        "one": np.float32(1),
        "scales": np.array([1, 1, 2, 2], np.float32),
        "order": np.array([2, 1, 0] if swaps else [0, 1, 2], np.int64),
    }
    entry, exit_ = (
        ([0, 3, 1, 2], [0, 2, 3, 1]) if layout == "NHWC" else ([0, 1, 2, 3],) * 2
    )
    make = helper.make_node
    nodes = [
        make("Transpose", ["x"], ["t"], perm=entry),
        make("Sub", ["t", "low"], ["a"]),
        make("Div", ["a", "span"], ["b"]),
        # Few levels: a range that is not meant loses them.
        make("Mul", ["b", "levels"], ["b1"]),
        make("Round", ["b1"], ["b2"]),
        make("Div", ["b2", "levels"], ["b3"]),
        make("SpaceToDepth", ["b3"], ["c"], blocksize=fold),
        make("DepthToSpace", ["c"], ["d"], blocksize=fold),
        make("Resize", ["d", "", "scales"], ["e"], mode="cubic"),
        make("Clip", ["e", "zero", "one"], ["f"]),
        make("Gather", ["f", "order"], ["g"], axis=1),
        make("Mul", ["g", "span"], ["h"]),
        make("Add", ["h", "low"], ["i"]),
        make("Transpose", ["i"], ["y"], perm=exit_),
    ]
    axes = [1, size, size, 3] if layout == "NHWC" else [1, 3, size, size]
    graph = helper.make_graph(
        nodes,
        "bicubic",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, axes)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 4)],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in values.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8)


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write a network into a file."""

    def write(model: onnx.ModelProto, name: str = "their net.onnx") -> Path:
        path = tmp_path / name
        path.write_bytes(model.SerializeToString())
        return path

    return write


def examined(file: Path, task: Any = "upscale", **known: Any) -> Candidacy:
    """Examine *file* on the sample of its task."""
    picture = sample("product_mug.jpg" if task == "matte" else "camera_street.jpg")
    wishes = Wishes(task=task, tier="standard", known=Conventions(**known))
    return examine_network(file, wishes, picture)


@pytest.mark.parametrize("span", [(0, 1), (0, 255), (-1, 1)])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_layout_scale_and_range_are_found(
    save: Save, span: tuple[int, int], layout: str
) -> None:
    """Nobody says anything but the task; a run on a photograph tells the rest."""
    file = save(bicubic(low=span[0], high=span[1], layout=layout))

    manifest = examined(file).manifest

    assert (manifest.name, manifest.scale) == ("their-net", 2)
    assert manifest.input.layout == layout
    assert (manifest.input.range, manifest.output.range) == (span, span)
    assert manifest.licence == "unknown"


def test_halo_and_multiple_are_measured(save: Save) -> None:
    """A cubic kernel sees 2 pixels; one that folds blocks of 4 takes multiples of 4."""
    plain = examined(save(bicubic())).manifest
    folded = examined(save(bicubic(fold=4))).manifest

    assert (plain.multiple_of, plain.halo, plain.tileable) == (1, 2, "calibrated")
    assert folded.multiple_of == 4
    assert folded.halo % 4 == 0
    assert folded.halo >= 4


def test_a_network_of_one_size_enlarges_pictures_of_any(
    tmp_path: Path, save: Save
) -> None:
    """Windows are of exactly that size; the result is that of the open network."""
    fixed = examined(save(bicubic(size=48)))
    open_ = examined(save(bicubic(), "open.onnx"))
    for one in (fixed, open_):
        add_model(tmp_path / "m", one.manifest, one.weights)
    shelf = Shelf([tmp_path / "m"], Runtime("cpu"))
    picture = sample("camera_street.jpg")[:60, :100]

    by_name = {
        name: enlarge(shelf.open(shelf.choose("upscale", name=name)), picture)
        for name in ("their-net", "open")
    }
    small = enlarge(shelf.open(shelf.choose("upscale", name="their-net")), picture[:9])

    assert fixed.manifest.input.size == 48
    assert np.abs(by_name["their-net"].astype(int) - by_name["open"]).max() <= 1
    assert small.shape == (18, 200, 3)


def test_swapped_colours_are_noticed(save: Save) -> None:
    """Red that comes out as blue is refused, until the order is said."""
    file = save(bicubic(swaps=True))

    with pytest.raises(ModelError, match=r"none of the usual ranges|does not show"):
        examined(file)
    manifest = examined(file, output_channels="BGR").manifest

    assert manifest.output.channels == "BGR"


def test_what_is_said_wins_and_is_tried_as_well(save: Save) -> None:
    """A wrong range is not believed."""
    with pytest.raises(ModelError, match="does not show that photograph"):
        examined(save(bicubic()), range=(0, 255), output_range=(0, 255))


def test_a_network_that_makes_noise_is_refused(save: Save, upscaler: Any) -> None:
    """Random weights enlarge nothing; the file is named."""
    with pytest.raises(ModelError, match=r"random\.onnx: with none of the usual"):
        examined(save(upscaler(2), "random.onnx"))


def test_all_that_is_missing_is_listed_at_once(save: Save) -> None:
    """Size and normalisation of a matte network are in no graph."""
    file = OURS / "inpaint" / "weights.onnx"
    with pytest.raises(ConfigError, match="say --size"):
        examined(file, "inpaint")
    with pytest.raises(ConfigError, match="--mean and --std"):
        examined(OURS / "matte" / "weights.onnx", "matte")
    with pytest.raises(ConfigError, match="has not 1 channels"):
        examined(save(bicubic()), "matte", range=(0, 1))
    with pytest.raises(ConfigError, match="must take a picture and a mask"):
        examined(save(bicubic()), "inpaint")


def test_conventions_of_holes_are_found() -> None:
    """Range and polarity of our own network are those of its manifest."""
    ours = read_manifest(OURS / "inpaint" / "model.toml")

    manifest = examined(OURS / "inpaint" / "weights.onnx", "inpaint", size=256).manifest

    assert (manifest.input.range, manifest.output.range) == ((0, 1), (0, 1))
    assert manifest.mask == ours.mask


def test_a_matte_must_find_a_subject() -> None:
    """Ours finds the mug; on a wall it finds nothing, and the option is named."""
    weights = OURS / "matte" / "weights.onnx"
    wishes = Wishes("matte", "hero", known=Conventions(range=(0, 1)))

    found = examine_network(weights, wishes, sample("product_mug.jpg"))

    assert found.manifest.input.size == 320
    with pytest.raises(ModelError, match="--picture"):
        examine_network(weights, wishes, np.full((64, 64, 3), 90, np.uint8))


def test_an_unsafe_file_never_runs(save: Save) -> None:
    """External data is refused before anything is loaded."""
    model = bicubic()
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")

    with pytest.raises(ModelError, match="external data"):
        examined(save(model))


def test_a_manifest_survives_writing(save: Save, tmp_path: Path) -> None:
    """What is written is what is read, in every key."""
    manifest = examined(save(bicubic(low=-1))).manifest
    changed = manifest.model_copy(
        update={"source": 'a "quoted"\nlïne', "default": True, "non_commercial": True}
    )
    (tmp_path / "model.toml").write_text(manifest_text(changed), encoding="utf-8")

    assert read_manifest(tmp_path / "model.toml") == changed.model_copy(
        update={"folder": tmp_path}
    )


def test_a_broken_add_leaves_nothing(
    tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk gives out there is no model; the next add finds a clean place."""
    tried = examined(save(bicubic()))
    models = tmp_path / "models"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("retouchd.models.store._sync", full)
        with pytest.raises(OSError, match="No space"):
            add_model(models, tried.manifest, tried.weights)
    assert [p.name for p in models.rglob("*")] == [".unfinished"]
    (models / ".unfinished" / "model").mkdir()  # of one that was killed
    (models / ".unfinished" / "model" / "model.toml").write_text("half")
    add_model(models, tried.manifest, tried.weights)

    assert Shelf([models], Runtime("cpu")).problems() == []
    with pytest.raises(ModelError, match="already"):
        add_model(models, tried.manifest, tried.weights)
    remove_model(models, "their-net")
    assert [p.name for p in models.rglob("*")] == [".unfinished"]
    for name in ("their-net", "..", ".unfinished"):
        with pytest.raises(ModelError, match="no model named"):
            remove_model(models, name)


def test_presets_are_sure_by_digest_and_hints_by_name() -> None:
    """Every digest is one file's; a name alone brings no licence."""
    digests = [digest for one in presets() for digest in (*one.sha256, *one.md5)]

    found = known_network(b"anything", "BiRefNet-General.onnx", "matte")

    assert len(set(digests)) == len(digests)
    assert found is not None
    assert not found.by_digest
    assert found.preset.conventions.activation == "sigmoid"
    assert known_network(b"anything", "BiRefNet-General.onnx", "upscale") is None


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "task", "halo"),
    [
        ("realesr-general-x4v3", "upscale", 34),
        ("realesr-animevideov3-x4", "upscale", 18),
        ("span-ch28-x4", "upscale", 21),
        ("u2netp", "matte", 0),
        ("pushpull-lama-contract-512", "inpaint", 0),
        ("pushpull-migan-contract", "inpaint", 0),
    ],
)
def test_well_known_networks_need_no_word(
    shared_data: Path, name: str, task: str, halo: int
) -> None:
    """Task and tier are enough; the halo that is known is the one that is measured."""
    file = shared_data / "models" / f"{name}.onnx"

    manifest = examined(file, task).manifest

    assert manifest.halo == halo
