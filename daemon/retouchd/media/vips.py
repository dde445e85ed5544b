"""The one door to libvips: set up before it is imported, locked down after.

Every other module imports it from here: ``from retouchd.media.vips import pyvips``.
"""

from __future__ import annotations

from retouchd.settings import prepare_libvips

prepare_libvips()

import pyvips  # noqa: E402  (the environment must be set before libvips starts)

ALLOWED_LOADERS = ("Jpeg", "Png", "Tiff", "Webp", "Heif", "Nsgif")

# A cache would hold whole pictures for a second look that never comes.
pyvips.cache_set_max(0)

# Only the loaders of the formats that are accepted; inspect/kind.py picks by content.
pyvips.operation_block_set("VipsForeignLoad", True)  # noqa: FBT003
for _loader in ALLOWED_LOADERS:
    pyvips.operation_block_set(f"VipsForeignLoad{_loader}", False)  # noqa: FBT003

__all__ = ["pyvips"]
