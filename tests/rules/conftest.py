"""Rule files in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WriteRule = Callable[..., Path]

IDENTITY_CUBE = "LUT_3D_SIZE 2\n" + "".join(
    f"{red} {green} {blue}\n" for blue in (0, 1) for green in (0, 1) for red in (0, 1)
)


@pytest.fixture
def write_rule(tmp_path: Path) -> WriteRule:
    """Write a rule's text as ``NAME.yaml``, with a LUT beside it; return its path."""
    (tmp_path / "luts").mkdir()
    (tmp_path / "luts/plain.cube").write_text(IDENTITY_CUBE)

    def write(text: str | bytes, name: str = "sample") -> Path:
        path = tmp_path / f"{name}.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write
