#!/usr/bin/env python3
"""Train the draft x4 upscaler that also cleans; it starts from upscale-x4."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch.nn import functional
from training.ahead import Ahead
from training.command import prepare, read_arguments
from training.export import Contract, publish
from training.loop import Trainer
from training.networks import ResidualUpscaler
from training.start import take_weights
from training.worn_pairs import WornPairs

FOLDER = Path(__file__).resolve().parent
CONTRACT = Contract(
    inputs={"x": (1, 3, 48, 48)}, any_size=True, check_sizes=((37, 53), (96, 40))
)


def main() -> None:
    """Train, then publish weights and manifest."""
    arguments = read_arguments(FOLDER, __doc__ or "")
    plan = prepare(arguments, learning_rate=6e-4)
    net = ResidualUpscaler(scale=4)
    take_weights(net, FOLDER.parent / "upscale-x4" / "weights.onnx")
    trainer = Trainer(net, plan)
    pairs = WornPairs(arguments.photos, scale=4, seed=plan.seed)
    batches = Ahead(lambda iteration, _: pairs.batch(iteration, small_px=32))

    def loss_of(net: torch.nn.Module, iteration: int, progress: float) -> torch.Tensor:
        small, large = batches.take(iteration, progress)
        return functional.l1_loss(net(small).float(), large)

    publish(trainer.run(loss_of), CONTRACT, FOLDER)


if __name__ == "__main__":
    main()
