"""Colours are converted on purpose, and only then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from retouchd.media.colour import (
    ICC,
    Colour,
    from_srgb,
    levels,
    srgb_profile,
    to_depth,
    to_srgb,
    with_profile,
)
from retouchd.media.pixels import from_array, to_array
from retouchd.media.vips import pyvips

# Primaries of Display P3 and Adobe RGB (1998), D65, to XYZ.
# Source: Lindbloom, "RGB/XYZ Matrices"; SMPTE EG 432-1 for P3.
TO_XYZ = {
    "p3": [[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869],
           [0.0, 0.0451134, 1.0439444]],
    "adobe": [[0.5767309, 0.1855540, 0.1881852], [0.2973769, 0.6273491, 0.0752741],
              [0.0270343, 0.0706872, 0.9911085]],
}  # fmt: skip
XYZ_TO_SRGB = [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560],
               [0.0556434, -0.2040259, 1.0572252]]  # fmt: skip

FILES = {"p3": "formats/iphone_photo_DisplayP3.jpg",
         "adobe": "formats/Banana_AdobeRGB_marked.jpg",
         "prophoto": "formats/prophoto.png"}  # fmt: skip


@pytest.fixture
def profiles(shared_data: Path) -> dict[str, bytes]:
    """ICC profiles of real files."""
    folder = shared_data / "mixed_sources"
    return {
        name: bytes(pyvips.Image.new_from_file(str(folder / file)).get(ICC))
        for name, file in FILES.items()
    }


def decode_curve(space: str, value: Any) -> Any:
    """Make light of encoded values 0..1."""
    if space == "adobe":
        return value ** (563 / 256)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def encode_srgb(light: Any) -> Any:
    """Encode light 0..1 as sRGB."""
    light = light.clip(0, 1)
    return np.where(
        light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055
    )


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("space", ["p3", "adobe"])
def test_wide_gamut_matches_the_textbook(
    ramp: Callable[..., Any], profiles: dict[str, bytes], space: str, depth: int
) -> None:
    """Inside sRGB the conversion agrees with the matrices of the standards."""
    pixels = ramp(width=60, height=60, depth=depth)
    largest = np.iinfo(pixels.dtype).max
    light = decode_curve(space, pixels / largest)
    linear = light @ np.transpose(TO_XYZ[space]) @ np.transpose(XYZ_TO_SRGB)
    inside = ((linear > 0.003) & (linear < 1)).all(axis=-1)

    seen = (
        to_array(to_srgb(with_profile(from_array(pixels), profiles[space]))) / largest
    )

    assert inside.mean() > 0.2
    assert abs(seen - encode_srgb(linear))[inside].max() < 1 / 255


def test_conversion_is_what_lcms_gives(
    ramp: Callable[..., Any], profiles: dict[str, bytes]
) -> None:
    """ProPhoto, with relative intent and black point compensation: no other."""
    image = with_profile(from_array(ramp()), profiles["prophoto"])

    seen = to_srgb(image)

    wanted = image.icc_transform(
        "srgb", embedded=True, intent="relative", black_point_compensation=True, depth=8
    )
    assert np.array_equal(to_array(seen), to_array(wanted))
    assert not np.array_equal(to_array(seen), to_array(image))


@pytest.mark.parametrize("profile", [b"", b"no profile at all" * 20])
def test_untagged_and_broken_profiles_count_as_srgb(
    ramp: Callable[..., Any], profile: bytes
) -> None:
    """Without a usable profile every byte stays."""
    pixels = ramp()

    image = from_array(pixels)
    seen = to_srgb(with_profile(image, profile) if profile else image)

    assert np.array_equal(to_array(seen), pixels)


def test_pixels_tagged_srgb_stay_as_they_are(
    ramp: Callable[..., Any], shared_data: Path
) -> None:
    """Any profile that means sRGB leaves every byte alone."""
    real = shared_data / "mixed_sources/formats/exif_Canon_40D.jpg"
    pixels = ramp()

    for profile in (srgb_profile(), pyvips.Image.new_from_file(str(real)).get(ICC)):
        seen = to_srgb(with_profile(from_array(pixels), bytes(profile)))

        assert np.array_equal(to_array(seen), pixels)


def test_alpha_is_no_colour(
    ramp: Callable[..., Any], profiles: dict[str, bytes]
) -> None:
    """Opacity passes a conversion unchanged, at both depths."""
    for depth in (8, 16):
        pixels = ramp(bands=4, depth=depth)

        seen = to_array(to_srgb(with_profile(from_array(pixels), profiles["p3"])))

        assert np.array_equal(seen[..., 3], pixels[..., 3])
        assert not np.array_equal(seen[..., :3], pixels[..., :3])


def test_there_and_back(ramp: Callable[..., Any], profiles: dict[str, bytes]) -> None:
    """Colours that sRGB holds come back to their codes in the source profile."""
    pixels = (ramp(depth=16) // 2 + 16384).astype(np.uint16)
    source = with_profile(from_array(pixels), profiles["adobe"])

    back = from_srgb(to_srgb(source), profiles["adobe"])

    inside = np.all(
        (to_array(to_srgb(source)) > 0) & (to_array(to_srgb(source)) < 65535), axis=-1
    )
    assert bytes(back.get(ICC)) == profiles["adobe"]
    assert abs(to_array(back).astype(int) - pixels)[inside].max() < 60


def test_depths_are_exact(ramp: Callable[..., Any]) -> None:
    """0 and full range stay so; 8 bits pass through 16 without loss."""
    pixels = ramp(width=256)
    wide = to_depth(from_array(pixels), 16)

    assert np.array_equal(to_array(wide), pixels.astype(np.uint16) * 257)
    assert np.array_equal(to_array(to_depth(wide, 8)), pixels)
    deep = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)
    assert np.array_equal(to_array(to_depth(from_array(deep), 8)), np.rint(deep / 257))


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("#FFF", "#ffffff"),
        ("#1a2B3c", "#1a2b3c"),
        ("white", "#ffffff"),
        ("Black", "#000000"),
    ],
)
def test_reads_colours(written: str, canonical: str) -> None:
    """The usual spellings are understood."""
    assert TypeAdapter(Colour).validate_python(written) == canonical


@pytest.mark.parametrize("written", ["", "ffffff", "#ff", "#ggg", "red", "#ffffff00"])
def test_refuses_what_is_no_colour(written: str) -> None:
    """The error says how to write it."""
    with pytest.raises(ValidationError, match="'#rrggbb'"):
        TypeAdapter(Colour).validate_python(written)


def test_levels_of_a_colour() -> None:
    """The same colour at both depths."""
    assert levels("#ff8000", 8) == [255, 128, 0]
    assert levels("#ff8000", 16) == [65535, 32896, 0]
