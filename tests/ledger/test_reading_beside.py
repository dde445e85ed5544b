"""Other programs read the ledger while the daemon writes to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from retouchd.ledger.database import Database

Booker = Callable[..., None]

# A program that knows nothing of retouchd; what it counts must be whole jobs.
READER = """
import json, sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=0)
seen, odd = [], 0
print("ready", flush=True)
while not seen or seen[-1] < int(sys.argv[2]):
    db.execute("BEGIN")
    [(jobs,)] = db.execute("SELECT count(*) FROM jobs")
    [(costs,)] = db.execute("SELECT count(*) FROM job_costs")
    [(assets,)] = db.execute("SELECT count(*) FROM approved_assets")
    db.execute("COMMIT")
    seen.append(jobs)
    odd += not jobs == costs == assets
try:
    db.execute("DELETE FROM jobs")
    refused = False
except sqlite3.OperationalError as error:
    refused = "readonly" in str(error)
print(json.dumps([len(set(seen)), odd, refused]))
"""


def test_a_reader_never_waits_nor_sees_half_a_job(
    ledger: Database, book: Booker, tmp_path: Path
) -> None:
    """Without any wait for locks, each look shows whole jobs; writing is refused."""
    jobs = 60
    arguments = [sys.executable, "-c", READER, str(tmp_path / "ledger.db"), str(jobs)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "ready\n"

        for number in range(jobs):
            book(f"job-{number}")
        looks, odd, refused = json.loads(reader.stdout.readline())

    assert looks > 2
    assert odd == 0
    assert refused
    assert ledger.rows("SELECT count(*) AS n FROM jobs")[0]["n"] == jobs
