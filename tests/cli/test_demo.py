"""``retouchd demo``: the whole path of the samples, in the real daemon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.media.header import size_of


@pytest.mark.slow
def test_every_sample_ends_as_its_manifest_says(
    really: Callable[..., Any], here: Path
) -> None:
    """Exit code 0, the report, where models ran, and a picture to look at."""
    answer = really("demo", "--keep", "it's here")

    assert answer.code == 0, answer.out
    assert "WRONG" not in answer.out
    assert "By rule" in answer.out
    assert "models ran on: " in answer.out
    assert min(size_of(here / "it's here" / "before-after.jpg")) > 600
