"""An inbox on a real disk and a clock that the test turns."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An empty ``in/``."""
    folder = tmp_path / "in"
    folder.mkdir()
    return folder
