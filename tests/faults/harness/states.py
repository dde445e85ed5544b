"""What a dead daemon left on disk, written so that equal texts mean equal recoveries.

A recovery is a function of what it finds, in the hot folder and in the ledger's: a
killed process hands nothing else on. So of two kills that leave the same state, one
need be recovered from. ``state_of`` writes a state down. It leaves out, or gives new
names to, only this:

- Ids of jobs, random but for their time: they become numbers in the order of the ids,
  because recoveries go through the jobs in that order.
- Process id and run in the names of stages, which keep names apart and mean nothing. A
  row and its stage keep one name.
- Inode numbers and times of files, which recoveries compare with those in the rows and
  with one another: it stays which names are one file, and which file a row means. Ages
  matter from an hour upwards (reservations); no case lives so long.
- Times, durations, and money that was made of durations, in the ledger: written for
  people. It stays whether each is there. The date in ``done/DATE`` is the day's. Of
  what idle hours cost nothing stays.
- The random name, process id and heartbeat of the owner's record.
- What a start makes anew from the rows: the file of fingerprints, tokens of roll-ups.
- Content and size of stages that no row owns: they are removed unread.
- How far SQLite came with its own files: rows are read through its recovery, from a
  copy; of the write-ahead log it stays whether it is there and whether it is empty.

Everything else stays: every other column, name, kind, mode and content. So what was
forgotten here makes two states of one, which costs time and hides nothing; and
``Atlas`` sees equal states recovered from by the same calls to the same end.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

_JOB = r"[0-7][0-9A-HJKMNP-TV-Z]{25}"
_STAGE = re.compile(rf"({_JOB})-\d+-\d+")
_HEALTH = re.compile(r"\.health-\d+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|\+00:00)?)?")

_UNREAD = {"quantity", "amount", "measured", "token"}
"""Made of durations or by chance; columns of type REAL and named ``..at`` besides."""

_ON_NO_JOB = "overheads"
"""What the daemon itself used, noted when there is time."""

_MADE_ANEW = "retouchd.db.fingerprints"
"""Each start writes it again from the rows."""

_OWN_TO_A_RUN = ("daemon", "pid", "beat")

Rows = dict[str, list[dict[str, Any]]]


def state_of(root: Path, state: Path) -> str:
    """Write down the hot folder *root* and the ledger's folder *state*.

    No daemon may work on them.
    """
    tables = _tables(state)
    lines = [*_rows(tables), *_files(root, tables), *_ledger_files(state)]
    return renamed("\n".join(lines).replace(str(root), "ROOT"))


def digest_of(state: str) -> str:
    """Return a short name of a state."""
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def _tables(state: Path) -> Rows:
    with tempfile.TemporaryDirectory(dir=state.parent) as folder:
        copy = Path(folder) / "retouchd.db"
        for ending in ("", "-wal"):
            file = state / f"{copy.name}{ending}"
            if file.exists():
                shutil.copyfile(file, Path(folder) / file.name)
        with closing(sqlite3.connect(copy)) as db:
            db.row_factory = sqlite3.Row
            names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            return {
                name: [dict(row) for row in db.execute(f"SELECT * FROM {name}")]
                for (name,) in db.execute(names).fetchall()
            }


def _rows(tables: Rows) -> Iterator[str]:
    for table, rows in tables.items():
        for row in rows if table != _ON_NO_JOB else ():
            kept = {name: _kept(table, name, value) for name, value in row.items()}
            yield f"{table} {kept}"


def _kept(table: str, column: str, value: Any) -> Any:
    if value is None:
        return None
    is_number = column == "id" and isinstance(value, int)
    is_time = column == "at" or column.endswith("_at")
    if is_number or is_time or column in _UNREAD or isinstance(value, float):
        return "there"
    if table == "jobs" and column in {"inode", "mtime_ns"}:
        return "see the files"
    return value


def _files(root: Path, tables: Rows) -> Iterator[str]:
    """Write down every name below *root*, in order."""
    jobs = tables.get("jobs", [])
    owned = {Path(row["stage"]).name for row in tables["deliveries"] if row["stage"]}
    meant = {(row["inode"], row["mtime_ns"]): row["id"] for row in jobs}
    inodes: dict[int, int] = {}
    for path in sorted(root.rglob("*")):
        name, facts = path.relative_to(root), path.lstat()
        if path.is_dir():
            yield f"{name}/ {stat.filemode(facts.st_mode)}"
            continue
        number = inodes.setdefault(facts.st_ino, len(inodes))
        job = meant.get((facts.st_ino, facts.st_mtime_ns), "none")
        is_unread = "tmp" in name.parts and path.name not in owned
        content = "unread" if is_unread else _content(path)
        yield f"{name} {stat.filemode(facts.st_mode)} #{number} of {job}: {content}"


def _content(path: Path) -> str:
    data = path.read_bytes()
    if path.parent.name == "owner":
        record = json.loads(data)
        return str({key: record[key] for key in record if key not in _OWN_TO_A_RUN})
    if path.name.endswith((".error.txt", ".error.json")):
        return repr(data.decode())
    return hashlib.sha256(data).hexdigest()


def _ledger_files(state: Path) -> Iterator[str]:
    for path in sorted(state.iterdir()):
        if path.name == _MADE_ANEW:
            continue
        size = path.stat().st_size
        is_log = path.name.endswith(("-wal", "-shm", ".db"))
        yield f"{path.name} {bool(size) if is_log else size}"


def renamed(text: str) -> str:
    """Give jobs and stages numbers for names, and the day no date."""
    stages: dict[str, str] = {}

    def stage(found: re.Match[str]) -> str:
        return stages.setdefault(found[0], f"{found[1]}-stage{len(stages)}")

    text = _HEALTH.sub(".health", _DATE.sub("DATE", _STAGE.sub(stage, text)))
    for number, job in enumerate(sorted(set(re.findall(_JOB, text)))):
        text = text.replace(job, f"JOB{number}")
    return text
