"""Keeps what reports added up, beside the ledger, and knows when it is stale.

The ledger gives each hour of arrival a token that any change of its rows renews
(``schema.report_views``). What is kept of an hour, or of a whole day, bears the tokens
it was made from and counts only while they are the same; everything else is added up
from the rows. So a report is right whatever this file holds, and deleting it costs
nothing but the time to add up again. The ledger itself is only read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from retouchd.ledger.database import Query
from retouchd.ledger.sums.groups import DIMENSIONS, Tallies, add_up
from retouchd.ledger.sums.job_facts import jobs_between
from retouchd.ledger.sums.tallies import Tally

VERSION = 2
"""Of what is kept; another one is thrown away."""

AFTER = "~"
"""What makes a day or an hour a text behind all of its times."""

_BUSY_SECONDS = 5.0


@dataclass(frozen=True)
class Window:
    """Jobs that arrived at or after *begin* and before *until*, times as text."""

    begin: str
    until: str | None

    @property
    def end(self) -> str:
        """A text behind every time in the window."""
        return AFTER * 2 if self.until is None else self.until

    def holds(self, span: str) -> bool:
        """Whether all of *span*, a day or an hour as the head of a time, is in it."""
        return self.begin <= span and span + AFTER <= self.end

    def cut(self, span: str) -> tuple[str, str]:
        """Return begin and end of the part of *span* that is in it."""
        return max(self.begin, span), min(self.end, span + AFTER)


class _Wanted(NamedTuple):
    """The groupings that are asked for, and those of them with durations."""

    dimensions: frozenset[str]
    timed: frozenset[str]


_ALL = _Wanted(frozenset(DIMENSIONS), frozenset(DIMENSIONS))
_NOTHING = _Wanted(frozenset(), frozenset())


class Rollups:
    """What was added up once, by hour and by day, in a file of its own.

    Where that file cannot be written, everything works as well, only slower.
    """

    def __init__(self, kept: sqlite3.Connection | None, place: Path) -> None:
        self._db = kept
        self._place = place
        rows = kept.execute("SELECT span, token FROM spans") if kept else ()
        self._tokens: dict[str, str] = dict(rows)

    @classmethod
    def beside(cls, ledger: Path) -> Self:
        """Open the file of the ledger at *ledger*; begin a new one where needed."""
        path = place_of(ledger)
        with contextlib.suppress(sqlite3.Error, OSError):
            try:
                return cls(_open(path), path)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                path.unlink()  # damaged: nothing in it is worth more than a second
                return cls(_open(path), path)
        return cls(None, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._db is not None:
            self._db.close()

    def collect(
        self,
        query: Query,
        window: Window,
        dimensions: Iterable[str] = DIMENSIONS,
        timed: Iterable[str] = DIMENSIONS,
    ) -> Tallies:
        """Add up the jobs of *window* by each of *dimensions*.

        Only those of *timed* need to know the durations: most of what is kept.
        """
        made: Tallies = {name: defaultdict(Tally) for name in dimensions}
        wanted = _Wanted(frozenset(made), frozenset(timed))
        for day, hours in _hours(query, window).items():
            for part in self._day(query, window, day, hours, wanted):
                _merge(made, part)
        return made

    def catch_up(self, query: Query, window: Window) -> None:
        """Add up again what changed among the jobs of *window*; keep it for later."""
        for day, hours in _hours(query, window).items():
            for _ in self._day(query, window, day, hours, _NOTHING):
                pass

    def _day(
        self,
        query: Query,
        window: Window,
        day: str,
        hours: Mapping[str, str],
        wanted: _Wanted,
    ) -> Iterator[Tallies]:
        if not window.holds(day):
            for hour, token in hours.items():
                if window.holds(hour):
                    yield self._hour(query, hour, token, wanted)
                else:
                    yield add_up(jobs_between(query, *window.cut(hour)))
            return
        digest = hashlib.sha256(json.dumps(hours).encode()).hexdigest()
        span = f"{day} whole"
        kept = self._kept(span, digest, wanted)
        if kept is None:
            kept = {name: defaultdict(Tally) for name in DIMENSIONS}
            for hour, token in hours.items():
                _merge(kept, self._hour(query, hour, token, _ALL))
            self._keep(span, digest, kept)
        yield kept

    def _hour(self, query: Query, hour: str, token: str, wanted: _Wanted) -> Tallies:
        kept = self._kept(hour, token, wanted)
        if kept is None:
            kept = add_up(jobs_between(query, hour, hour + AFTER))
            self._keep(hour, token, kept)
        return kept

    def _kept(self, span: str, token: str, wanted: _Wanted) -> Tallies | None:
        """Return what is kept of *span* if it is still true."""
        if self._db is None or self._tokens.get(span) != token:
            return None
        made: Tallies = {name: {} for name in wanted.dimensions}
        asked = {
            "span": span,
            "dimensions": json.dumps([*wanted.dimensions]),
            "timed": json.dumps([*wanted.timed]),
        }
        try:
            rows = self._db.execute(_KEPT, asked).fetchall()
        except sqlite3.DatabaseError:  # damaged within: the next report begins anew
            self._db.close()
            self._db = None
            self._place.unlink(missing_ok=True)
            return None
        for dimension, name, *content in rows:
            made[dimension][name] = _read(*content)
        return made

    def _keep(self, span: str, token: str, tallies: Tallies) -> None:
        if self._db is None:
            return
        rows = [
            (span, dimension, name, *_written(tally))
            for dimension, groups in tallies.items()
            for name, tally in groups.items()
        ]
        try:
            with self._db:
                self._db.execute("DELETE FROM tallies WHERE span = ?", [span])
                self._db.executemany("INSERT INTO tallies VALUES (?,?,?,?,?,?)", rows)
                self._db.execute("REPLACE INTO spans VALUES (?, ?)", [span, token])
        except sqlite3.Error:  # a full disk, or another report that is at it
            self._tokens.pop(span, None)


def place_of(ledger: Path) -> Path:
    """Return where the sums of the ledger at *ledger* are kept."""
    return ledger.with_name(f"{ledger.stem}.rollups.db")


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    db.execute("PRAGMA journal_mode = wal")
    db.execute("PRAGMA synchronous = normal")
    [(version,)] = db.execute("PRAGMA user_version")
    if version != VERSION:
        db.executescript(_SCHEMA)
    return db


_KEPT = """
SELECT dimension, name, sums,
    CASE WHEN timed THEN waits ELSE x'' END, CASE WHEN timed THEN starts ELSE x'' END
