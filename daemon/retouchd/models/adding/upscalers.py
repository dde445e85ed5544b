"""Finds out by trial how a network that upscales wants to be used."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retouchd.errors import ModelError
from retouchd.media.pixels import Pixels
from retouchd.models.adding.conventions import Conventions
from retouchd.models.adding.halos import seam_of, settle_halo
from retouchd.models.adding.probe import describe, fitted, noise, run
from retouchd.models.adding.ranges import RANGES, Candidate, clear_winner
from retouchd.models.manifest import Manifest, Range
from retouchd.models.session import Session
from retouchd.models.tensors import to_floats
from retouchd.models.tiles import enlarge

LEAST_LIKE_DB = 24.0
"""An enlargement shrunk back is closer to its input: 28.9 dB was the least of ours."""

_MULTIPLES = (1, 2, 4, 8, 16, 32, 64)
_TRIAL_EDGE = 160
_MOST_SHIFT = 12.0


@dataclass(frozen=True)
class _Shape:
    """How large windows become: *scale* times, where edges divide by *multiple_of*."""

    scale: int
    multiple_of: int


def settle_upscaler(
    session: Session, known: Conventions, picture: Pixels
) -> tuple[Manifest, list[str]]:
    """Complete the manifest of *session* by runs on noise and on *picture*.

    Args:
        session: its manifest holds what is known.
        known: what need not be found out.
        picture: (H, W, 3), an ordinary colour photograph.

    Returns:
        The manifest, and what people should know.

    Raises:
        ModelError: it does not run, or does not enlarge what it is shown.
    """
    shape = _shape(session, known)
    describe(session, scale=shape.scale, multiple_of=shape.multiple_of)
    small = _shrunk(picture, shape.multiple_of)
    if known.range is None or known.output_range is None:
        _find_ranges(session, known, small)
    notes = settle_halo(session, known, small)
    return session.manifest, [*notes, *_try(session, small)]


def _shape(session: Session, known: Conventions) -> _Shape:
    """Find scale and multiple from runs at edges that divide by ever more."""
    fixed = session.manifest.input.fixed
    multiples = (known.multiple_of,) if known.multiple_of else _MULTIPLES
    refused = ""
    for multiple in (1,) if fixed else multiples:
        height, width = fixed or (_odd(48, multiple), _odd(64, multiple))
        try:
            answer = run(session, noise(height, width))
        except ModelError as error:
            refused = error.message
            continue
        scale = answer.shape[0] // height
        if scale >= 2 and answer.shape == (height * scale, width * scale, 3):
            return _Shape(scale, multiple)
        refused = f"{height} x {width} becomes {' x '.join(map(str, answer.shape))}"
    raise ModelError(
        f"no run on noise gave an enlarged picture: {refused}",
        hint="say --multiple-of or --layout; is it a network that upscales?",
        file=session.manifest.weights,
    )


def _odd(least: int, multiple: int) -> int:
    """Return the smallest odd number of *multiple*-s that reaches *least* pixels."""
    count = math.ceil(least / multiple)
    return (count + 1 - count % 2) * multiple


def _find_ranges(session: Session, known: Conventions, picture: Pixels) -> None:
    """Try the usual ranges; the enlargement shrunk back must show the input."""
    window = _window(session, picture)
    candidates = []
    for entry in (known.range,) if known.range else RANGES:
        _use(session, entry, entry)
        answer = run(session, window)
        for exit_ in (known.output_range,) if known.output_range else RANGES:
            _use(session, entry, exit_)
            likeness = likeness_db(_pixels(session, answer), window)
            candidates.append(Candidate(entry, exit_, likeness))
    best = clear_winner(candidates, LEAST_LIKE_DB, session.manifest.weights)
    _use(session, best.entry, best.exit)


def _use(session: Session, entry: Range, exit_: Range) -> None:
    manifest = session.manifest
    describe(
        session,
        input=manifest.input.model_copy(update={"range": entry}),
        output=manifest.output.model_copy(update={"range": exit_}),
    )


def _window(session: Session, picture: Pixels) -> Pixels:
    fixed = session.manifest.input.fixed
    return fitted(picture, *fixed) if fixed else picture


def _pixels(session: Session, answer: NDArray[Any]) -> Pixels:
    floats = to_floats(answer[None], session.manifest.output, "NHWC")
    return np.rint(floats * 255).astype(np.uint8)


def likeness_db(enlarged: Pixels, picture: Pixels) -> float:
    """PSNR in dB between *picture* and *enlarged* brought back to its size."""
    back: Any = fitted(enlarged, *picture.shape[:2])
    error = float(((back.astype(np.float64) - picture) ** 2).mean())
    return 99.0 if error == 0 else 10 * math.log10(255**2 / error)


def _try(session: Session, picture: Pixels) -> list[str]:
    """Enlarge through windows, as a job does, and look at the result."""
    manifest = session.manifest
    enlarged = enlarge(session, picture)
    likeness, shift = likeness_db(enlarged, picture), _colour_shift(enlarged, picture)
    if likeness < LEAST_LIKE_DB or shift > _MOST_SHIFT:
        raise ModelError(
            f"its enlargement of a photograph does not show that photograph: "
            f"{likeness:.1f} dB, colours off by {shift:.0f} levels",
            hint="correct --range, --output-range, --mean, --std or --channels; "
            "is it a network that upscales?",
            file=manifest.weights,
        )
    scale = manifest.scale
    notes = [
        f"enlarges {scale}x; shrunk back, a photograph is met with {likeness:.1f} dB"
    ]
    if manifest.input.fixed is None:
        seam = seam_of(session, picture)
        notes.append(f"seams of tiles: at most {seam:.0f} of 255 levels")
    return notes


def _colour_shift(enlarged: Pixels, picture: Pixels) -> float:
    """Levels of 255 by which a channel moved, in the mean of one quarter."""
    quarters = [fitted(one, 2, 2).astype(np.float32) for one in (enlarged, picture)]
    return float(np.abs(quarters[0] - quarters[1]).max())


def _shrunk(picture: Pixels, multiple: int) -> Pixels:
    """Shrink *picture*, to edges that divide by *multiple*."""
    factor = _TRIAL_EDGE / max(picture.shape[:2])
    height, width = (
        max(1, round(edge * factor / multiple)) * multiple for edge in picture.shape[:2]
    )
    return fitted(picture, height, width)
