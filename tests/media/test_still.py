"""Every kind of still comes out as upright sRGB, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retouchd.errors import InputError
from retouchd.media.still import decode, from_array, open_image, to_array
from retouchd.media.vips import pyvips
from retouchd.values import Header


def header(kind: str, width: int, height: int) -> Header:
    """Say what an inspection would have said."""
    return Header(kind, "still", width, height, 3, 8, 1, has_alpha=False)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("bands", [3, 4])
def test_crossing_both_ways_keeps_every_byte(
    ramp: Callable[..., Any], bands: int, depth: int
) -> None:
    """Arrays go to libvips and come back the same, and may be written to."""
    pixels = ramp(bands=bands, depth=depth)

    image = from_array(pixels)
    back = to_array(image)

    assert image.interpretation == ("srgb" if depth == 8 else "rgb16")
    assert np.array_equal(back, pixels)
    assert back.dtype == pixels.dtype
    back[:] = 0
    assert to_array(image).any()


def test_strange_pixels_do_not_cross() -> None:
    """Floating point does not travel between steps."""
    with pytest.raises(ValueError, match="float"):
        to_array(pyvips.Image.black(2, 2).cast("float"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_come_out_upright(
    tmp_path: Path,
    ramp: Callable[..., Any],
    decoded: Callable[..., Any],
    tagged: Callable[..., Any],
    orientation: int,
) -> None:
    """Whatever way the camera was held, the top left pixel ends at the top left."""
    upright = ramp(width=40, height=24)
    mirrored = upright[:, ::-1]
    stored = {
        1: upright, 2: mirrored, 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.transpose(1, 0, 2), 6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    image = tagged(from_array(np.ascontiguousarray(stored)), orientation=orientation)
    image.tiffsave(str(tmp_path / "a.tif"))

    picture = decoded(tmp_path / "a.tif", "tiff")

    assert np.array_equal(to_array(picture.image), upright)


def test_orientation_is_neutral_in_the_carried_exif(
    shared_data: Path, decoded: Callable[..., Any], tmp_path: Path
) -> None:
    """EXIF that said 'turn me' no longer says so once the pixels are turned."""
    picture = decoded(shared_data / "mixed_sources/orientation/Landscape_6.jpg", "jpeg")

    exif = pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb")
    exif.set_type(pyvips.GValue.blob_type, "exif-data", picture.metadata.exif)
    exif.jpegsave(str(tmp_path / "a.jpg"))

    assert (picture.image.width, picture.image.height) == (1800, 1200)
    assert open_image(tmp_path / "a.jpg", "jpeg").get("orientation") == 1


def test_the_same_scene_in_eight_orientations_is_the_same(
    shared_data: Path, decoded: Callable[..., Any]
) -> None:
    """Real camera files of one scene agree, however they were stored."""
    folder = shared_data / "mixed_sources/orientation"
    scenes = [
        decoded(folder / f"portrait_{number}.jpg", "jpeg").image
        for number in range(1, 9)
    ]

    small = [image.resize(0.05).cast("short") for image in scenes]
    differences = [(image - small[0]).abs().avg() for image in small]

    assert {(image.width, image.height) for image in scenes} == {(450, 600)}
    assert max(differences) < 12


KINDS = {
    "synthetic/photo_grey.jpg": ("jpeg", 3, 8),
    "synthetic/photo_grey16.png": ("png", 3, 16),
    "synthetic/photo_rgb16.png": ("png", 3, 16),
    "synthetic/photo_rgb16.tif": ("tiff", 3, 16),
    "synthetic/photo_float_scrgb.tif": ("tiff", 3, 16),
    "synthetic/photo_cmyk_icc.jpg": ("jpeg", 3, 8),
    "synthetic/palette_64.png": ("png", 3, 8),
    "synthetic/palette_trns.png": ("png", 4, 8),
    "synthetic/bilevel_g4.tif": ("tiff", 3, 8),
    "synthetic/photo.avif": ("avif", 3, 8),
    "synthetic/animated_3.gif": ("gif", 4, 8),
    "formats/16-bit-grey-alpha.png": ("png", 4, 16),
    "formats/grey-8bit-alpha.png": ("png", 4, 8),
    "formats/cielab-dagams.tiff": ("tiff", 3, 16),
    "formats/vips_2bit.tif": ("tiff", 3, 8),
    "formats/5_webp_a.webp": ("webp", 4, 8),
    "formats/pil_pil_sample_cmyk.jpg": ("jpeg", 3, 8),
    "pngsuite/basn0g01.png": ("png", 3, 8),
    "pngsuite/basi6a16.png": ("png", 4, 16),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_becomes_rgb(
    shared_data: Path, decoded: Callable[..., Any], name: str
) -> None:
    """Grey, CMYK, Lab, palettes, few bits and many: all end as RGB or RGBA."""
    kind, bands, depth = KINDS[name]

    picture = decoded(shared_data / "mixed_sources" / name, kind)

    assert (picture.image.bands, picture.depth) == (bands, depth)
    assert picture.image.interpretation == ("srgb" if depth == 8 else "rgb16")
    assert not any(field.endswith("-data") for field in picture.image.get_fields())


def test_the_same_photo_in_many_kinds_looks_the_same(
    shared_data: Path, decoded: Callable[..., Any]
) -> None:
    """Gamut, depth and file format do not shift the colours of one photo."""
    folder = shared_data / "mixed_sources/synthetic"
    files = [
        ("photo_display_p3.jpg", "jpeg"),
        ("photo.avif", "avif"),
        ("photo_rgb16.tif", "tiff"),
        ("photo_float_scrgb.tif", "tiff"),
    ]

    means = []
    for name, kind in files:
        pixels = to_array(decoded(folder / name, kind).image)
        means.append(pixels.mean(axis=(0, 1)) / np.iinfo(pixels.dtype).max)

    assert np.ptp(means, axis=0).max() < 0.004


def test_sixteen_bits_are_sixteen(
    tmp_path: Path, ramp: Callable[..., Any], decoded: Callable[..., Any]
) -> None:
    """Levels that 8 bits cannot hold survive reading."""
    pixels = ramp(width=300, depth=16)
    from_array(pixels).pngsave(str(tmp_path / "a.png"))

    read = to_array(decoded(tmp_path / "a.png", "png").image)

    assert np.array_equal(read, pixels)
    assert len(np.unique(read[..., 0])) > 256


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp", "avif", "gif"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_half_a_file_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    """Where libvips by default would deliver half a picture, we deliver none."""
    noise = np.random.default_rng(3).integers(0, 256, (160, 200, 3), np.uint8)
    saver = {"avif": "heifsave", "gif": "gifsave"}.get(kind, f"{kind}save")
    options = {"compression": "av1", "effort": 0} if kind == "avif" else {}
    path = tmp_path / "cut"
    getattr(from_array(noise), saver)(str(path), **options)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

    with pytest.raises(InputError, match="cut short or damaged") as caught:
        decode(path, header(kind, 200, 160))

    assert caught.value.file == str(path)
    assert "copy it again" in caught.value.hint


def test_damage_in_the_middle_is_refused(
    tmp_path: Path, ramp: Callable[..., Any]
) -> None:
    """A PNG with one flipped byte fails its checksum."""
    path = tmp_path / "a.png"
    from_array(ramp(width=200, height=200)).pngsave(str(path))
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0x55
    path.write_bytes(damaged)

    with pytest.raises(InputError):
        decode(path, header("png", 200, 200))


def test_a_real_truncated_jpeg_is_refused(shared_data: Path) -> None:
    """The sample of another project is caught, too."""
    path = shared_data / "mixed_sources/formats/pil_truncated_jpeg.jpg"
    image = open_image(path, "jpeg", fail_on="none")

    with pytest.raises(InputError, match="premature end"):
        decode(path, header("jpeg", image.width, image.height))


def test_a_file_that_changed_since_its_inspection_is_refused(
    tmp_path: Path, ramp: Callable[..., Any]
) -> None:
    """Memory was set aside for the size of the header; another size is an error."""
    from_array(ramp(width=64, height=48)).pngsave(str(tmp_path / "a.png"))

    with pytest.raises(InputError, match="64 x 48 pixels, but was 32 x 24"):
        decode(tmp_path / "a.png", header("png", 32, 24))


def test_another_format_behind_the_name_is_refused(tmp_path: Path) -> None:
    """The loader follows the content that was inspected, never the name."""
    (tmp_path / "a.jpg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")

    with pytest.raises(InputError):
        open_image(tmp_path / "a.jpg", "jpeg")
    with pytest.raises(InputError, match="'svg' are not read"):
        open_image(tmp_path / "a.jpg", "svg")


def test_names_that_are_no_text_are_read(
    tmp_path: Path, ramp: Callable[..., Any]
) -> None:
    """A name in an old encoding, with brackets that libvips would take as options."""
    path = tmp_path / os.fsdecode(b"caf\xe9 [page=1].png")
    buffer = from_array(ramp()).pngsave_buffer()
    path.write_bytes(buffer)

    assert decode(path, header("png", 64, 48)).image.width == 64