FROM (
    SELECT *, dimension IN (SELECT value FROM json_each(:timed)) AS timed FROM tallies
    WHERE span = :span AND dimension IN (SELECT value FROM json_each(:dimensions))
)
"""

_SCHEMA = f"""
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS spans;
DROP TABLE IF EXISTS tallies;
CREATE TABLE spans (span TEXT PRIMARY KEY NOT NULL, token TEXT NOT NULL) STRICT;
CREATE TABLE tallies (
    span TEXT NOT NULL, dimension TEXT NOT NULL, name TEXT NOT NULL,
    sums TEXT NOT NULL, waits BLOB NOT NULL, starts BLOB NOT NULL,
    PRIMARY KEY (span, dimension, name)
) STRICT;
PRAGMA user_version = {VERSION};
COMMIT;
"""


def days_of(query: Query, window: Window) -> list[str]:
    """Return the days in which jobs of *window* arrived."""
    return list(_hours(query, window))


def _hours(query: Query, window: Window) -> dict[str, dict[str, str]]:
    """Return by day the hours in which jobs arrived, each with its token."""
    days: dict[str, dict[str, str]] = {}
    for hour, token in query(
        "SELECT hour, token FROM report_hours "
        "WHERE hour >= :begin AND hour < :end ORDER BY hour",
        {"begin": window.begin[:13], "end": window.end},
    ):
        days.setdefault(hour[:10], {})[hour] = str(token)
    return days


def _merge(made: Tallies, part: Tallies) -> None:
    """Add *part* to *made*, as far as *made* knows its dimensions."""
    for dimension, groups in made.items():
        for name, tally in part[dimension].items():
            groups[name].add(tally)


def _written(tally: Tally) -> tuple[str, bytes, bytes]:
    sums: dict[str, Any] = {
        "counts": tally.counts,
        "charges": [[*key, *numbers] for key, numbers in tally.charges.items()],
        "times": [tally.first, tally.last, tally.begin, tally.end],
        "devices": sorted(tally.devices),
        "clips": tally.clips,
    }
    return json.dumps(sums), tally.waits.tobytes(), tally.starts.tobytes()


def _read(sums: str, waits: bytes, starts: bytes) -> Tally:
    content = json.loads(sums)
    first, last, begin, end = content["times"]
    return Tally(
        counts=content["counts"],
        charges={tuple(row[:5]): row[5:] for row in content["charges"]},
        waits=array("H", waits),
        starts=array("H", starts),
        first=first,
        last=last,
        begin=begin,
        end=end,
        devices=set(content["devices"]),
        clips=content["clips"],
    )
