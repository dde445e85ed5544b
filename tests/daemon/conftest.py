"""A hot folder with a real daemon process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import process
from harness.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A hot folder with the rule that copies; its daemons are killed afterwards."""
    made = Site(tmp_path)
    yield made
    made.kill_all()


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait for something that another process does."""
    return process.until
