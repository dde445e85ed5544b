"""What is exported is what was trained, byte for byte the same each time."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch
from training.export import TOLERANCE, Contract, largest_difference, publish, to_onnx
from training.inpaint_net import Inpainter
from training.matte_net import Cutout
from training.networks import CompactUpscaler, ResidualUpscaler
from training.start import take_weights

UPSCALE = Contract(
    inputs={"x": (1, 3, 16, 16)}, any_size=True, check_sizes=((13, 21), (24, 10))
)
INPAINT = Contract(
    inputs={"image": (1, 3, 32, 32), "mask": (1, 1, 32, 32)},
    any_size=True,
    check_sizes=((48, 32),),
)
MATTE = Contract(inputs={"x": (1, 3, 320, 320)}, any_size=False)
CASES = [
    (lambda: CompactUpscaler(2, width=8, depth=2), UPSCALE),
    (lambda: ResidualUpscaler(4, width=8, blocks=2), UPSCALE),
    (lambda: Inpainter((8, 8, 16)), INPAINT),
    (Cutout, MATTE),
]

# The exporter that traces is deterministic; PyTorch announces that it will go.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]


def made(make: object) -> torch.nn.Module:
    """A network with seeded weights, ready for export."""
    torch.manual_seed(0)
    net = make()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, 0.02, 0.1)
    return net.eval()


@pytest.mark.parametrize(("make", "contract"), CASES)
def test_onnx_runtime_agrees_with_pytorch(make: object, contract: Contract) -> None:
    """At several sizes the two differ by less than 1e-4, and no export differs."""
    net = made(make)

    bodies = [to_onnx(net, contract) for _ in range(2)]

    assert bodies[0] == bodies[1]
    assert largest_difference(net, bodies[0], contract) < TOLERANCE


def test_publishing_books_digest_and_size(tmp_path: Path) -> None:
    """The manifest tells what lies beside it; everything else in it stays."""
    (tmp_path / "model.toml").write_text(
        'name = "n"\nsha256 = ""\nbytes = 0\nscale = 2\n'
    )

    publish(made(CASES[0][0]), UPSCALE, tmp_path)

    body = (tmp_path / "weights.onnx").read_bytes()
    lines = (tmp_path / "model.toml").read_text().splitlines()
    assert lines[2] == f"bytes = {len(body)}"
    assert lines[3] == "scale = 2"
    onnx.checker.check_model(onnx.load_from_string(body))


def test_weights_survive_the_way_back(tmp_path: Path) -> None:
    """A network that takes the weights of an export exports the same bytes."""
    body = to_onnx(made(CASES[1][0]), UPSCALE)
    (tmp_path / "w.onnx").write_bytes(body)
    other = CASES[1][0]().eval()

    take_weights(other, tmp_path / "w.onnx")

    assert to_onnx(other, UPSCALE) == body


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    """Too few or too large weights are not taken silently."""
    (tmp_path / "w.onnx").write_bytes(to_onnx(made(CASES[0][0]), UPSCALE))

    with pytest.raises(ValueError, match="holds no weights for"):
        take_weights(ResidualUpscaler(4, width=8, blocks=2), tmp_path / "w.onnx")
