"""Time and tiles: what a model costs, and whether its tiles show."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
from training.photos import photo_files, read_rgb

from evaluation.fixed_holes import HOLES
from evaluation.inpainting import cut_holes
from evaluation.metrics import seam_ratio
from evaluation.networks import (
    MODELS,
    THREADS,
    best_seconds,
    open_bare,
    open_shipped,
    open_u2netp,
)
from evaluation.report import Section
from retouchd.media.matte import cut_out
from retouchd.models.filling import fill_holes
from retouchd.models.manifest import Manifest, read_manifest
from retouchd.models.matting import estimate_matte
from retouchd.models.tiles import enlarge

UPSCALERS = {"upscale-x2": 0.6, "upscale-x4": 0.3, "upscale-x4-clean": 0.3}
"""By name the megapixels of input a second that are asked for."""
TILE_PX = 64
SLOW_HOLES = 20
"""Of the holes in 512 px crops so many are timed."""


def measure_speed(data: Path) -> Section:
    """Time each model on two threads, bare, and the code around it."""
    section = Section(
        f"speed: ONNX Runtime on the CPU, {THREADS} threads, best of 5",
        ("", "figure", "unit", "asked for"),
    )
    planes = np.random.default_rng(0).random((1, 3, 384, 512), np.float32)
    for name, least in UPSCALERS.items():
        run = open_bare(weights(name))
        seconds = best_seconds(partial(run, planes), times=3)
        speed = planes[0, 0].size / 1e6 / seconds
        section.rows.append((name, speed, "MP/s", f">= {least}"))
    section.rows += matte_speed(data)
    section.rows.append(inpaint_speed(data))
    return section


def matte_speed(data: Path) -> list[tuple[str, float, str, str]]:
    """Seconds of the network, of the teacher, and of the refinement per megapixel."""
    planes = np.random.default_rng(0).random((1, 3, 320, 320), np.float32)
    net = best_seconds(partial(open_bare(weights("matte")), planes))
    slow = best_seconds(partial(open_bare(data / "models" / "u2netp.onnx"), planes))
    rgb = read_rgb(photo_files(data / "mattes")[0])
    rgb = cv2.resize(rgb, (2000, 1500))
    matte = estimate_matte(open_u2netp(data / "models" / "u2netp.onnx"), rgb)
    clean = best_seconds(partial(cut_out, rgb, matte)) / 3
    return [
        ("matte, the network", net, "s", "<= 0.12"),
        ("matte, u2netp", slow, "s", "0.155"),
        ("matte, refinement and colours", clean, "s/MP", "<= 0.12"),
    ]


def inpaint_speed(data: Path) -> tuple[str, float, str, str]:
    """Mean seconds of one hole in a 512 px crop, all engines."""
    session = open_shipped("inpaint")
    cuts = cut_holes(data, [each for each in HOLES if each.edge_px == 512][:SLOW_HOLES])
    spent = [
        best_seconds(partial(fill_holes, session, crop, hole), times=2)
        for crop, hole in cuts
    ]
    return "inpaint, a 512 px crop", float(np.mean(spent)), "s", "<= 0.3"


def measure_tiles(data: Path) -> Section:
    """Compare tiles of 64 px with the whole picture, at 8 bits."""
    section = Section(
        "tiles: the daemon's, of 64 px and the manifest's halo, against one run",
        ("", "largest difference at 8 bits", "seam ratio"),
    )
    photo = read_rgb(photo_files(data / "photos" / "test" / "kodak24")[0])[:150, :170]
    for name in UPSCALERS:
        tiled, whole, scale = both_ways(name, np.ascontiguousarray(photo))
        worst = int(np.abs(tiled.astype(int) - whole).max())
        every = (TILE_PX - 2 * manifest_of(name).halo) * scale
        section.rows.append((name, str(worst), seam_ratio(tiled, whole, every)))
    return section


def both_ways(name: str, rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Enlarge uint8 (H, W, 3) in tiles of 64 px and in one run; also the scale."""
    session = open_shipped(name)
    whole = enlarge(session, rgb)
    session.manifest = session.manifest.model_copy(update={"tile": TILE_PX})
    return enlarge(session, rgb), whole, session.manifest.scale


def manifest_of(name: str) -> Manifest:
    """Read the manifest of a shipped model."""
    return read_manifest(MODELS / name / "model.toml")


def weights(name: str) -> Path:
    """Path of a shipped model's weights."""
    return MODELS / name / "weights.onnx"
