"""Keeps the file of fingerprints, which workers read, in step with the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from retouchd.ledger.database import Database
from retouchd.log import get_logger
from retouchd.media.fingerprint import Fingerprint
from retouchd.media.fingerprint_file import (
    Delivered,
    append,
    file_beside,
    withdrawn,
    write_all,
)

log = get_logger()

_PAGE = 20_000

# What waits for a person is not delivered; what a person turned down is not either.
_DELIVERED = """
SELECT d.id AS number, d.fingerprint, j.id, j.hot_folder, j.source_name
FROM deliveries d JOIN jobs j ON j.id = d.job_id
WHERE d.id > ? AND d.id <= ? AND d.output = 0 AND d.role = 'result'
    AND d.fingerprint IS NOT NULL
    AND coalesce(j.decision = 'approve', j.destination = 'out')
ORDER BY d.id LIMIT ?
"""

_DECIDED = """
SELECT r.id AS number, j.decision, d.fingerprint, j.id, j.hot_folder, j.source_name
FROM reviews r JOIN jobs j ON j.id = r.job_id
JOIN deliveries d ON d.job_id = j.id AND d.output = 0
WHERE r.id > ? AND d.role = 'result' AND d.fingerprint IS NOT NULL
ORDER BY r.id
"""


class Fingerprints:
    """What the deliveries of one ledger look like; used by one thread.

    A file that cannot be written stops nobody: the gate then knows less.

    Args:
        database: says what was delivered. The file beside it is made anew.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._file = file_beside(database.path)
        self._last_delivery = self._last_review = 0
        self._is_in_trouble = False
        delivery, review = self._last_of("deliveries"), self._last_of("reviews")
        with self._trouble_logged():
            write_all(self._file, self._delivered(0, delivery))
            self._last_delivery, self._last_review = delivery, review

    def look(self) -> None:
        """Add what was delivered or decided since the last look."""
        delivery, review = self._last_of("deliveries"), self._last_of("reviews")
        if (delivery, review) == (self._last_delivery, self._last_review):
            return
        with self._trouble_logged():
            found = [*self._delivered(self._last_delivery, delivery), *self._decided()]
            append(self._file, found)
            self._last_delivery, self._last_review = delivery, review

    @contextmanager
    def _trouble_logged(self) -> Iterator[None]:
        """Log what keeps the file from being written; the next look tries again."""
        try:
            yield
            self._is_in_trouble = False
        except OSError as error:
            if not self._is_in_trouble:
                log.warning("fingerprints_not_kept", error=str(error))
            self._is_in_trouble = True

    def _last_of(self, table: str) -> int:
        sql = f"SELECT coalesce(max(id), 0) AS last FROM {table}"  # noqa: S608  (ours)
        return int(self._database.rows(sql)[0]["last"])

    def _delivered(self, after: int, until: int) -> Iterator[Delivered]:
        """Yield deliveries in pages: a ledger may hold millions."""
        while True:
            rows = self._database.rows(_DELIVERED, [after, until, _PAGE])
            yield from map(_delivered_of, rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1]["number"]

    def _decided(self) -> Iterator[Delivered]:
        for row in self._database.rows(_DECIDED, [self._last_review]):
            one = _delivered_of(row)
            yield one if row["decision"] == "approve" else withdrawn(one)


def _delivered_of(row: dict[str, Any]) -> Delivered:
    fingerprint = Fingerprint.parse(row["fingerprint"])
    return Delivered(row["id"], row["hot_folder"], row["source_name"], fingerprint)
