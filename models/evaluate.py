#!/usr/bin/env python3
"""Print how good the draft models are, against simple baselines.

Run: ``python models/evaluate.py --data DIR [upscale-x2 upscale-x4 matte inpaint]``.
DIR holds ``photos/test``, ``measurement_only`` and ``mattes``. Needs OpenCV for the
inpainting baseline (Telea) besides the extra ``[train]``.
"""

from __future__ import annotations

import argparse
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pyvips
import torch
from torch.nn import functional
from training.data import photo_files, read_rgb, to_batch
from training.holes import random_hole
from training.teacher import Teacher

FOLDER = Path(__file__).resolve().parent
UPSCALE_SETS = (
    "measurement_only/set5",
    "measurement_only/set14",
    "measurement_only/bsd100_sample",
    "measurement_only/urban100_sample",
    "photos/test/kodak24",
)
THREADS = 2
Run = Callable[..., np.ndarray]


def open_model(name: str) -> Run:
    """Return a function from float32 NCHW arrays, in graph order, to the output."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(
        FOLDER / name / "weights.onnx", options, providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_inputs()]

    def run(*inputs: np.ndarray) -> np.ndarray:
        (output,) = session.run(None, dict(zip(names, inputs, strict=True)))
        return output

    return run


def psnr(got: np.ndarray, wanted: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of two arrays in 0..255, 60 at most.

    Without the limit one flat white hole, filled exactly, would outweigh all others.
    """
    error = np.mean((got.astype(np.float64) - wanted) ** 2)
    return min(60.0, float(10 * np.log10(255**2 / max(error, 1e-9))))


def luma(rgb: np.ndarray) -> np.ndarray:
    """Y of studio-range BT.601, as the super-resolution papers use; (..., 3) 0..255."""
    return rgb.astype(np.float64) @ np.array([65.481, 128.553, 24.966]) / 255 + 16


def to_bytes(x: np.ndarray) -> np.ndarray:
    """Turn float (1, C, H, W), 0..1, into uint8 (H, W, C)."""
    return np.round(x[0].transpose(1, 2, 0) * 255).clip(0, 255).astype(np.uint8)


def measure_upscale(data: Path, scale: int) -> None:
    """Print mean PSNR-Y of model and bicubic, border of *scale* px left out."""
    run = open_model(f"upscale-x{scale}")
    for folder in UPSCALE_SETS:
        rows = []
        for path in photo_files(data / folder):
            large = read_rgb(path)
            height, width = (side - side % scale for side in large.shape[:2])
            rows.append(compare_upscale(run, large[:height, :width], scale))
        ours, bicubic = np.mean(rows, axis=0)
        print(
            f"upscale-x{scale} {Path(folder).name:16} {ours:6.2f} dB,"
            f" bicubic {bicubic:6.2f}, gain {ours - bicubic:+.2f} ({len(rows)})"
        )
    measure_tiling(data, scale)


def measure_tiling(data: Path, scale: int) -> None:
    """Print the largest error of 64 px tiles with the halo of the manifest."""
    manifest = (FOLDER / f"upscale-x{scale}" / "model.toml").read_text("utf-8")
    halo = tomllib.loads(manifest)["halo"]
    run = open_model(f"upscale-x{scale}")
    photo = read_rgb(photo_files(data / "photos" / "test" / "kodak24")[0])
    x = to_batch([photo[:150, :170]]).numpy()
    whole = run(x)
    pieces = np.zeros_like(whole)
    for top in range(0, x.shape[2], 64):
        for left in range(0, x.shape[3], 64):
            up, before = max(0, top - halo), max(0, left - halo)
            tile = run(x[:, :, up : top + 64 + halo, before : left + 64 + halo])
            inner = tile[:, :, (top - up) * scale :, (left - before) * scale :]
            place = (slice(top * scale, (top + 64) * scale),)
            place += (slice(left * scale, (left + 64) * scale),)
            hole = pieces[:, :, *place]
            hole[:] = inner[:, :, : hole.shape[2], : hole.shape[3]]
    error = np.abs(whole - pieces).max() * 255
    print(f"upscale-x{scale} tiles of 64 px, halo {halo}: off by {error:.2g}/255")


def compare_upscale(run: Run, large: np.ndarray, scale: int) -> tuple[float, float]:
    """PSNR-Y of model and bicubic for one uint8 (H, W, 3) truth."""
    small = functional.interpolate(
        to_batch([large]), scale_factor=1 / scale, mode="bicubic", antialias=True
    )
    small = small.mul(255).round().clamp(0, 255).div(255)
    plain = functional.interpolate(small, scale_factor=scale, mode="bicubic")
    inner = slice(scale, -scale)

    def score(x: np.ndarray) -> float:
        return psnr(luma(to_bytes(x)[inner, inner]), luma(large[inner, inner]))

    return score(run(small.numpy())), score(plain.numpy())


