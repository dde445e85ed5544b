"""The two upscalers: local operations only, so tiles with a halo are exact."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


def conv(wide_in: int, wide_out: int) -> nn.Conv2d:
    """3 x 3 convolution with zero padding; adds one pixel to the radius."""
    return nn.Conv2d(wide_in, wide_out, 3, padding=1)


class CompactUpscaler(nn.Module):
    """SRVGG: plain convolutions at the small size, pixel shuffle, nearest skip.

    The radius of its receptive field is ``depth + 2`` input pixels.
    Source: the compact form of Real-ESRGAN (arXiv 2107.10833), reimplemented.
    """

    def __init__(self, scale: int, width: int = 32, depth: int = 8) -> None:
        super().__init__()
        self.scale = scale
        layers: list[nn.Module] = [conv(3, width), nn.PReLU(width)]
        for _ in range(depth):
            layers += [conv(width, width), nn.PReLU(width)]
        self.body = nn.Sequential(*layers)
        self.tail = conv(width, 3 * scale**2)
        start_small(self.tail)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Enlarge float (N, 3, H, W), 0..1, to (N, 3, sH, sW), clamped in eval."""
        detail = functional.pixel_shuffle(self.tail(self.body(x)), self.scale)
        return finish(self, enlarge_nearest(x, self.scale) + detail)


class ResidualUpscaler(nn.Module):
    """Residual blocks of two convolutions; radius ``2 * blocks + 2`` input pixels."""

    def __init__(self, scale: int, width: int = 48, blocks: int = 6) -> None:
        super().__init__()
        self.scale = scale
        self.head = conv(3, width)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.tail = conv(width, 3 * scale**2)
        start_small(self.tail)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Enlarge float (N, 3, H, W), 0..1, to (N, 3, sH, sW), clamped in eval."""
        detail = functional.pixel_shuffle(
            self.tail(self.blocks(self.head(x))), self.scale
        )
        return finish(self, enlarge_nearest(x, self.scale) + detail)


class ResidualBlock(nn.Module):
    """x + conv(prelu(conv(x))), without normalisation (it would shift colours)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            conv(width, width), nn.PReLU(width), conv(width, width)
        )
        start_small(self.inner[2])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine float (N, width, H, W)."""
        return x + self.inner(x)


def start_small(layer: nn.Conv2d, share: float = 0.1) -> None:
    """Shrink the first weights, so that training starts near the skip connection."""
    nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layer.weight.mul_(share)


def enlarge_nearest(x: torch.Tensor, scale: int) -> torch.Tensor:
    """Repeat each pixel *scale* times both ways; exact in every runtime."""
    return functional.interpolate(x, scale_factor=scale, mode="nearest")


def finish(net: nn.Module, y: torch.Tensor) -> torch.Tensor:
    """Clamp to 0..1 when exporting; in training a clamp would stop the gradient."""
    return y if net.training else y.clamp(0, 1)
