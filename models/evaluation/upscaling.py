"""Enlarging pictures that were shrunk as in the literature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from training.photos import photo_files, read_rgb
from training.resample import resize_bytes

from evaluation.enlargers import Enlarge, bicubic, espcn, foreign, shipped
from evaluation.metrics import score_luma
from evaluation.report import Section

SETS = (
    "measurement_only/set5",
    "measurement_only/set14",
    "measurement_only/bsd100_sample",
    "measurement_only/urban100_sample",
    "photos/test/kodak24",
)
PUBLISHED = {
    2: {"bicubic": (33.66, 30.24), "SRCNN": (36.66, 32.42), "VDSR": (37.53, 33.03)},
    4: {"bicubic": (28.42, 26.00), "FSRCNN": (30.72, 27.61), "VDSR": (31.35, 28.01)},
}
"""PSNR-Y on Set5 and Set14 as the papers give it."""
CHECK_DB, CHECK_WITHIN = 28.42, 0.03
"""Bicubic x4 on Set5, and how close the measured value has to come."""


def measure(data: Path, scale: int, sets: Sequence[str] = SETS) -> Section:
    """Compare the model of *scale* with bicubic and other networks on each set."""
    ways = competitors(data, scale)
    section = Section(
        f"upscale-x{scale}: PSNR-Y / SSIM of shrunk pictures (gain over bicubic)",
        ("", *(Path(each).name for each in sets)),
    )
    scores = [score_set(data / each, scale, ways) for each in sets]
    plain = [score["bicubic"] for score in scores]
    for way in ways:
        cells = [
            f"{db:.2f} / {same:.4f} ({db - base:+.2f})"
            for (db, same), (base, _) in zip(
                (score[way] for score in scores), plain, strict=True
            )
        ]
        section.rows.append((way, *cells))
    for name, (five, fourteen) in PUBLISHED[scale].items():
        rest = [""] * (len(sets) - 2)
        section.rows.append((f"{name}, published", f"{five}", f"{fourteen}", *rest))
    return section


def competitors(data: Path, scale: int) -> dict[str, Enlarge]:
    """Name what is compared: the baseline, ours, other people's."""
    ways = {
        "bicubic": bicubic(scale),
        "ours": shipped(f"upscale-x{scale}"),
        f"espcn-x{scale}": espcn(data / f"models/espcn-x{scale}.onnx", scale),
    }
    if scale == 4:
        ways["span-ch28-x4"] = foreign(data / "models/span-ch28-x4.onnx")
    return ways


def score_set(
    folder: Path, scale: int, ways: dict[str, Enlarge]
) -> dict[str, tuple[float, float]]:
    """Mean PSNR-Y and SSIM-Y of each way over the pictures of *folder*."""
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for path in photo_files(folder):
        large = cropped(read_rgb(path), scale)
        small = resize_bytes(large, *(side // scale for side in large.shape[:2]))
        for name, enlarge in ways.items():
            rows[name].append(score_luma(enlarge(small), large, shave=scale))
    return {name: tuple(np.mean(scores, axis=0)) for name, scores in rows.items()}


def cropped(picture: np.ndarray, scale: int) -> np.ndarray:
    """Cut (H, W, 3) so that both sides divide by *scale*."""
    height, width = (side - side % scale for side in picture.shape[:2])
    return picture[:height, :width]


def check(data: Path) -> str:
    """Reproduce the published bicubic x4 on Set5; without it no figure means anything.

    Raises:
        RuntimeError: the value is another one.
    """
    score, _ = score_set(data / SETS[0], 4, {"bicubic": bicubic(4)})["bicubic"]
    line = f"check: bicubic x4 on Set5 {score:.2f} dB, published {CHECK_DB} dB"
    if abs(score - CHECK_DB) > CHECK_WITHIN:
        raise RuntimeError(line)
    return line
