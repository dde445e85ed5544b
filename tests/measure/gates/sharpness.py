"""Plants blur: a Gaussian of sigma 2 px and more is a defect."""

from __future__ import annotations

from pathlib import Path

import cv2
from planted import Case, main, photographs, stage

from retouchd.gates.sharpness import Sharpness

SIGMAS = (2.0, 3.0, 4.0, 6.0)


def cases(data: Path | None) -> list[Case]:
    """Return each picture as it is and blurred."""
    made = []
    for number, picture in enumerate(photographs(data)):
        made.append(Case(stage("upscale", picture, picture), 0))
        sigma = SIGMAS[number // 2 % len(SIGMAS)]
        soft = cv2.GaussianBlur(picture, (0, 0), sigma)
        made.append(Case(stage("upscale", picture, soft), sigma))
    return made[0::4] + made[1::4] + made[2::4] + made[3::4]


if __name__ == "__main__":
    main("sharpness", Sharpness(), cases)