def measure_matte(data: Path, teacher_file: Path | None) -> None:
    """Print mean absolute error of alpha for model, border-colour key and teacher."""
    run = open_model("matte")
    teacher = Teacher(teacher_file) if teacher_file else None
    rows, spent = [], 0.0
    for path in photo_files(data / "mattes"):
        pair = path.with_name(f"{path.stem}_alpha.png")
        if not pair.exists():
            continue
        truth = pyvips.Image.new_from_file(str(pair))[0].numpy() / 255
        rgb = squeeze(read_rgb(path), (320, 320))
        start = time.perf_counter()
        ours = run(to_batch([rgb]).numpy())[0, 0]
        spent += time.perf_counter() - start
        guesses = [ours, border_key(rgb), np.zeros((320, 320), np.float32)]
        if teacher:
            guesses.append(teacher.matte(rgb))
        rows.append([np.abs(grow(guess, truth) - truth).mean() for guess in guesses])
    names = ["model", "border key", "empty", "teacher"]
    means = ", ".join(
        f"{n} {m:.4f}" for n, m in zip(names, np.mean(rows, 0), strict=False)
    )
    print(f"matte MAE: {means} ({len(rows)}); {spent / len(rows) * 1000:.0f} ms each")
    if teacher:
        wins = np.mean([row[0] < row[1] for row in rows])
        print(f"matte: better than the border key on {wins:.0%}")


def squeeze(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Shrink uint8 (H, W, 3) to *size* (width, height), aspect ignored."""
    image = pyvips.Image.new_from_array(rgb)
    return image.thumbnail_image(size[0], height=size[1], size="force").numpy()


def grow(alpha: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Stretch float (h, w) to the size of *like*, linear."""
    return cv2.resize(alpha, like.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def border_key(rgb: np.ndarray) -> np.ndarray:
    """Baseline: distance from the median colour of the border, stretched to 0..1."""
    colour = rgb.astype(np.float32)
    rim = np.concatenate([colour[0], colour[-1], colour[:, 0], colour[:, -1]])
    far = np.linalg.norm(colour - np.median(rim, axis=0), axis=2)
    return ((far - 20) / 40).clip(0, 1)


def measure_inpaint(data: Path) -> None:
    """Print PSNR in the hole (mean over pictures) and the jump at its rim."""
    run = open_model("inpaint")
    rng = np.random.default_rng(20261122)
    rows = []
    for path in photo_files(data / "photos" / "test"):
        picture = read_rgb(path, 768)
        for _ in range(4):
            top = int(rng.integers(picture.shape[0] - 255))
            left = int(rng.integers(picture.shape[1] - 255))
            crop = picture[top : top + 256, left : left + 256]
            rows.append(compare_inpaint(run, crop, random_hole(256, 96, rng)))
    names = ("ours", "Telea", "Navier-Stokes", "ours rim", "truth rim")
    means = zip(names, np.mean(rows, axis=0), strict=True)
    print(
        "inpaint PSNR:", ", ".join(f"{n} {m:.2f}" for n, m in means), f"({len(rows)})"
    )
    wins = np.mean([row[0] > row[1] for row in rows])
    print(f"inpaint: better than Telea on {wins:.0%}")


def compare_inpaint(run: Run, crop: np.ndarray, hole: np.ndarray) -> list[float]:
    """PSNR in the hole of model, Telea and Navier-Stokes, then two rim jumps."""
    ours = to_bytes(run(to_batch([crop]).numpy(), hole[None, None]))
    inside, stencil = hole > 0, (hole * 255).astype(np.uint8)
    torn = crop * (1 - stencil[..., None] // 255)
    telea = cv2.inpaint(torn, stencil, 5, cv2.INPAINT_TELEA)
    stokes = cv2.inpaint(torn, stencil, 5, cv2.INPAINT_NS)
    scores = [psnr(each[inside], crop[inside]) for each in (ours, telea, stokes)]
    return [*scores, rim_jump(ours, inside), rim_jump(crop, inside)]


def rim_jump(picture: np.ndarray, inside: np.ndarray) -> float:
    """Mean absolute step (0..255) between neighbours on both sides of the rim."""
    steps = np.abs(np.diff(picture.astype(np.float32), axis=1)).mean(2)
    return float(steps[inside[:, 1:] != inside[:, :-1]].mean())


def main() -> None:
    """Measure the models that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, help="u2netp.onnx, to compare with")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    measures = {
        "upscale-x2": lambda: measure_upscale(arguments.data, 2),
        "upscale-x4": lambda: measure_upscale(arguments.data, 4),
        "matte": lambda: measure_matte(arguments.data, arguments.teacher),
        "inpaint": lambda: measure_inpaint(arguments.data),
    }
    for name in arguments.models or measures:
        measures[name]()


if __name__ == "__main__":
    main()
