"""What every run of a job used is booked once, and what was bought once is too."""

from __future__ import annotations

import pytest

from retouchd.errors import LedgerError
from retouchd.ledger.database import Database
from retouchd.ledger.idle import book_idle
from retouchd.ledger.transitions import book_spent, describe
from retouchd.values import GateRun, Header, Inspection, Origin, Outcome, StepRun

NOON = 1_795_348_800.0
SPAN = ("2026-11-22T11:00:00.000Z", "2026-11-22T12:00:00.000Z")


def _add(ledger: Database, job: str, **columns: object) -> None:
    row = {"id": job, "hot_folder": "h", "source_name": f"{job}.png", "attempts": 1}
    row |= {"state": "running", "arrived_at": SPAN[0]} | columns
    ledger.write(lambda db: db.table("jobs").insert(row)).result()


def _outcome(job: str, cpu_s: float = 1.0, sha256: str = "ab") -> Outcome:
    header = Header("png", "still", 1000, 1000, 3, 8, 1, has_alpha=False)
    bought = Inspection(header, Origin("generator", "nano-banana", 1.0), ())
    return Outcome(
        job,
        sha256=sha256,
        inspection=bought,
        attempts=2,
        kept_attempt=1,
        step_runs=(
            StepRun("decode", cpu_s=cpu_s),
            StepRun("upscale", 2, cpu_s=2.0, joules=7.0, joules_estimated=True),
        ),
        gate_runs=(GateRun("matte", 1.0, "", 0.9, passed=True, attempt=2),),
    )


def _describe(ledger: Database, outcome: Outcome) -> None:
    ledger.write(lambda db: describe(db, outcome, NOON)).result()


def _credits(ledger: Database) -> list[str]:
    return [
        row["job_id"] for row in ledger.rows("SELECT job_id FROM credits ORDER BY id")
    ]


def test_every_run_of_a_job_is_booked_with_numbers_of_its_own(ledger: Database) -> None:
    """P8: a run that was thrown away counts, and the next one begins after it."""
    _add(ledger, "one")
    ledger.write(lambda db: book_spent(db, _outcome("one", 0.25), NOON)).result()

    _describe(ledger, _outcome("one", 0.5))

    rows = ledger.rows("SELECT attempt, step, cpu_s FROM step_runs ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        (1, "decode", 0.25),
        (2, "upscale", 2.0),
        (3, "decode", 0.5),
        (4, "upscale", 2.0),
    ]
    [job] = ledger.rows("SELECT attempts, kept_attempt FROM jobs")
    assert (job["attempts"], job["kept_attempt"]) == (4, 3)
    gates = ledger.rows("SELECT attempt FROM gate_runs ORDER BY id")
    assert [row["attempt"] for row in gates] == [2, 4]
    charged = ledger.rows(
        "SELECT measured FROM job_charges WHERE item = 'cpu_core' ORDER BY id"
    )
    assert [row["measured"] for row in charged] == ["2.25", "2.5"]


def test_a_job_that_runs_again_has_bought_its_picture_once(ledger: Database) -> None:
    """P3: ``redeliver`` computes anew, so that counts; the generator was paid once."""
    _add(ledger, "one")
    _describe(ledger, _outcome("one"))

    _describe(ledger, _outcome("one"))

    assert _credits(ledger) == ["one"]
    charged = ledger.rows("SELECT item FROM job_charges WHERE category = 'credits'")
    assert len(charged) == 1
    assert ledger.rows("SELECT count(*) AS n FROM step_runs")[0]["n"] == 4


def test_refining_a_result_buys_nothing(ledger: Database) -> None:
    """P8: the child of ``review fix`` has its credits on its parent."""
    _add(ledger, "one", state="review")
    _describe(ledger, _outcome("one"))
    _add(ledger, "fix", parent="one")

    _describe(ledger, _outcome("fix", sha256="cd"))

    assert _credits(ledger) == ["one"]


