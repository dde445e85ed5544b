"""The table that ``make evaluate`` prints."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

Row = Sequence[str | float]


@dataclass
class Section:
    """Rows that belong together.

    Attributes:
        title: what is measured on what.
        columns: heads; the first is the competitor.
        rows: numbers are shown with three or four digits.
        notes: lines below the table.
    """

    title: str
    columns: Sequence[str]
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Lay out as a Markdown table."""
        body = [[shown(each) for each in row] for row in self.rows]
        cells = [list(self.columns), *body]
        columns = zip(*cells, strict=True)
        widths = [max(len(cell) for cell in column) for column in columns]
        lines = [
            "| "
            + " | ".join(
                cell.ljust(width) if place == 0 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            + " |"
            for row in cells
        ]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join([f"## {self.title}", "", *lines, "", *self.notes])


def shown(value: str | float) -> str:
    """Format one cell: about four significant digits."""
    if isinstance(value, str):
        return value
    return f"{value:.4f}" if abs(value) < 1 else f"{value:.2f}"


def machine() -> str:
    """Day, processor and cores, for the head of the report."""
    model = platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        names = [
            line.split(":", 1)[1].strip()
            for line in facts.read_text("utf-8").splitlines()
            if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores of {model}"
