"""Makes ``models/`` importable; tests that need PyTorch run where it is installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models"))

HAS_TORCH = importlib.util.find_spec("torch") is not None
collect_ignore = [] if HAS_TORCH else ["test_export.py", "test_learning.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out."""
    if not HAS_TORCH:
        terminalreporter.write_line(
            "PyTorch is missing: make test-models runs the tests of the training code"
        )
