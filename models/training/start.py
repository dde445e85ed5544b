"""Begin with the weights of a network that is already exported."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import nn


def take_weights(net: nn.Module, exported: Path) -> None:
    """Copy the weights of an ONNX file of the same architecture into *net*.

    The exporter keeps the names of most weights; those of PReLU get new names and
    one more axis, but stay in order.

    Raises:
        ValueError: the file holds fewer or other weights.
    """
    wanted = dict(net.named_parameters())
    found = {
        each.name: torch.from_numpy(numpy_helper.to_array(each).copy())
        for each in onnx.load(exported).graph.initializer
    }
    unnamed = iter(value for name, value in found.items() if name not in wanted)
    with torch.no_grad():
        for name, parameter in wanted.items():
            value = found[name] if name in found else next(unnamed, None)
            if value is None or value.numel() != parameter.numel():
                raise ValueError(f"{exported} holds no weights for {name}")
            parameter.copy_(value.reshape(parameter.shape))
