"""The cut-out network: a light U-Net with a view of the whole picture."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from training.inpaint_net import join
from training.networks import conv


class Stage(nn.Module):
    """Convolution, batch norm (folded into the weights on export), ReLU."""

    def __init__(
        self, wide_in: int, wide_out: int, stride: int = 1, reach: int = 3
    ) -> None:
        super().__init__()
        self.layer = nn.Conv2d(
            wide_in,
            wide_out,
            reach,
            stride=stride,
            padding=(reach - 1) // 2,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(wide_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Turn (N, wide_in, H, W) into (N, wide_out, H / stride, W / stride)."""
        return functional.relu(self.norm(self.layer(x)))


class Cutout(nn.Module):
    """Five halvings, a view of the whole, five doublings; 0.95 M weights."""

    def __init__(self) -> None:
        super().__init__()
        self.down1 = Stage(3, 16, stride=2, reach=4)
        self.down2 = nn.Sequential(Stage(16, 32, stride=2), Stage(32, 32))
        self.down3 = nn.Sequential(Stage(32, 64, stride=2), Stage(64, 64))
        self.down4 = nn.Sequential(Stage(64, 80, stride=2), Stage(80, 80))
        self.down5 = Stage(80, 112, stride=2)
        self.near = Stage(112, 112)
        self.far = Stage(112, 112, reach=5)
        self.whole = nn.Conv2d(112, 112, 1)
        self.up4 = Stage(112 + 80, 80)
        self.up3 = Stage(80 + 64, 64)
        self.up2 = Stage(64 + 32, 32)
        self.up1 = Stage(32 + 16, 16)
        self.leave = conv(16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Separate subject and background.

        The network itself works at half the size; that fits what a short training
        can learn, and the caller refines the edge at full size anyway.

        Args:
            x: float (N, 3, 320, 320), RGB 0..1, the whole picture squeezed; in
                training already halved, (N, 3, 160, 160).

        Returns:
            (N, 1, 320, 320), alpha 0..1; in training logits of (N, 1, 160, 160).
        """
        if self.training:
            return self.logits(x)
        rough = self.logits(functional.avg_pool2d(x, 2))
        return torch.sigmoid(
            functional.interpolate(
                rough, scale_factor=2, mode="bilinear", align_corners=False
            )
        )

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Score each pixel: (N, 3, S, S), 0..1, to (N, 1, S, S), unbounded."""
        one = self.down1((x - 0.45) * 4)
        two = self.down2(one)
        three = self.down3(two)
        four = self.down4(three)
        deep = self.context(self.down5(four))
        deep = self.up4(join(deep, four))
        deep = self.up3(join(deep, three))
        deep = self.up2(join(deep, two))
        deep = self.up1(join(deep, one))
        return functional.pixel_shuffle(self.leave(deep), 2)

    def context(self, deep: torch.Tensor) -> torch.Tensor:
        """Add what the neighbourhood and the whole picture say, (N, 112, 5, 5)."""
        deep = deep + self.near(deep)
        deep = deep + self.far(deep)
        return deep + self.whole(deep.mean((2, 3), keepdim=True))
