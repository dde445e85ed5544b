"""What every table, view and column of the ledger means, for other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_METADATA = Path(__file__).with_name("datasette.json")
_NAME = "retouchd"  # of the database in that file


def datasette_metadata(ledger: Path) -> dict[str, Any]:
    """Return metadata for Datasette, which knows a database by its file's name.

    Format: docs.datasette.io/en/stable/metadata.html.
    """
    content: dict[str, Any] = json.loads(_METADATA.read_text("utf-8"))
    content["databases"] = {ledger.stem: content["databases"][_NAME]}
    return content
