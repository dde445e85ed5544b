"""The one door to libvips: set up before it is imported, locked down after.

Every other module imports it from here: ``from retouchd.media.vips import pyvips``.
"""

from __future__ import annotations

import errno
import os
import re

from retouchd.settings import prepare_libvips

prepare_libvips()

import pyvips  # noqa: E402  (the environment must be set before libvips starts)

OLDEST = (8, 18, 3)
"""Older ones have holes that a picture can use: CVE-2026-69242, CVE-2026-33327."""


def refuse_old(version: tuple[int, ...]) -> None:
    """Raise ImportError for a libvips with known holes."""
    if version < OLDEST:
        found, wanted = (".".join(map(str, numbers)) for numbers in (version, OLDEST))
        raise ImportError(
            f"libvips {found} has known security holes, {wanted} or newer is needed: "
            "pip install --upgrade pyvips-binary"
        )


refuse_old(tuple(pyvips.version(part) for part in range(3)))

ALLOWED_LOADERS = ("Jpeg", "Png", "Tiff", "Webp", "Heif", "Nsgif")

# A cache would hold whole pictures for a second look that never comes.
pyvips.cache_set_max(0)

# Only the loaders of the formats that are accepted; inspect/kind.py picks by content.
pyvips.operation_block_set("VipsForeignLoad", True)  # noqa: FBT003
for _loader in ALLOWED_LOADERS:
    pyvips.operation_block_set(f"VipsForeignLoad{_loader}", False)  # noqa: FBT003

DECODER_ERRORS = (pyvips.Error, UnicodeDecodeError)
"""What a damaged file raises; libvips quotes its texts, pyvips wants them in UTF-8."""

__all__ = ["DECODER_ERRORS", "errno_in", "pyvips"]


def errno_in(error: Exception) -> int:
    """Return the error of the operating system that libvips quotes; 0 where none."""
    numbers = {os.strerror(number): number for number in errno.errorcode}
    quoted = re.findall(r"system error: (.+)", str(error))
    return next((numbers[words] for words in quoted if words in numbers), 0)
