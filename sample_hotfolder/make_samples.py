"""Make the sample pictures: `python sample_hotfolder/make_samples.py`.

Everything is rendered here, from formulas and fixed seeds, with numpy and libvips;
nothing is downloaded. The pictures go into `in/` beside this file; what each shows and
how it must end is in `manifest.toml`. The table of the brand's look, which the ready
rules use, goes to `rules/luts/warm.cube`.
"""

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyvips
import scene_bottle
import scene_mug
import scene_print
import scene_street
import scene_watch
from tags import (
    Box,
    add_midjourney_text,
    camera_fields,
    region_xmp,
    write_labelme,
    write_warm_lut,
)
from tracer import Array

HERE = Path(__file__).resolve().parent
IN = HERE / "in"
LUT = HERE.parent / "rules" / "luts" / "warm.cube"

DUST = Box(left=548, top=152, width=84, height=84)
"""Where the sensor dust lies in the upright street, with some room around it."""

BLOB = Box(left=556, top=192, width=92, height=86)
"""Where the generator's blob is in the bottle picture, its shadow included."""

PROMPT = (
    "amber dropper bottle with a paper label on a travertine plinth, river stones, "
    "palm leaf shadow on terracotta plaster, morning sun, product photography "
    "--ar 3:4 --stylize 150 --v 7"
)
JOB = "5d0c9a1e-7b34-4f0e-9c52-1f6a83d2b7e4"


def as_image(picture: Array, bits: int = 8) -> pyvips.Image:
    """Return an encoded picture (H, W, 3), 0..1, as an sRGB image."""
    top = 2**bits - 1
    kind = np.uint8 if bits == 8 else np.uint16
    pixels = np.clip(picture * top + 0.5, 0, top).astype(kind)
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels))
    return image.copy(interpretation="srgb" if bits == 8 else "rgb16")


def add_dust(picture: Array, box: Box) -> Array:
    """Return *picture* with a soft dark spot: dust on the sensor, out of focus."""
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    x = (columns - box.left - box.width / 2) / (box.width / 2)
    y = (rows - box.top - box.height / 2) / (box.height / 2)
    far = np.hypot(x, y * 1.06 + 0.12 * x)
    shade = 0.32 / (1 + np.exp((far - 0.50) / 0.09))
    return (picture * (1 - shade[..., None])).astype(np.float32)


def camera_street() -> None:
    """Write a camera's portrait picture, stored lying down with orientation 6."""
    upright = add_dust(scene_street.picture(1200, 1600), DUST)
    image = as_image(np.rot90(upright, 1))
    xmp = region_xmp(DUST, (image.width, image.height), "erase:dust")
    tagged = camera_fields(image, orientation=6, xmp=xmp)
    tagged.jpegsave(str(IN / "camera_street.jpg"), Q=86, optimize_coding=True)


def generator_bottle() -> None:
    """Write a generator's PNG with its text chunks, and a LabelMe sidecar."""
    image = as_image(scene_bottle.picture(768, 1024))
    png = image.pngsave_buffer(compression=9, filter="all", keep="none")
    path = IN / "generator_bottle.png"
    path.write_bytes(add_midjourney_text(png, PROMPT, "studio_olea", JOB))
    size = (image.width, image.height)
    write_labelme(IN / "generator_bottle.png.json", BLOB, "erase:blob", size)


def lowres_watch() -> None:
    """Write a small WebP, as saved from an old shop page."""
    image = as_image(scene_watch.picture(400, 300))
    image.webpsave(str(IN / "lowres_watch.webp"), Q=86, keep="none")


def product_mug() -> None:
    """Write a product on a white sweep, without any metadata."""
    image = as_image(scene_mug.picture(1200, 1200))
    image.jpegsave(str(IN / "product_mug.jpg"), Q=90, optimize_coding=True, keep="none")


def print_scene() -> None:
    """Write a 16-bit TIFF with an sRGB profile."""
    image = as_image(scene_print.picture(700, 500), bits=16)
    image.tiffsave(
        str(IN / "print_scene.tif"),
        compression="deflate",
        predictor="horizontal",
        profile="srgb",
        level=9,
    )


def broken_upload() -> None:
    """Write a camera's JPEG of which only 60 % arrived."""
    image = camera_fields(as_image(scene_watch.picture(640, 480)), orientation=1)
    whole = image.jpegsave_buffer(Q=88, optimize_coding=True)
    (IN / "broken_upload.jpg").write_bytes(whole[: len(whole) * 60 // 100])


SAMPLES: tuple[Callable[[], None], ...] = (
    camera_street,
    broken_upload,
    generator_bottle,
    product_mug,
    lowres_watch,
    print_scene,
)
"""The slowest first, so that two processes end together."""


def make(number: int) -> str:
    """Make one sample in this process; say how long it took."""
    pyvips.concurrency_set(1)
    started = time.perf_counter()
    SAMPLES[number]()
    return f"{SAMPLES[number].__name__}: {time.perf_counter() - started:.1f} s"


def main() -> None:
    """Write the LUT, and make all samples, two at a time."""
    write_warm_lut(LUT)
    IN.mkdir(exist_ok=True)
    spawned = multiprocessing.get_context("spawn")
    with spawned.Pool(2) as pool:
        for line in pool.imap_unordered(make, range(len(SAMPLES))):
            print(line, flush=True)


if __name__ == "__main__":
    main()