def test_sending_a_failed_drop_again_buys_nothing(ledger: Database) -> None:
    """P8: paid on the job that failed; dropped once more it is bought once more."""
    _add(ledger, "failed")
    _describe(ledger, _outcome("failed"))
    ledger.write(
        lambda db: db.table("jobs").update("failed", {"state": "failed"})
    ).result()

    for job in ("again", "anew"):
        _add(ledger, job, state="done")
        _describe(ledger, _outcome(job))

    assert _credits(ledger) == ["failed", "anew"]


def test_time_on_no_job_is_priced_and_stays(ledger: Database) -> None:
    """P8: what waiting costs is in the books like all else, to the last digit."""
    book_idle(ledger, 3.5, 36.0, SPAN, estimated=True).result()
    book_idle(ledger, 0.0, 0.0, SPAN, estimated=True).result()

    rows = ledger.rows(
        "SELECT category, measured, quantity, amount, estimated FROM overheads"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("compute", "3.5", "3.5", "0.000039355554", 0),
        ("energy", "36", "0.00001", "0.00000195", 1),
    ]
    with pytest.raises(LedgerError, match="never changes"):
        ledger.write(lambda db: db.execute("UPDATE overheads SET amount = 1")).result()


def test_bytes_are_counted_at_every_run_and_stored_once(ledger: Database) -> None:
    """P8: read and written for each run; what lies there is original and results."""
    _add(ledger, "one", source_bytes=900)
    made = {"job_id": "one", "bytes": 300, "path": "x", "delivered_at": SPAN[1]}
    gone = made | {"output": 1, "role": "preview", "removed_at": SPAN[1]}
    ledger.write(
        lambda db: db.table("deliveries").insert_all(
            [made | {"output": 0, "role": "result", "removed_at": None}, gone]
        )
    ).result()
    runs = (StepRun("decode", bytes_in=1000), StepRun("encode", bytes_out=300))

    for _ in range(2):
        _describe(ledger, Outcome("one", step_runs=runs))

    [row] = ledger.rows("SELECT * FROM job_bytes")
    assert row == {
        "job_id": "one",
        "hot_folder": "h",
        "bytes_in": 2000,
        "bytes_out": 600,
        "bytes_stored": 1300,
    }


def _clip(job: str, seconds: float, family: str = "generator") -> Outcome:
    header = Header(
        *("mov", "clip", 640, 360, 3, 8, 1),
        has_alpha=False,
        frames=125,
        seconds=seconds,
    )
    name = "kling" if family == "generator" else family
    made = Inspection(header, Origin(family, name, 0.9), ())
    return Outcome(
        job, sha256=job, inspection=made, step_runs=(StepRun("decode", cpu_s=2.0),)
    )


def test_a_clip_of_a_generator_is_paid_by_the_second(ledger: Database) -> None:
    """Kling: length of the clip times the price of a second, which is booked."""
    _add(ledger, "one")

    _describe(ledger, _clip("one", 5.04))

    [credit] = ledger.rows("SELECT item, quantity, unit FROM credits")
    assert tuple(credit.values()) == ("kling", 5.04, "second")
    [charge] = ledger.rows("SELECT amount FROM job_charges WHERE category = 'credits'")
    assert charge["amount"] == "0.42336"  # at 0.084 a second


def test_a_second_of_a_clip_has_a_cost(ledger: Database) -> None:
    """All that is booked on a clip over its length; stills have none."""
    for job, outcome in (
        ("clip", _clip("clip", 4.0, "camera")),
        ("one", _outcome("one")),
    ):
        _add(ledger, job)
        _describe(ledger, outcome)

    [row] = ledger.rows(
        "SELECT job_id, clip_seconds, total, per_second FROM clip_costs"
    )

    assert (row["job_id"], row["clip_seconds"]) == ("clip", 4.0)
    assert row["per_second"] == round(float(row["total"]) / 4, 6) > 0
    [still] = ledger.rows("SELECT clip_seconds FROM jobs WHERE id = 'one'")
    assert still["clip_seconds"] is None
