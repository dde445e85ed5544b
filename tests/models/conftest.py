"""Small real networks for the tests of this room, made with the onnx package."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

ShelveModel = Callable[..., Path]
MakeModel = Callable[..., onnx.ModelProto]


def make_upscaler(scale: int = 2, layers: int = 3, seed: int = 0) -> onnx.ModelProto:
    """A random convolutional network that enlarges; its receptive field is *layers*."""
    random = np.random.default_rng(seed)
    nodes, weights, last, wide = [], [], "x", 3
    for layer in range(layers):
        wide_out = 3 * scale**2 if layer == layers - 1 else 8
        values = random.normal(0, (wide * 9) ** -0.5, (wide_out, wide, 3, 3))
        weights.append(numpy_helper.from_array(values.astype(np.float32), f"w{layer}"))
        nodes.append(
            helper.make_node(
                "Conv", [last, f"w{layer}"], [f"c{layer}"], pads=[1, 1, 1, 1]
            )
        )
        nodes.append(helper.make_node("LeakyRelu", [f"c{layer}"], [f"r{layer}"]))
        last, wide = f"r{layer}", wide_out
    nodes.append(
        helper.make_node("DepthToSpace", [last], ["y"], blocksize=scale, mode="CRD")
    )
    return make_model(nodes, ["x"], weights)


def make_model(
    nodes: list[onnx.NodeProto],
    inputs: list[str],
    weights: list[onnx.TensorProto] | None = None,
) -> onnx.ModelProto:
    """A model of float tensors of four open axes, with the output ``y``."""
    axes = [None] * 4
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, axes) for n in inputs],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, axes)],
        weights or [],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8)


def manifest_text(weights: bytes, **changes: object) -> str:
    """A manifest for an upscaler of scale 2 with radius 3; *changes* win."""
    values: dict[str, object] = {
        "name": "made",
        "task": "upscale",
        "tier": "draft",
        "default": True,
        "file": "weights.onnx",
        "sha256": hashlib.sha256(weights).hexdigest(),
        "bytes": len(weights),
        "licence": "CC0-1.0",
        "source": "test",
        "scale": 2,
        "tileable": "exact",
        "tile": 64,
        "halo": 3,
    } | changes
    lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
    return "\n".join([*lines, '[input]\nname = "x"', '[output]\nname = "y"', ""])


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


@pytest.fixture
def upscaler() -> MakeModel:
    """Makes random networks that enlarge."""
    return make_upscaler


@pytest.fixture
def model_of() -> MakeModel:
    """Makes a model of nodes."""
    return make_model


@pytest.fixture
def shelve(tmp_path: Path) -> ShelveModel:
    """Write a model into a folder of models; returns that folder."""

    def write(model: onnx.ModelProto | bytes, **changes: object) -> Path:
        weights = model if isinstance(model, bytes) else model.SerializeToString()
        models = tmp_path / "models"
        folder = models / str(changes.get("name", "made"))
        folder.mkdir(parents=True)
        (folder / "weights.onnx").write_bytes(weights)
        (folder / "model.toml").write_text(manifest_text(weights, **changes))
        return models

    return write
