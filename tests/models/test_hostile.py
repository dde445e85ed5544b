"""Manifests and weights that are not what they seem are refused unread."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from onnx import helper

from retouchd.errors import ConfigError, ModelError
from retouchd.models.manifest import read_manifest
from retouchd.models.onnx_safety import refuse_unsafe
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf


@pytest.mark.parametrize(
    ("operator", "domain"),
    [
        ("RunShell", ""),
        ("RunShell", "ai.onnx"),
        ("Evil", "com.microsoft"),
        ("EPContext", "com.microsoft"),
    ],
)
def test_operators_that_the_runtime_does_not_bring_are_refused(
    operator: str, domain: str, upscaler: Any
) -> None:
    """Also within the known domains; EPContext would load a file that it names."""
    model = upscaler()
    model.graph.node.append(helper.make_node(operator, ["x"], ["z"], domain=domain))

    with pytest.raises(ModelError, match=rf"unknown operator '.*{operator}'"):
        refuse_unsafe(model.SerializeToString(), Path("m.onnx"))


def test_functions_of_the_model_are_known_operators(upscaler: Any) -> None:
    """A model may define what it uses."""
    model = upscaler()
    body = helper.make_node("Identity", ["a"], ["b"])
    opsets = [helper.make_opsetid("", 17)]
    model.functions.append(
        helper.make_function("com.microsoft", "Mine", ["a"], ["b"], [body], opsets)
    )
    model.graph.node.append(
        helper.make_node("Mine", ["x"], ["z"], domain="com.microsoft")
    )

    refuse_unsafe(model.SerializeToString(), Path("m.onnx"))


def test_weights_of_another_size_are_not_read(shelve: Any, upscaler: Any) -> None:
    """What is larger than promised may be larger than the memory."""
    shelf = Shelf([shelve(upscaler(), bytes=17)], Runtime("cpu"))

    (problem,) = shelf.problems()

    assert problem.key == "bytes"
    assert "the manifest says 17" in problem.message


def test_pipes_are_not_waited_for(tmp_path: Path, shelve: Any, upscaler: Any) -> None:
    """Neither as weights nor as a manifest."""
    models = shelve(upscaler())
    weights = models / "made/weights.onnx"
    weights.unlink()
    os.mkfifo(weights)
    os.mkfifo(tmp_path / "model.toml")

    (problem,) = Shelf([models], Runtime("cpu")).problems()

    assert "not a regular file" in problem.message
    with pytest.raises(ConfigError, match="not a regular file"):
        read_manifest(tmp_path / "model.toml")


def test_a_deep_manifest_is_refused(tmp_path: Path) -> None:
    """The parser of TOML recurses."""
    path = tmp_path / "model.toml"
    path.write_text("x = " + "[" * 20_000)

    with pytest.raises(ConfigError, match=r"model\.toml: no readable manifest: nested"):
        read_manifest(path)
