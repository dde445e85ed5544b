"""Plants noise: a deviation of 8 levels in each channel, and more, is a defect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from planted import SEED, Case, main, photographs, stage

from retouchd.gates.noise import Noise

SIGMAS = (8.0, 11.0, 16.0, 22.0)


def cases(data: Path | None) -> list[Case]:
    """Return each picture as it is and with noise."""
    chance = np.random.default_rng(SEED)
    made = []
    for number, picture in enumerate(photographs(data)):
        made.append(Case(stage("upscale", picture, picture), 0))
        sigma = SIGMAS[number // 2 % len(SIGMAS)]
        noisy = picture + chance.normal(0, sigma, picture.shape)
        noisy = np.rint(noisy).clip(0, 255).astype(np.uint8)
        made.append(Case(stage("upscale", picture, noisy), sigma))
    return made[0::4] + made[1::4] + made[2::4] + made[3::4]


if __name__ == "__main__":
    main("noise", Noise(), cases)
