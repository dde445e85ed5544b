#!/usr/bin/env python3
"""Train the draft cut-out: distilled from u2netp on photos, plus composites.

Also needs ``--teacher u2netp.onnx`` (U-2-Net, Apache-2.0).
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from training.ahead import Ahead
from training.command import prepare, read_arguments
from training.composites import Stock, cuttable, random_batch
from training.export import Contract, publish
from training.loop import Trainer
from training.losses import matte_loss
from training.matte_net import Cutout
from training.photos import photo_files
from training.teacher import teach

FOLDER = Path(__file__).resolve().parent
CONTRACT = Contract(inputs={"x": (1, 3, 320, 320)}, any_size=False)
# backgrounds of the pairs we measure with were taken from these photos
MEASURED = ("budgie_cc0",)
SCENES = ("clic2025", "wallpapers", "grocery_mit")


def gather(photos: Path, teacher: Path, checkpoint: Path) -> Stock:
    """Read photos and mattes; mattes are kept beside the checkpoint."""
    files = photo_files(photos, skip=MEASURED)
    pictures, mattes = teach(files, teacher, checkpoint.with_suffix(".mattes.npz"))
    scenes = np.flatnonzero([path.parent.name in SCENES for path in files])
    return Stock(pictures, mattes, cuttable(mattes), scenes)


def main() -> None:
    """Train, then publish weights and manifest."""
    arguments = read_arguments(FOLDER, __doc__ or "")
    plan = prepare(arguments, learning_rate=3e-3)
    stock = gather(arguments.photos, arguments.teacher, arguments.checkpoint)
    print(f"{len(stock.photos)} photos, {len(stock.cuttable)} cut-outs")
    stock = stock.shrunk(160)

    def draw(iteration: int, _: float) -> tuple[torch.Tensor, torch.Tensor]:
        rng = np.random.default_rng((plan.seed, iteration))
        return random_batch(stock, rng, count=16)

    batches = Ahead(draw)

    def loss_of(net: torch.nn.Module, iteration: int, progress: float) -> torch.Tensor:
        x, alpha = batches.take(iteration, progress)
        return matte_loss(net(x), alpha)

    publish(Trainer(Cutout(), plan).run(loss_of), CONTRACT, FOLDER)


if __name__ == "__main__":
    main()
