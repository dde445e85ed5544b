"""Twenty steps on a tiny set make each loss smaller; batches depend on their number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional
from training.ahead import Ahead
from training.holes import random_hole
from training.inpaint_net import Inpainter
from training.loop import Plan, Trainer, rate_share
from training.losses import hole_loss, matte_loss
from training.matte_net import Cutout
from training.networks import ResidualUpscaler
from training.resample import resize_bytes
from training.worn_pairs import WornPairs

STEPS = 20
Loss = Callable[[torch.nn.Module], torch.Tensor]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two made photos."""
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        rough = rng.integers(0, 256, (16, 20, 3), np.uint8)
        cv2.imwrite(str(tmp_path / name), resize_bytes(rough, 256, 320))
    return tmp_path


def upscaling() -> tuple[torch.nn.Module, Loss]:
    """A tiny upscaler and a batch of smooth pictures."""
    large = functional.interpolate(torch.rand(4, 3, 8, 8), size=64, mode="bicubic")
    small = functional.interpolate(large, scale_factor=0.25, mode="area")
    net = ResidualUpscaler(4, width=8, blocks=1)
    return net, lambda net: functional.l1_loss(net(small).float(), large)


def inpainting() -> tuple[torch.nn.Module, Loss]:
    """A tiny inpainter and slopes with holes."""
    slope = torch.linspace(0, 1, 64).expand(4, 3, 64, 64).contiguous()
    rng = np.random.default_rng(0)
    shapes = [random_hole(64, 30, rng) for _ in range(4)]
    masks = torch.from_numpy(np.stack(shapes)[:, None])
    net = Inpainter((8, 8, 16))
    return net, lambda net: hole_loss(net(slope, masks), slope, masks)


def cutting() -> tuple[torch.nn.Module, Loss]:
    """The cut-out network and bright squares."""
    alpha = torch.zeros(4, 1, 64, 64)
    alpha[:, :, 16:48, 16:48] = 1
    x = alpha.expand(-1, 3, -1, -1) * 0.8 + 0.1
    return Cutout(), lambda net: matte_loss(net(x), alpha)


@pytest.mark.parametrize("make", [upscaling, inpainting, cutting])
def test_the_loss_falls(
    make: Callable[[], tuple[torch.nn.Module, Loss]], tmp_path: Path
) -> None:
    """Twenty steps are enough to see that gradients flow."""
    torch.manual_seed(0)
    net, loss_of = make()
    plan = Plan(minutes=1e6, learning_rate=0.1, checkpoint=tmp_path / "c.pt")
    trainer = Trainer(net, plan)

    losses = [trainer._step(lambda net, *_: loss_of(net)) for _ in range(STEPS)]

    assert np.mean(losses[-5:]) < np.mean(losses[:3])


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """A checkpoint restores weights, the average, and how far it was."""
    plan = Plan(minutes=1e6, learning_rate=0.1, checkpoint=tmp_path / "c.pt")
    net, loss_of = upscaling()
    first = Trainer(net, plan)
    for _ in range(3):
        first._step(lambda net, *_: loss_of(net))
    first.save()

    second = Trainer(ResidualUpscaler(4, width=8, blocks=1), plan)

    assert second.iteration == 3
    for one, two in zip(
        first.average.parameters(), second.average.parameters(), strict=True
    ):
        assert torch.equal(one, two)


def test_the_rate_warms_up_and_falls() -> None:
    """It starts low, is highest early and ends near nothing."""
    shares = [rate_share(progress) for progress in (0, 0.02, 0.5, 1)]

    assert shares[0] < 0.1
    assert shares[1] > 0.95
    assert shares[1] > shares[2] > shares[3]
    assert shares[3] < 0.02


def test_batches_depend_on_their_number(photos: Path) -> None:
    """Worn pairs are the same for the same seed and number, drawn ahead or not."""
    pairs = WornPairs(photos, scale=4, seed=1)
    ahead = Ahead(lambda number, _: pairs.batch(number, small_px=16))

    small, large = pairs.batch(2, small_px=16)
    ahead.take(1, 0.0)
    early, _ = ahead.take(2, 0.0)

    assert small.shape == (16, 3, 16, 16)
    assert large.shape == (16, 3, 64, 64)
    assert torch.equal(small, early)
    assert not torch.equal(small, pairs.batch(3, small_px=16)[0])
