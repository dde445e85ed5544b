"""Manifests and ONNX files that mean harm."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from .trap import Trap

MANIFEST = """name = "evil"
task = "upscale"
tier = "draft"
file = "weights.onnx"
sha256 = "{sha256}"
bytes = {bytes}
licence = "MIT"
source = "made by a test"
scale = 2
[input]
name = "x"
[output]
name = "y"
"""


def manifest_traps() -> Iterator[Trap]:
    """Yield manifests that climb, lie, nest or block."""
    text = MANIFEST.format(sha256="0" * 64, bytes=10)
    changes = {
        "deep": ("x = " + "[" * 20_000, "nested"),
        "long": (text + "#" * 70_000, "longer than"),
        "climb": (text.replace("weights.onnx", "../../secret"), "file"),
        "absolute": (text.replace("weights.onnx", "/etc/passwd"), "file"),
        "folder": ('folder = "/etc"\n' + text, "folder"),
        "huge": (text.replace("bytes = 10", "bytes = -1"), "bytes"),
        "unknown": ('run = "touch pwned"\n' + text, "run"),
        "no-text": ("name = '\udcff'\n", "manifest"),
        "not-there": (text, "weights"),
    }
    for word, (content, words) in changes.items():
        data = content.encode("utf-8", "surrogateescape")
        yield Trap(
            f"manifest-{word}",
            lambda folder, data=data: (
                _model_folder(folder).joinpath("model.toml").write_bytes(data)
            ),
            "model.toml",
            words,
        )
    yield Trap(
        "manifest-pipe",
        lambda folder: os.mkfifo(_model_folder(folder) / "model.toml"),
        "model.toml",
        "regular",
    )


def _model_folder(folder: Path) -> Path:
    made = folder / "models/evil"
    made.mkdir(parents=True, exist_ok=True)
    return made


def shelve(folder: Path, weights: bytes, size: int | None = None) -> None:
    """Write a model with a manifest that fits its bytes."""
    made = _model_folder(folder)
    (made / "weights.onnx").write_bytes(weights)
    digest = hashlib.sha256(weights).hexdigest()
    claimed = len(weights) if size is None else size
    (made / "model.toml").write_text(MANIFEST.format(sha256=digest, bytes=claimed))


def model_traps() -> Iterator[Trap]:
    """Yield networks that reach outside themselves, or are none."""
    for word, model in _external_models():
        yield _model(f"external-{word}", model.SerializeToString(), "external data")
    for word, node, words in (
        (
            "domain",
            helper.make_node("Run", ["x"], ["z"], domain="evil.ops"),
            "evil.ops",
        ),
        ("operator", helper.make_node("RunShell", ["x"], ["z"]), "RunShell"),
        (
            "microsoft",
            helper.make_node("Evil", ["x"], ["z"], domain="com.microsoft"),
            "Evil",
        ),
        (
            "context",
            helper.make_node("EPContext", ["x"], ["z"], domain="com.microsoft"),
            "EPContext",
        ),
    ):
        model = _identity()
        model.graph.node.append(node)
        yield _model(word, model.SerializeToString(), words)
    sound = _identity().SerializeToString()
    yield _model("cut", sound[:-3], "cut off")
    yield _model("junk", b"\xff" * 99, "cut off")
    yield _model("pickle", b"\x80\x04cos\nsystem\n(S'touch pwned'\ntR.", "ONNX")
    yield _model("archive", b"PK\x03\x04" + bytes(80), "ONNX")
    yield _model("size", sound, "bytes", size=1 << 40)
    yield _model("deep", _nested(20).SerializeToString(), "nested")
    yield Trap("model-pipe", _piped_weights, "model.toml", "regular file")


def _model(name: str, weights: bytes, words: str, size: int | None = None) -> Trap:
    return Trap(
        f"model-{name}",
        lambda folder: shelve(folder, weights, size),
        "model.toml",
        words,
    )


def _piped_weights(folder: Path) -> None:
    shelve(folder, b"x")
    weights = folder / "models/evil/weights.onnx"
    weights.unlink()
    os.mkfifo(weights)


def _identity(nodes: list[onnx.NodeProto] | None = None) -> onnx.ModelProto:
    """A network that changes nothing."""
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"
    ]
    nodes = nodes or [helper.make_node("Identity", ["x"], ["y"])]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def _nested(depth: int) -> onnx.ModelProto:
    graph = helper.make_graph([], "leaf", [], [])
    for _ in range(depth):
        node = helper.make_node("If", ["x"], ["y"], then_branch=graph)
        graph = helper.make_graph([node], "g", [], [])
    return helper.make_model(graph)


def _external_models() -> Iterator[tuple[str, onnx.ModelProto]]:
    """Weights in another file, hidden wherever a tensor can stand."""
    tensor = TensorProto(data_type=TensorProto.UINT8, dims=[4], name="w")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../secret")
    constant = helper.make_node("Constant", [], ["c"], value=tensor)
    sparse = onnx.SparseTensorProto(dims=[4])
    sparse.values.CopyFrom(tensor)
    branch = helper.make_graph([], "inner", [], [], [tensor])

    model = _identity()
    model.graph.initializer.append(tensor)
    yield "initializer", model
    yield "attribute", _identity([constant])
    yield "list", _identity([helper.make_node("Constant", [], ["c"], values=[tensor])])
    yield (
        "subgraph",
        _identity([helper.make_node("If", ["x"], ["y"], then_branch=branch)]),
    )
    model = _identity()
    model.graph.sparse_initializer.append(sparse)
    yield "sparse", model
    model = _identity()
    model.functions.append(helper.make_function("", "F", [], ["c"], [constant], []))
    yield "function", model
    model = _identity()
    model.training_info.add().initialization.initializer.append(tensor)
    yield "training", model
    tensor.ClearField("data_location")
    yield (
        "without-location",
        _identity([helper.make_node("Constant", [], ["c"], value=tensor)]),
    )
