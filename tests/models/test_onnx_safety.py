"""Models that reach outside themselves never get to ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from retouchd.errors import ModelError
from retouchd.models.onnx_safety import refuse_unsafe
from retouchd.models.runtime import _ONE_CONVOLUTION

Hide = Callable[[onnx.ModelProto, onnx.TensorProto], None]


def external() -> onnx.TensorProto:
    """A tensor whose values are another file's bytes."""
    tensor = TensorProto(data_type=TensorProto.UINT8, dims=[4], name="w")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    return tensor


def node_with(**attributes: object) -> onnx.NodeProto:
    """A node that carries attributes."""
    return helper.make_node("Constant", [], ["c"], **attributes)


def in_subgraph(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    """Hide in the branch of an If."""
    inner = helper.make_graph([], "inner", [], [], [tensor])
    branch = helper.make_node("If", ["x"], ["z"], then_branch=inner)
    model.graph.node.append(branch)


def in_function(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    """Hide in the body of a function of the model."""
    model.functions.append(
        helper.make_function("", "F", [], ["c"], [node_with(value=tensor)], [])
    )


def in_sparse(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    """Hide in the values of a sparse initializer."""
    sparse = onnx.SparseTensorProto()
    sparse.values.CopyFrom(tensor)
    model.graph.sparse_initializer.append(sparse)


def in_training(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    """Hide in the graph for training."""
    model.training_info.add().algorithm.initializer.append(tensor)


def in_attribute_list(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    """Hide in an attribute that lists tensors."""
    model.graph.node.append(node_with(values=[tensor]))


def without_location(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    """Name the file, but do not say EXTERNAL."""
    tensor.ClearField("data_location")
    model.graph.initializer.append(tensor)


@pytest.mark.parametrize(
    "hide",
    [
        lambda model, tensor: model.graph.initializer.append(tensor),
        lambda model, tensor: model.graph.node.append(node_with(value=tensor)),
        in_subgraph,
        in_function,
        in_sparse,
        in_training,
        in_attribute_list,
        without_location,
    ],
)
def test_external_data_is_refused_wherever_it_hides(hide: Hide, upscaler: Any) -> None:
    """Every message that can hold a tensor is visited."""
    model = upscaler()
    refuse_unsafe(model.SerializeToString(), Path("good.onnx"))

    hide(model, external())

    with pytest.raises(ModelError, match=r"bad\.onnx: .*external data"):
        refuse_unsafe(model.SerializeToString(), Path("bad.onnx"))


@pytest.mark.parametrize("domain", ["evil.ops", "ai.onnx.training"])
def test_unknown_operators_are_refused(domain: str, upscaler: Any) -> None:
    """Operators of libraries that would have to be loaded are named."""
    model = upscaler()
    model.graph.node.append(helper.make_node("Run", ["x"], ["z"], domain=domain))

    with pytest.raises(ModelError, match=domain):
        refuse_unsafe(model.SerializeToString(), Path("m.onnx"))


@pytest.mark.parametrize("cut", [1, 10, 100, 1000])
def test_a_cut_file_is_refused(cut: int, upscaler: Any) -> None:
    """A model that lost its end is no model."""
    with pytest.raises(ModelError):
        refuse_unsafe(upscaler().SerializeToString()[:-cut], Path("m.onnx"))


@pytest.mark.parametrize("junk", [b"", b"\xff" * 40, b"PK\x03\x04" + b"\0" * 60])
def test_junk_is_refused(junk: bytes) -> None:
    """Bytes of another kind end as one clear error."""
    with pytest.raises(ModelError, match=r"no ONNX model|cut off"):
        refuse_unsafe(junk, Path("m.onnx"))


def test_nesting_without_end_is_refused(upscaler: Any) -> None:
    """Subgraphs in subgraphs are followed only so far."""
    graph = helper.make_graph([], "leaf", [], [])
    for _ in range(25):
        node = helper.make_node("If", ["x"], ["z"], then_branch=graph)
        graph = helper.make_graph([node], "deeper", [], [])
    model = upscaler()
    model.graph.node.extend(graph.node)

    with pytest.raises(ModelError, match="nested"):
        refuse_unsafe(model.SerializeToString(), Path("m.onnx"))


def test_the_probe_of_the_gpu_is_a_valid_model() -> None:
    """The convolution that proves a device passes the checker and our own look."""
    onnx.checker.check_model(onnx.load_from_string(_ONE_CONVOLUTION))

    refuse_unsafe(_ONE_CONVOLUTION, Path("probe"))
