"""From pictures to tensors."""

from __future__ import annotations

import numpy as np
import torch


def to_batch(pictures: list[np.ndarray]) -> torch.Tensor:
    """Stack uint8 (H, W, C) pictures to float32 (N, C, H, W), 0..1."""
    stack = torch.from_numpy(np.stack(pictures))
    return stack.permute(0, 3, 1, 2).float().div_(255)
