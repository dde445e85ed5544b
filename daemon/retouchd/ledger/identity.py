"""Tells one ledger from another, also from one that was deleted and made anew."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def ledger_identity(database: Path) -> str:
    """Return the random id of the ledger at *database*; the first call makes it.

    It is what a daemon signs its work on a shared folder with: jobs that another
    ledger began are none of ours.

    Raises:
        OSError: the folder of the ledger cannot be written.
    """
    file = database.with_name(database.name + ".id")
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as writing:
        made = secrets.token_hex(16)
        writing.write(made + "\n")
        writing.flush()
        os.fsync(handle)
    return made
