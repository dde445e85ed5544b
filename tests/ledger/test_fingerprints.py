"""The file of fingerprints says what the ledger says, at the start and later on."""

from __future__ import annotations

import sqlite_utils

from retouchd.ledger.database import Database
from retouchd.ledger.fingerprints import Fingerprints
from retouchd.media.fingerprint import Fingerprint
from retouchd.media.fingerprint_file import FingerprintFile, file_beside

PRINTS = {name: Fingerprint(17 << 9 * n, 85 << 7 * n) for n, name in enumerate("abcd")}


def deliver(
    ledger: Database, name: str, destination: str = "out", state: str = "done"
) -> None:
    """Book one job that made one result and one preview."""

    def work(db: sqlite_utils.Database) -> None:
        job = {
            "id": name * 26,
            "hot_folder": "shop",
            "source_name": f"{name}.jpg",
            "state": state,
            "destination": destination,
        }
        db.table("jobs").insert(job)
        for output, role in enumerate(("result", "preview")):
            row = {
                "job_id": name * 26,
                "output": output,
                "role": role,
                "fingerprint": str(PRINTS[name]) if output == 0 else None,
            }
            db.table("deliveries").insert(row)

    ledger.write(work).result()


def decide(ledger: Database, name: str, verdict: str, decision: str | None) -> None:
    """Book what a person decided."""

    def work(db: sqlite_utils.Database) -> None:
        db.table("jobs").update(name * 26, {"decision": decision})
        db.table("reviews").insert({"job_id": name * 26, "verdict": verdict})

    ledger.write(work).result()


def known(ledger: Database) -> str:
    """Return the names of all that the file knows."""
    seen = FingerprintFile(file_beside(ledger.path))
    return "".join(
        name for name, one in PRINTS.items() if seen.nearest(one, 0, "shop", "")
    )


def test_is_made_from_the_ledger_at_the_start(ledger: Database) -> None:
    """Delivered results are in it; what waits for a person is not."""
    deliver(ledger, "a")
    deliver(ledger, "b", destination="review", state="review")
    file_beside(ledger.path).write_bytes(b"what another ledger left")

    Fingerprints(ledger)

    assert known(ledger) == "a"


def test_follows_deliveries_and_decisions(ledger: Database) -> None:
    """An approved result is delivered; one that was turned down is not any more."""
    seen = Fingerprints(ledger)
    history = []
    deliver(ledger, "a")
    deliver(ledger, "b", destination="review", state="review")
    for name, verdict, decision in (
        ("", "", None),
        ("b", "approve", "approve"),
        ("a", "reject", "reject"),
        ("b", "undo", None),
        ("a", "approve", "approve"),
    ):
        if name:
            decide(ledger, name, verdict, decision)
        seen.look()
        history.append(known(ledger))

    assert history == ["a", "ab", "b", "", "a"]
    Fingerprints(ledger)
    assert known(ledger) == history[-1]


def test_says_nothing_twice(ledger: Database) -> None:
    """A look at a ledger that did not change leaves the file alone."""
    deliver(ledger, "a")
    seen = Fingerprints(ledger)
    size = file_beside(ledger.path).stat().st_size

    seen.look()
    seen.look()

    assert file_beside(ledger.path).stat().st_size == size


def test_a_file_that_cannot_be_written_is_tried_again(ledger: Database) -> None:
    """The daemon goes on without it, and nothing is forgotten."""
    file = file_beside(ledger.path)
    blocker = file.with_name(f"{file.name}.new")
    blocker.mkdir()
    deliver(ledger, "a")
    seen = Fingerprints(ledger)
    assert not file.exists()

    deliver(ledger, "b")
    seen.look()

    assert known(ledger) == "ab"
