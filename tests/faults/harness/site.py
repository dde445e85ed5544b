"""Folders, rules, configuration and daemons of one test."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from auditor import Input, make_input
from harness.process import DaemonProcess

COPY_RULE = """
rule: copy
outputs:
  - {name: "{stem}.png"}
"""
"""Decodes and encodes, nothing else: the cheapest rule there is."""

THREE_RULE = """
rule: three
outputs:
  - {name: "{stem}.png"}
  - {name: "half/{stem}.png", long_edge: 24}
  - {name: "{stem}.jpg"}
"""
"""Three outputs that differ in their bytes."""

USUAL_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "intake": {"settle_seconds": 0.1, "rescan_seconds": 0.5},
    "worker": {"threads": 2, "device": "cpu", "memory_gb": 1.0},
}


class Site:
    """A configuration on disk, with its hot folders, and the daemons started on it.

    Args:
        base: holds what is not set elsewhere: root, rules, database, logs.
        roots: hot folders, named ``hot``, ``hot2`` and so on.
        rule: text of the one rule that all of them use.
        settings: tables of the configuration, over ``USUAL_SETTINGS``; a value that
            is no table is a key at the top; ``hot_folder`` holds keys of every root.
    """

    def __init__(
        self,
        base: Path,
        *,
        roots: list[Path] | None = None,
        rule: str = COPY_RULE,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.base = base
        self.roots = roots or [base / "hot"]
        self.runs: list[subprocess.Popen[bytes]] = []
        self._dropped = 0
        for folder in ("rules", "models", "state"):
            (base / folder).mkdir(parents=True, exist_ok=True)
        self.write_rule(rule)
        self.write_settings(settings or {})
        for root in self.roots:
            make_root(root)

    @property
    def root(self) -> Path:
        """The first hot folder."""
        return self.roots[0]

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.base / "retouchd.toml"

    @property
    def database(self) -> Path:
        """The ledger, where the settings say nothing else."""
        return self.base / "state/retouchd.db"

    def write_rule(self, text: str) -> None:
        """Put another text of the rule into force."""
        self._rule = next(
            line.split(":")[1].strip()
            for line in text.splitlines()
            if line.startswith("rule:")
        )
        (self.base / f"rules/{self._rule}.yaml").write_text(text)

    def write_settings(self, settings: Mapping[str, Any]) -> None:
        """Write the configuration anew, with *settings* over the usual ones."""
        top: dict[str, Any] = {
            "database": str(self.database),
            "rules_dir": str(self.base / "rules"),
            "models_dir": str(self.base / "models"),
        }
        tables = {name: dict(table) for name, table in USUAL_SETTINGS.items()}
        for key, value in settings.items():
            if isinstance(value, Mapping):
                tables.setdefault(key, {}).update(value)
            else:
                top[key] = value
        shared = tables.pop("hot_folder", {})
        lines = _assignments(top)
        for name, table in tables.items():
            lines += [f"[{name}]", *_assignments(table)]
        for number, root in enumerate(self.roots, start=1):
            name = "hot" if number == 1 else f"hot{number}"
            mine = {"name": name, "path": str(root), "rules": [self._rule]}
            lines += ["[[hot_folders]]", *_assignments(mine | shared)]
        self.config.write_text("\n".join(lines) + "\n")

    def drop(
        self,
        count: int,
        *,
        root: Path | None = None,
        suffix: str = ".png",
        **make: Any,
    ) -> list[Input]:
        """Put *count* new pictures into ``in/``; *make* goes to ``make_input``."""
        inputs = []
        for _ in range(count):
            self._dropped += 1
            name = f"p{self._dropped:05d}{suffix}"
            path = (root or self.root) / "in" / name
            inputs.append(make_input(path, self._dropped, **make))
        return inputs

    def start(
        self,
        *args: str,
        env: Mapping[str, str] | None = None,
        preload: Path | None = None,
        config: Path | None = None,
    ) -> DaemonProcess:
        """Start a daemon, with *preload* loaded before the C library."""
        log_file = self.base / f"log-{len(self.runs)}.txt"
        own = {"PYTHONWARNINGS": "default", **(env or {})}
        if preload is not None:
            own["LD_PRELOAD"] = str(preload)
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "retouchd"),
                    *("--config", config or self.config),
                    *("run", *args),
                ],
                stdout=log,
                stderr=log,
                env=os.environ | own,
            )
        self.runs.append(process)
        return DaemonProcess(process, log_file)

    def kill_all(self) -> None:
        """End every daemon that still runs."""
        for process in self.runs:
            process.kill()
            process.wait()

    def states(self) -> list[str]:
        """Return the states of all jobs; none while the ledger is being made."""
        return [row[0] for row in self.rows("SELECT state FROM jobs ORDER BY id")]

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Ask the ledger; nothing while it is being made."""
        if not self.database.exists():
            return []
        uri = f"{self.database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as db:
            try:
                return db.execute(sql, parameters).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise


def make_root(root: Path) -> None:
    """Make a hot folder as `retouchd init` leaves it: inbox and marker."""
    (root / "in").mkdir(parents=True, exist_ok=True)
    (root / ".retouchd").mkdir(mode=0o700, exist_ok=True)
    marker = root / ".retouchd/marker.json"
    marker.write_text(json.dumps({"hot_folder": root.name, "format": 1}) + "\n")


def _assignments(table: Mapping[str, Any]) -> list[str]:
    """Write TOML; strings, numbers, truth values and lists look as in JSON."""
    return [f"{key} = {json.dumps(value)}" for key, value in table.items()]
