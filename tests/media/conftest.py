"""Made pictures for the media room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from retouchd.media.pixels import Pixels, from_array
from retouchd.media.still import decode, open_image
from retouchd.media.vips import pyvips
from retouchd.values import Header, Picture

Ramp = Callable[..., Pixels]


@pytest.fixture
def ramp() -> Ramp:
    """Make smooth pixels, all corners different, at any size, depth and bands."""

    def make(
        width: int = 64, height: int = 48, bands: int = 3, depth: int = 8
    ) -> Pixels:
        rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
        planes = [columns, rows, (rows + columns) / 2, 1 - rows * columns / 2]
        stacked = np.stack(planes[:bands], axis=-1)
        if depth == 16:
            return np.rint(stacked * 65535).astype(np.uint16)
        return np.rint(stacked * 255).astype(np.uint8)

    return make


@pytest.fixture
def decoded() -> Callable[[Path, str], Picture]:
    """Decode a file under the header that it really has."""

    def read(path: Path, kind: str) -> Picture:
        image = open_image(path, kind)
        depth = 8 if image.format == "uchar" else 16
        header = Header(
            kind,
            "still",
            image.width,
            image.height,
            image.bands,
            depth,
            1,
            has_alpha=False,
        )
        return decode(path, header)

    return read


@pytest.fixture
def picture(ramp: Ramp) -> Callable[..., Picture]:
    """Make a picture of a ramp."""
    return lambda **shape: Picture(from_array(ramp(**shape)))


@pytest.fixture
def tagged() -> Callable[..., pyvips.Image]:
    """Return an image with blobs and fields attached."""

    def attach(image: pyvips.Image, **blobs: bytes | int) -> pyvips.Image:
        image = image.copy()
        for name, blob in blobs.items():
            if isinstance(blob, int):
                image.set_type(pyvips.GValue.gint_type, name, blob)
            else:
                image.set_type(
                    pyvips.GValue.blob_type, f"{name}-data".replace("_", "-"), blob
                )
        return image

    return attach
