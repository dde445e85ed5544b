"""The inpainting network: a smooth fill inside the graph, plus a learned residual."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from training.networks import conv, start_small

LEVELS = 4
KNOWN = 1e-4
"""Share of known pixels from which a cell of the pyramid counts as known."""


def smooth_fill(known: torch.Tensor, hole: torch.Tensor) -> torch.Tensor:
    """Fill the hole with a near-harmonic surface, coarse to fine.

    Each level takes the colours that are known there, the next coarser fill where
    none are, and relaxes the filled part by box means: a few multigrid steps towards
    the membrane that is spanned by the border of the hole.

    Args:
        known: (N, 3, H, W), 0..1, zero in the hole; H and W multiples of 16.
        hole: (N, 1, H, W), exactly 0 or 1.

    Returns:
        (N, 3, H, W); equals *known* outside the hole.
    """
    sums, shares = [known], [1 - hole]
    for _ in range(LEVELS):
        sums.append(functional.avg_pool2d(sums[-1], 2))
        shares.append(functional.avg_pool2d(shares[-1], 2))
    mean = sums[-1].mean((2, 3), keepdim=True) / (
        shares[-1].mean((2, 3), keepdim=True) + KNOWN
    )
    fill = spread(sums[-1], shares[-1], mean)
    for level in range(LEVELS, -1, -1):
        if level < LEVELS:
            fill = functional.interpolate(
                fill, scale_factor=2, mode="bilinear", align_corners=False
            )
        fill = relax(fill, sums[level], shares[level], steps=8 if level else 4)
    return fill


def spread(
    total: torch.Tensor, share: torch.Tensor, mean: torch.Tensor
) -> torch.Tensor:
    """Guess colours at the coarsest level: wide means of what is known nearby."""
    wide_total, wide_share = total, share
    for _ in range(3):
        wide_total, wide_share = box_mean(wide_total), box_mean(wide_share)
    return (wide_total + KNOWN * mean) / (wide_share + KNOWN)


def relax(
    fill: torch.Tensor, total: torch.Tensor, share: torch.Tensor, steps: int
) -> torch.Tensor:
    """Pin known cells to their colour and average the others with their neighbours."""
    pinned = (share > KNOWN).to(fill.dtype)
    colour = total / share.clamp(min=KNOWN) * pinned
    fill = colour + fill * (1 - pinned)
    for _ in range(steps):
        fill = colour + box_mean(fill) * (1 - pinned)
    return fill


def box_mean(x: torch.Tensor) -> torch.Tensor:
    """Mean over 3 x 3, over fewer at the picture's border."""
    return functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


class Dilated(nn.Module):
    """Residual 3 x 3 convolution with gaps: looks far without shrinking further."""

    def __init__(self, width: int, gap: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(width, width, 3, padding=gap, dilation=gap)
        self.mix = nn.Conv2d(width, width, 1)
        start_small(self.mix)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine float (N, width, H, W)."""
        return x + self.mix(functional.leaky_relu(self.wide(x), 0.1))


class Stage(nn.Module):
    """Convolution (stride 1 or 2) and leaky ReLU."""

    def __init__(self, wide_in: int, wide_out: int, stride: int = 1) -> None:
        super().__init__()
        self.layer = nn.Conv2d(wide_in, wide_out, 3, stride=stride, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Turn (N, wide_in, H, W) into (N, wide_out, H / stride, W / stride)."""
        return functional.leaky_relu(self.layer(x), 0.1)


class Inpainter(nn.Module):
    """U-Net from half to an eighth of the size, dilated at the bottom; 0.8 M weights.

    It works from half the size on, because what it can add to the smooth fill is
    shape, not grain; the last layer shuffles its pixels back to the full size.
    """

    def __init__(self, widths: tuple[int, int, int] = (32, 64, 96)) -> None:
        super().__init__()
        half, quarter, eighth = widths
        self.to_half = nn.Sequential(
            nn.Conv2d(4, half, 4, stride=2, padding=1), nn.LeakyReLU(0.1)
        )
        self.to_quarter = nn.Sequential(
            Stage(half, quarter, stride=2), Stage(quarter, quarter)
        )
        self.to_eighth = Stage(quarter, eighth, stride=2)
        self.context = nn.Sequential(
            *(Dilated(eighth, gap) for gap in (1, 2, 4, 8, 2, 1))
        )
        self.from_eighth = Stage(eighth + quarter, quarter)
        self.from_quarter = nn.Sequential(
            Stage(quarter + half, half), Stage(half, half)
        )
        self.leave = conv(half, 12)
        start_small(self.leave)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Fill the hole.

        Args:
            image: float (N, 3, H, W), RGB 0..1, anything in the hole; H and W
                multiples of 16.
            mask: float (N, 1, H, W), 1 = hole; values between blend at the edge.

        Returns:
            float (N, 3, H, W), 0..1; equals *image* where *mask* is 0.
        """
        hole = (mask > 0).to(image.dtype)
        smooth = smooth_fill(image * (1 - hole), hole)
        fill = smooth + self.residual(torch.cat([smooth * 2 - 1, hole], 1))
        if not self.training:
            fill = fill.clamp(0, 1)
        return image * (1 - mask) + fill * mask

    def residual(self, x: torch.Tensor) -> torch.Tensor:
        """Predict what the smooth fill lacks: (N, 4, H, W) to (N, 3, H, W)."""
        half = self.to_half(x)
        quarter = self.to_quarter(half)
        deep = self.context(self.to_eighth(quarter))
        deep = self.from_eighth(join(deep, quarter))
        deep = self.from_quarter(join(deep, half))
        return functional.pixel_shuffle(self.leave(deep), 2)


def join(deep: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
    """Double the size of *deep* and put *skip* beside it, along the channels."""
    deep = functional.interpolate(deep, scale_factor=2, mode="nearest")
    return torch.cat([deep, skip], 1)
