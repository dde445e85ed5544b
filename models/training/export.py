"""Write ``weights.onnx`` and the facts about it in ``model.toml``.

The same checkpoint gives the same bytes; a reader never meets a half-written file.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

LOG = logging.getLogger("training")
OPSET = 17
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Contract:
    """Names and sizes that callers of the ONNX file rely on."""

    inputs: dict[str, tuple[int, ...]]
    """Input name to an example shape (N, C, H, W)."""
    any_size: bool
    """Whether H and W are free; N always is."""
    check_sizes: tuple[tuple[int, int], ...] = ()
    """Further (H, W) at which ONNX Runtime is compared with PyTorch."""


def publish(net: nn.Module, contract: Contract, folder: Path) -> None:
    """Export *net*, check it, then replace weights and manifest in *folder*.

    Raises:
        RuntimeError: ONNX Runtime differs from PyTorch by more than ``TOLERANCE``.
    """
    net = net.eval().to(memory_format=torch.contiguous_format)
    body = to_onnx(net, contract)
    error = largest_difference(net, body, contract)
    if error > TOLERANCE:
        msg = f"{folder.name}: ONNX differs from PyTorch by {error:.2e}"
        raise RuntimeError(msg)
    replace(folder / "weights.onnx", body)
    record(folder / "model.toml", body)
    LOG.info("%s: %d bytes, off by %.1e at most", folder.name, len(body), error)


def to_onnx(net: nn.Module, contract: Contract) -> bytes:
    """Serialise to one ONNX file, opset 17, by the legacy (tracing) exporter."""
    examples = tuple(example(shape, seed=0) for shape in contract.inputs.values())
    free = {0: "n", 2: "h", 3: "w"} if contract.any_size else {0: "n"}
    grown = {0: "n", 2: "out_h", 3: "out_w"} if contract.any_size else {0: "n"}
    buffer = io.BytesIO()
    torch.onnx.export(
        net,
        examples,
        buffer,
        opset_version=OPSET,
        dynamo=False,
        input_names=list(contract.inputs),
        output_names=["y"],
        dynamic_axes={**dict.fromkeys(contract.inputs, free), "y": grown},
    )
    onnx.checker.check_model(onnx.load_from_string(buffer.getvalue()))
    return buffer.getvalue()


def largest_difference(net: nn.Module, body: bytes, contract: Contract) -> float:
    """Compare ONNX Runtime with PyTorch on random input of several sizes."""
    session = onnxruntime.InferenceSession(body, providers=["CPUExecutionProvider"])
    first = next(iter(contract.inputs.values()))
    worst = 0.0
    for size in (first[2:], *contract.check_sizes):
        feeds = {
            name: example((2, shape[1], *size), seed=1)
            for name, shape in contract.inputs.items()
        }
        with torch.no_grad():
            wanted = net(*feeds.values()).numpy()
        (got,) = session.run(None, {name: x.numpy() for name, x in feeds.items()})
        worst = max(worst, float(np.abs(wanted - got).max()))
    return worst


def example(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Noise in 0..1; one channel means a mask: a box of ones in the middle."""
    if shape[1] == 1:
        mask = torch.zeros(shape)
        height, width = shape[2:]
        mask[:, :, height // 4 : height // 2, width // 4 : width // 2] = 1
        return mask
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def record(manifest: Path, body: bytes) -> None:
    """Write digest and size of *body* into the manifest; the rest stays as it is."""
    text = manifest.read_text(encoding="utf-8")
    digest = hashlib.sha256(body).hexdigest()
    text = re.sub(r'(?m)^sha256 = ".*"$', f'sha256 = "{digest}"', text)
    text = re.sub(r"(?m)^bytes = \d+$", f"bytes = {len(body)}", text)
    replace(manifest, text.encode())


def replace(target: Path, body: bytes) -> None:
    """Put *body* at *target* in one step."""
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as draft:
        draft.write(body)
    Path(draft.name).chmod(0o644)
    Path(draft.name).replace(target)
