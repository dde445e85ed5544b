"""Losses that more than one recipe could use."""

from __future__ import annotations

import torch
from torch.nn import functional


def hole_loss(
    filled: torch.Tensor, truth: torch.Tensor, masks: torch.Tensor
) -> torch.Tensor:
    """Logarithm of the squared error in each hole, plus L1 of values and of steps.

    The logarithm lets each hole count alike: by area alone the large holes, where
    there is little to learn, would drown the thin ones.

    Args:
        filled: (N, 3, H, W), equals *truth* outside the holes.
        truth: (N, 3, H, W), 0..1.
        masks: (N, K, H, W), 1 = hole; K holes in each picture.
    """
    error = (filled.float() - truth)[:, None] * masks[:, :, None]
    inside = (2, 3, 4)
    area = masks.sum((2, 3)).clamp(min=1) * 3
    squares = error.square().sum(inside) / area
    apart = error.abs().sum(inside) / area
    steps = error.diff(dim=3).abs().sum(inside) / area
    steps = steps + error.diff(dim=4).abs().sum(inside) / area
    return (0.1 * torch.log(squares + 1e-4) + apart + 0.25 * steps).mean()


def matte_loss(logits: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """Cross-entropy against a soft alpha, plus L1 and soft IoU, all (N, 1, H, W)."""
    logits = logits.float()
    cross = functional.binary_cross_entropy_with_logits(logits, alpha)
    guess = torch.sigmoid(logits)
    apart = (guess - alpha).abs().mean()
    shared = (guess * alpha).sum((1, 2, 3))
    either = (guess + alpha - guess * alpha).sum((1, 2, 3))
    overlap = (1 - (shared + 1) / (either + 1)).mean()
    return cross + apart + 0.3 * overlap
