"""Finds what ships with the program: ready rules, models, samples, units."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped_folder(name: str) -> Path:
    """Return the folder *name* of an installed wheel, or else of the checkout.

    Args:
        name: ``rules``, ``models``, ``sample_hotfolder`` or ``systemd``.
    """
    installed = _PACKAGE / "shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parents[1] / name
