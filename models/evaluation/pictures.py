#!/usr/bin/env python3
"""Draw the pictures of the cards from the repository's own renders.

``python models/evaluation/pictures.py`` writes ``docs/images/card-*.jpg``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from training.degradations import compress
from training.photos import read_rgb
from training.resample import resize_bytes

from evaluation.enlargers import bicubic, shipped
from evaluation.fillers import classic, network_alone, ours
from evaluation.networks import MODELS, open_shipped
from retouchd.media.matte import cut_out
from retouchd.models.matting import estimate_matte

SAMPLES = MODELS.parent / "sample_hotfolder" / "in"
IMAGES = MODELS.parent / "docs" / "images"
LABEL, WALL = ("generator_bottle.png", 560, 240), ("camera_street.jpg", 300, 40)
STONES, DESERT = ("camera_street.jpg", 1180, 420), ("print_scene.tif", 240, 60)
EDGE_PX = 224
QUALITY = 85

Picture = np.ndarray
"""uint8 (H, W, 3)."""
Place = tuple[str, int, int]
"""File, first row, first column."""


def crop(place: Place) -> Picture:
    """Cut a square out of a sample."""
    file, top, left = place
    whole = read_rgb(SAMPLES / file)
    return np.ascontiguousarray(whole[top : top + EDGE_PX, left : left + EDGE_PX])


def enlarged(scale: int, names: Sequence[str], quality: int = 0) -> Picture:
    """Rows: the truth, then bicubic and each model on the shrunk, worn crop."""
    ways = [bicubic(scale), *(shipped(name) for name in names)]
    rows = []
    for place in (LABEL, WALL):
        truth = crop(place)
        small = resize_bytes(truth, EDGE_PX // scale, EDGE_PX // scale)
        small = compress(small, quality) if quality else small
        rows.append(np.hstack([truth, *(way(small) for way in ways)]))
    return np.vstack(rows)


def cut() -> Picture:
    """Rows: the picture, alpha, and the subject on green."""
    session = open_shipped("matte")
    rows = []
    for file in ("product_mug.jpg", "generator_bottle.png", "lowres_watch.webp"):
        whole = read_rgb(SAMPLES / file, 320)
        cutout = cut_out(whole, estimate_matte(session, whole))
        alpha = cutout.alpha[:, :, None] / 255
        green = np.rint(cutout.colours * alpha + (1 - alpha) * (40, 200, 90))
        parts = [whole, np.repeat(cutout.alpha[:, :, None], 3, axis=2), green]
        row = np.hstack([part.astype(np.uint8) for part in parts])
        rows.append(cv2.resize(row, (660, 660 * row.shape[0] // row.shape[1])))
    return np.vstack(rows)


def filled() -> Picture:
    """Rows: the hole, Telea, the network alone, and all engines."""
    session = open_shipped("inpaint")
    ways = [classic(cv2.INPAINT_TELEA), network_alone(session), ours(session)]
    rows = []
    for place in (STONES, WALL, DESERT):
        truth = crop(place)
        disc = np.zeros((EDGE_PX, EDGE_PX), np.uint8)
        cv2.ellipse(disc, (112, 112), (38, 30), 20, 0, 360, 1, cv2.FILLED)
        hole = disc > 0
        rows.append(
            np.hstack([truth * ~hole[:, :, None], *(way(truth, hole) for way in ways)])
        )
    return np.vstack(rows)


PICTURES: dict[str, Callable[[], Picture]] = {
    "upscale-x2": lambda: enlarged(2, ["upscale-x2"]),
    "upscale-x4": lambda: enlarged(4, ["upscale-x4"]),
    "upscale-x4-clean": lambda: enlarged(4, ["upscale-x4", "upscale-x4-clean"], 40),
    "matte": cut,
    "inpaint": filled,
}


def main() -> None:
    """Write all of them, or those that are named."""
    for name in sys.argv[1:] or PICTURES:
        picture = np.ascontiguousarray(PICTURES[name]()[:, :, ::-1])
        settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
        cv2.imwrite(str(IMAGES / f"card-{name}.jpg"), picture, settings)


if __name__ == "__main__":
    main()
