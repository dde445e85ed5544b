#!/usr/bin/env python3
"""Train the draft inpainter on random holes in photos; no labels are needed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from training.command import prepare, read_arguments
from training.data import to_batch
from training.export import Contract, publish
from training.holes import random_hole
from training.inpaint_net import Inpainter
from training.loop import Trainer
from training.losses import hole_loss
from training.photos import photo_files, pick_by_area, random_crop, read_rgb, turn

FOLDER = Path(__file__).resolve().parent
CONTRACT = Contract(
    inputs={"image": (1, 3, 256, 256), "mask": (1, 1, 256, 256)},
    any_size=True,
    check_sizes=((64, 96), (272, 160)),
)
CROP_PX = 160
HOLE_PX = 80
HOLES = 2
"""Holes in each crop."""


def load(photos: Path) -> list[np.ndarray]:
    """Read each photo at 1024 px and, where it is large, at 512 px."""
    pictures = []
    for path in photo_files(photos):
        large = read_rgb(path, 1024)
        pictures.append(large)
        if max(large.shape) == 1024:
            pictures.append(read_rgb(path, 512))
    return [picture for picture in pictures if min(picture.shape[:2]) >= CROP_PX]


def main() -> None:
    """Train, then publish weights and manifest."""
    arguments = read_arguments(FOLDER, __doc__ or "")
    plan = prepare(arguments, learning_rate=1e-3)
    pictures = load(arguments.photos)

    def batch(iteration: int, count: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
        rng = np.random.default_rng((plan.seed, iteration))
        crops = [
            turn(random_crop(pictures[index], CROP_PX, rng), int(rng.integers(8)))
            for index in pick_by_area(pictures, rng, count)
        ]
        holes = [
            [random_hole(CROP_PX, HOLE_PX, rng) for _ in range(HOLES)] for _ in crops
        ]
        return to_batch(crops), torch.from_numpy(np.array(holes))

    def loss_of(net: torch.nn.Module, iteration: int, _: float) -> torch.Tensor:
        image, masks = batch(iteration)
        filled = net(image, masks.amax(1, keepdim=True))
        return hole_loss(filled, image, masks)

    publish(Trainer(Inpainter(), plan).run(loss_of), CONTRACT, FOLDER)


if __name__ == "__main__":
    main()
