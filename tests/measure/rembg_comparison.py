"""Compares a folder run with rembg's folder mode: same weights, same photographs.

rembg is no dependency: install ``rembg[cpu,cli]`` into an environment of its own and
name that environment's Python. Both programs are timed from start to exit, ours with
settling, ledger and fsync; they take turns, so that both meet the same machine.

    python tests/measure/rembg_comparison.py PHOTOS WEIGHTS --rembg-python PATH
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import click

from retouchd.media.header import size_of
from retouchd.media.vips import pyvips
from retouchd.ops.bench.pictures import find_photographs
from retouchd.ops.bench.workplace import Workplace

WIDTH, HEIGHT = 2000, 1500
MOST_SHARE = 0.30

RULE = """\
rule: bench
steps:
  - remove_background: {background: transparent}
outputs:
  - {name: "{stem}.png"}
"""

MANIFEST = """\
name = "matte"
task = "matte"
tier = "draft"
default = true
file = "u2netp.onnx"
sha256 = "SHA256"
bytes = BYTES
licence = "Apache-2.0"
source = "github.com/xuebinqin/U-2-Net"
tileable = "never"
tile = 320

[input]
name = "input.1"
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
size = 320
divide_by_max = true

[output]
name = "1959"
activation = "minmax"
"""
"""Takes the place of the shipped model, because it bears its name."""


def make_photographs(photos: Path, into: Path, count: int) -> None:
    """Write the *count* largest photographs as JPEGs of 3 megapixels."""
    into.mkdir()
    largest = sorted(
        find_photographs(photos),
        key=lambda path: size_of(path)[0] * size_of(path)[1],
        reverse=True,
    )
    for number, path in enumerate(largest[:count]):
        image = pyvips.Image.thumbnail(str(path), WIDTH, height=HEIGHT, crop="centre")
        image.write_to_file(str(into / f"{number:03}.jpg"), Q=92)


def place_weights(weights: Path, models: Path) -> None:
    """Make a model folder of *weights* for us, and a home of models for rembg."""
    (models / "matte").mkdir(parents=True)
    shutil.copy(weights, models / "matte" / "u2netp.onnx")
    data = weights.read_bytes()
    text = MANIFEST.replace("SHA256", hashlib.sha256(data).hexdigest())
    text = text.replace("BYTES", str(len(data)))
    (models / "matte" / "model.toml").write_text(text)


def run_rembg(
    command: list[str | Path], pictures: Path, out: Path, models: Path
) -> float:
    """Run rembg's folder mode; return its wall seconds."""
    begun = time.perf_counter()
    subprocess.run(
        [*command, pictures, out],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ
        | {"U2NET_HOME": str(models / "matte"), "MODEL_CHECKSUM_DISABLED": "1"},
    )
    return time.perf_counter() - begun


def run_retouchd(folder: Path, pictures: Path, models: Path) -> float:
    """Run the daemon on the same pictures; return its wall seconds."""
    place = Workplace(folder, RULE, models)
    shutil.copytree(pictures, place.inbox, dirs_exist_ok=True)
    begun = time.perf_counter()
    ran = place.run()
    wall = time.perf_counter() - begun
    click.echo(
        f"  {ran.delivered} delivered, {ran.failed} failed; without start-up and "
        f"settling {ran.wall_s:.1f} s; {(ran.syncs + ran.commits) / ran.files:.2f} "
        "fsyncs per file"
    )
    for share in ran.shares:
        click.echo(
            f"  {share.step:18} {1000 * share.wall_s / ran.files:6.0f} ms per file, "
            f"model {1000 * share.model_s / ran.files:.0f}"
        )
    return wall


@click.command()
@click.argument("photos", type=click.Path(exists=True, path_type=Path))
@click.argument("weights", type=click.Path(exists=True, path_type=Path))
@click.option("--rembg-python", type=click.Path(path_type=Path), required=True)
@click.option("--count", default=30, show_default=True)
@click.option("--rounds", default=2, show_default=True)
@click.option(
    "--decontaminate", is_flag=True, help="Let rembg clean colours, as we do."
)
def main(
    photos: Path,
    weights: Path,
    rembg_python: Path,
    count: int,
    rounds: int,
    *,
    decontaminate: bool,
) -> None:
    """Compare with rembg on the largest of PHOTOS with the u2netp WEIGHTS."""
    ours, theirs = [], []
    rembg: list[str | Path] = [rembg_python.parent / "rembg", "p", "-m", "u2netp"]
    rembg += ["-dc"] * decontaminate
    with tempfile.TemporaryDirectory(prefix="retouchd-rembg-") as name:
        folder = Path(name)
        models, pictures = folder / "models", folder / "pictures"
        place_weights(weights, models)
        make_photographs(photos, pictures, count)
        for number in range(rounds):
            out = folder / f"rembg-{number}"
            theirs.append(run_rembg(rembg, pictures, out, models))
            made = len(list(out.glob("*.png")))
            click.echo(f"rembg: {theirs[-1]:.1f} s, {made} results")
            ours.append(run_retouchd(folder / f"ours-{number}", pictures, models))
            click.echo(f"retouchd: {ours[-1]:.1f} s")
    share = sum(ours) / sum(theirs)
    click.echo(f"share: {share:.2f} (at most {MOST_SHARE})")
    raise SystemExit(share > MOST_SHARE)


if __name__ == "__main__":
    main()
