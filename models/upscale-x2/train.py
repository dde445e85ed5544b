#!/usr/bin/env python3
"""Train the draft x2 upscaler: SRVGG, 32 features, 8 layers, radius 10."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch.nn import functional
from training.command import prepare, read_arguments
from training.export import Contract, publish
from training.loop import Trainer
from training.networks import CompactUpscaler
from training.pairs import Pairs

FOLDER = Path(__file__).resolve().parent
CONTRACT = Contract(
    inputs={"x": (1, 3, 64, 64)}, any_size=True, check_sizes=((37, 53), (96, 40))
)


def main() -> None:
    """Train, then publish weights and manifest."""
    arguments = read_arguments(FOLDER, __doc__ or "")
    plan = prepare(arguments, learning_rate=2e-3)
    trainer = Trainer(CompactUpscaler(scale=2), plan)
    pairs = Pairs(arguments.photos, scale=2, seed=plan.seed)

    def loss_of(net: torch.nn.Module, iteration: int, progress: float) -> torch.Tensor:
        # clean pairs first; then some JPEG, or blocks of the input would be sharpened
        compressed = 0.2 if progress > 0.5 else 0.0
        small, large = pairs.batch(iteration, small_px=32, compressed=compressed)
        return functional.l1_loss(net(small).float(), large)

    publish(trainer.run(loss_of), CONTRACT, FOLDER)


if __name__ == "__main__":
    main()
