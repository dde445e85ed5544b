"""The file that proves that a root is mounted, and tells it from every other."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from retouchd.errors import StorageError
from retouchd.settings import HotFolder

MARKER = "marker.json"


def require_marker(folder: HotFolder) -> None:
    """Refuse a root without its marker: an unmounted share is an empty folder.

    Raises:
        StorageError: the marker cannot be seen.
    """
    require_marker_in(folder.private)


def require_marker_in(private: Path) -> None:
    """Do as `require_marker` for the root whose hidden folder is *private*."""
    if not (private / MARKER).is_file():
        raise StorageError(
            "the hot folder is away: its marker .retouchd/marker.json is not there",
            hint="mount the share; for a new hot folder run `retouchd init` once",
            file=private.parent,
        )


def marker_id(folder: HotFolder) -> str:
    """Return the random id of the root; markers of the first release get one now.

    Raises:
        OSError: the root cannot be written.
    """
    marker = folder.private / MARKER
    try:
        known = json.loads(marker.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        known = {}
    if not known.get("id"):
        known = {"hot_folder": folder.name, "format": 1, "id": secrets.token_hex(8)}
        # Written beside and renamed: a half marker would be a share that is away.
        fresh = marker.with_name(f"{MARKER}.new")
        fresh.write_text(json.dumps(known) + "\n", encoding="utf-8")
        fresh.replace(marker)
    return str(known["id"])
