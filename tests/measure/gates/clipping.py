"""Plants lost detail: an exposure that clips 2 % of a picture and more is a defect.

Half of the sound pictures are graded too, as far as clips 0.3 % at most.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from planted import Array, Case, main, photographs, stage

from retouchd.gates.clipping import Clipping
from retouchd.media.measures.clipping import clipped_share

SHARES = (0.02, 0.04, 0.08, 0.16)


def exposed(picture: Array, share: float, *, bright: bool) -> Array:
    """Brighten or darken *picture* until *share* more of it is clipped."""
    floats = picture.astype(np.float32)
    already = clipped_share(floats)
    low, high = 0.0, 255.0
    result = floats
    for _ in range(14):
        middle = (low + high) / 2
        if bright:
            result = floats * 255 / (255 - min(middle, 254))
        else:
            result = (floats - middle) * 255 / (255 - min(middle, 254))
        result = np.rint(result).clip(0, 255)
        if clipped_share(result) - already < share:
            low = middle
        else:
            high = middle
    return result.astype(np.uint8)


def cases(data: Path | None) -> list[Case]:
    """Return each picture graded mildly and too far."""
    made = []
    for number, picture in enumerate(photographs(data)):
        bright = number % 2 == 0
        mild = exposed(picture, 0.003, bright=bright) if number % 4 < 2 else picture
        if (
            clipped_share(mild.astype(np.float32))
            - clipped_share(picture.astype(np.float32))
            > 0.006
        ):
            mild = picture  # one tone fills so much that no mild grade exists
        made.append(Case(stage("grade", picture, mild), 0))
        share = SHARES[number // 2 % len(SHARES)]
        hard = exposed(picture, share, bright=bright)
        made.append(Case(stage("grade", picture, hard), share))
    return made[0::4] + made[1::4] + made[2::4] + made[3::4]


if __name__ == "__main__":
    main("clipping", Clipping(), cases)
