"""What the graph of a network says of itself: names, axes, types."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from retouchd.models.runtime import Runtime, create_session

Layout = Literal["NCHW", "NHWC"]

_COLOURS, _PLANE = 3, 1


@dataclass(frozen=True)
class Tensor:
    """An input or output.

    Attributes:
        kind: such as ``tensor(float)``.
        shape: pixels or channels of each axis; ``None``: any.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]

    def planes(self, layout: Layout) -> int | None:
        """Channels under *layout*; ``None``: the graph leaves them open."""
        axis = 1 if layout == "NCHW" else 3
        return self.shape[axis] if len(self.shape) == 4 else None

    def size(self, layout: Layout) -> tuple[int | None, int | None]:
        """Height and width under *layout*."""
        height, width = self.shape[2:] if layout == "NCHW" else self.shape[1:3]
        return height, width

    def layout(self, planes: int = _COLOURS) -> Layout | None:
        """Where *planes* channels stand; ``None``: the graph does not say."""
        if len(self.shape) != 4:
            return None
        if self.shape[1] == planes:
            return "NCHW"
        return "NHWC" if self.shape[3] == planes else None

    def __str__(self) -> str:
        axes = " x ".join("?" if axis is None else str(axis) for axis in self.shape)
        return f"{self.name} ({axes})"


@dataclass(frozen=True)
class Graph:
    """Everything that goes in and comes out."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def masks(self) -> tuple[Tensor, ...]:
        """Inputs with one channel, or called so."""
        return tuple(one for one in self.inputs if _is_mask(one))

    @property
    def pictures(self) -> tuple[Tensor, ...]:
        """All other inputs."""
        return tuple(one for one in self.inputs if not _is_mask(one))


def _is_mask(tensor: Tensor) -> bool:
    if "mask" in tensor.name.lower():
        return True
    return tensor.layout(_PLANE) is not None


def read_graph(weights: bytes, file: Path) -> Graph:
    """Load *weights* on the processor and read what they take and give.

    Args:
        weights: bytes that ``onnx_safety`` has passed.
        file: named in the error.

    Raises:
        ModelError: ONNX Runtime does not load them.
    """
    session = create_session(weights, Runtime("cpu"), file)
    return Graph(
        tuple(_tensor(node) for node in session.get_inputs()),
        tuple(_tensor(node) for node in session.get_outputs()),
    )


def _tensor(node: Any) -> Tensor:
    shape = tuple(axis if isinstance(axis, int) else None for axis in node.shape)
    return Tensor(node.name, node.type, shape)
