"""Filling 200 fixed holes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from training.holes import random_hole
from training.photos import photo_files, read_rgb

from evaluation.fillers import (
    Fill,
    classic,
    frequency_selective,
    network_alone,
    ours,
    push_pull,
)
from evaluation.fixed_holes import HOLES, Hole
from evaluation.metrics import EXACT_DB, rim_jump, score_hole
from evaluation.networks import open_shipped
from evaluation.report import Section

BASELINE = "Telea"


def measure(data: Path, holes: Sequence[Hole] = HOLES) -> Section:
    """Compare the model with other fills; means of the holes, a table by way."""
    ways = competitors(data)
    cuts = list(cut_holes(data, holes))
    rows = {
        name: [scores_of(fill, crop, hole) for crop, hole in cuts]
        for name, fill in ways.items()
    }
    jumps = float(np.mean([rim_jump(crop, hole) for crop, hole in cuts]))
    section = Section(
        f"inpaint: {len(cuts)} fixed holes in test photos",
        ("", "PSNR mean", "PSNR median", "SSIM", "rim jump", "beats Telea"),
        notes=[
            f"PSNR and SSIM inside the hole; PSNR at most {EXACT_DB:.0f} dB a hole.",
            f"Step across the rim in the true pictures: {jumps:.2f} of 255.",
        ],
    )
    base = np.array([score[0] for score in rows[BASELINE]])
    for name, scores in rows.items():
        section.rows.append((name, *summary(scores, base)))
    return section


def summary(
    scores: Sequence[tuple[float, float, float]], base: np.ndarray
) -> tuple[float, float, float, float, str]:
    """Mean and median PSNR, mean SSIM, mean jump, share of holes above *base*."""
    db, same, jump = np.array(scores).T
    wins = f"{np.mean(db > base):.1%}"
    return (
        float(db.mean()),
        float(np.median(db)),
        float(same.mean()),
        float(jump.mean()),
        wins,
    )


def scores_of(
    fill: Fill, crop: np.ndarray, hole: np.ndarray
) -> tuple[float, float, float]:
    """PSNR and SSIM in the hole, and the step across its rim."""
    spoilt = crop.copy()
    spoilt[hole] = (255, 0, 255)  # whoever looks into the hole shall be seen
    filled = fill(spoilt, hole)
    return (*score_hole(filled, crop, hole), rim_jump(filled, hole))


def competitors(data: Path) -> dict[str, Fill]:
    """Name what is compared."""
    session = open_shipped("inpaint")
    ways = {
        BASELINE: classic(cv2.INPAINT_TELEA),
        "Navier-Stokes": classic(cv2.INPAINT_NS),
        "push-pull": push_pull(data / "models" / "pushpull-migan-contract.onnx"),
        "our network alone": network_alone(session),
        "ours": ours(session),
    }
    if hasattr(cv2, "xphoto"):
        ways["FSR (fast)"] = frequency_selective
    return ways


def cut_holes(
    data: Path, holes: Sequence[Hole] = HOLES
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Read the crops, uint8 (E, E, 3), with their holes, bool (E, E)."""
    photos = {
        str(path.relative_to(data / "photos" / "test")): path
        for path in photo_files(data / "photos" / "test")
    }
    read: dict[tuple[str, int], np.ndarray] = {}
    cuts = []
    for hole in holes:
        key = hole.photo, hole.longest_px
        if key not in read:
            read[key] = read_rgb(photos[hole.photo], hole.longest_px)
        rows = slice(hole.top, hole.top + hole.edge_px)
        columns = slice(hole.left, hole.left + hole.edge_px)
        cuts.append((np.ascontiguousarray(read[key][rows, columns]), shape_of(hole)))
    return cuts


def shape_of(hole: Hole) -> np.ndarray:
    """Draw the hole, bool (E, E); the same seed gives the same shape."""
    rng = np.random.default_rng(hole.seed)
    return random_hole(hole.edge_px, hole.largest_px, rng) > 0
