"""Rows of the reliability table, gathered while the tests run."""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Figures:
    """Collects one row per measured fault and keeps them in a file.

    Attributes:
        file: where each row is appended as one line of JSON.
        rows: those of this run.
    """

    file: Path
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, fault: str, began: float, numbers: dict[str, object]) -> None:
        """Add a row: *began* is the monotonic time at which the test began."""
        row: dict[str, object] = {
            "fault": fault,
            "date": dt.datetime.now(dt.UTC).date().isoformat(),
            "seconds": round(time.monotonic() - began, 1),
            **numbers,
        }
        self.rows.append(row)
        self.file.parent.mkdir(exist_ok=True)
        with self.file.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def lines(self) -> list[str]:
        """Return the rows as text, sorted by fault."""
        ordered = sorted(self.rows, key=lambda row: str(row["fault"]))
        return [
            ", ".join(f"{key} {value}" for key, value in r.items()) for r in ordered
        ]
