"""Cutting subjects out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from training.photos import photo_files, read_rgb

from evaluation.matte_metrics import connectivity_error, gradient_error, mean_error
from evaluation.networks import open_shipped, open_u2netp
from evaluation.report import Section
from retouchd.media.matte import cut_out
from retouchd.models.matting import estimate_matte
from retouchd.models.session import Session

SETS = ("mattes", "measurement_only/human_seg", "measurement_only/alphamatting")
Matte = Callable[[np.ndarray], np.ndarray]
"""From uint8 (H, W, 3) to float32 (H, W), 0..1."""


def measure(data: Path, folder: str) -> Section:
    """Compare the cut-out with its teacher and with plain rules on one set."""
    ways = competitors(data)
    pairs = matte_pairs(data / folder)
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for path, alpha_file in pairs:
        rgb, truth = read_rgb(path), read_alpha(alpha_file)
        # masks of human_seg are smaller than their pictures
        truth = cv2.resize(truth, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        for name, matte in ways.items():
            rows[name].append(score(matte(rgb), truth))
    section = Section(
        f"matte: errors of alpha on {folder} ({len(pairs)} pairs, full size)",
        ("", "MAE", "gradient", "connectivity", "worst MAE"),
    )
    for name, scores in rows.items():
        means = np.mean(scores, axis=0)
        worst = max(each[0] for each in scores)
        section.rows.append((name, *(float(mean) for mean in means), worst))
    return section


def score(got: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """Mean absolute, gradient and connectivity error."""
    return (
        mean_error(got, truth),
        gradient_error(got, truth),
        connectivity_error(got, truth),
    )


def matte_pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Pictures below *folder* with their true alpha."""
    pairs = [
        (path, path.with_name(f"{path.stem}_alpha.png"))
        for path in photo_files(folder)
        if not path.stem.endswith("_alpha")
    ]
    return [(path, alpha) for path, alpha in pairs if alpha.exists()]


def read_alpha(path: Path) -> np.ndarray:
    """Read the last band of a picture as float32 (H, W), 0..1."""
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    band = stored if stored.ndim == 2 else stored[:, :, -1]
    return band.astype(np.float32) / np.iinfo(stored.dtype).max


def competitors(data: Path) -> dict[str, Matte]:
    """Name what is compared."""
    ours = open_shipped("matte")
    teacher = open_u2netp(data / "models" / "u2netp.onnx")
    return {
        "border-colour key": border_key,
        "ours raw": raw(ours),
        "ours + our refinement": refined(ours),
        "u2netp raw": raw(teacher),
        "u2netp + our refinement": refined(teacher),
    }


def raw(session: Session) -> Matte:
    """The answer of the network, enlarged."""

    def run(rgb: np.ndarray) -> np.ndarray:
        matte = estimate_matte(session, rgb)
        return cv2.resize(matte, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)

    return run


def refined(session: Session) -> Matte:
    """What a job of the daemon gets."""

    def run(rgb: np.ndarray) -> np.ndarray:
        return cut_out(rgb, estimate_matte(session, rgb)).alpha / np.float32(255)

    return run


def border_key(rgb: np.ndarray) -> np.ndarray:
    """Distance from the median colour of the border, stretched to 0..1."""
    colour = rgb.astype(np.float32)
    rim = np.concatenate([colour[0], colour[-1], colour[:, 0], colour[:, -1]])
    far = np.linalg.norm(colour - np.median(rim, axis=0), axis=2)
    return ((far - 20) / 40).clip(0, 1)
