"""A configuration file in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WriteConfig = Callable[[str], Path]


@pytest.fixture
def write_config(tmp_path: Path) -> WriteConfig:
    """Write the text as ``retouchd.toml`` and return its path."""

    def write(text: str) -> Path:
        path = tmp_path / "retouchd.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
