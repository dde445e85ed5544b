"""Ledger and hot folder disagree in every way; fsck says so and mends it."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from retouchd.errors import LedgerError, RetouchdError
from retouchd.hotfolder.places import make_tree
from retouchd.ledger.database import Database
from retouchd.ledger.entries import Entry, new_job_id
from retouchd.ledger.jobs import Journal
from retouchd.ledger.lock import lock_database
from retouchd.ops.fsck.examine import examine
from retouchd.ops.fsck.mend import mend, nobody_else
from retouchd.ops.fsck.plan import Plan
from retouchd.settings import HotFolder, Settings
from retouchd.values import Outcome, Rendition

NOON = 1_795_348_800.0


@dataclass
class Bench:
    """One hot folder, its ledger, and short words for both."""

    settings: Settings

    @property
    def folder(self) -> HotFolder:
        """The hot folder."""
        return self.settings.hot_folders[0]

    @property
    def claims(self) -> Path:
        """Where claims of the first epoch lie."""
        return self.folder.private / "claims/1"

    @property
    def stages(self) -> Path:
        """Where results of the first epoch are staged."""
        return self.folder.private / "tmp/1"

    def claim(self, *names: str) -> str:
        """Put files into a claim folder, without a row; return the job."""
        job = new_job_id(NOON)
        for name in names:
            path = self.claims / job / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.fsencode(name))
        return job

    def stage(self, job: str) -> Path:
        """Put a half-made result into the stage folder."""
        path = self.stages / f"{job}-1-1-0.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"pixels")
        return path

    def know(self, job: str, source: str, journal: str = "CLAIMED") -> None:
        """Write the row of a job up to the step *journal*."""
        entry = Entry(job, self.folder.name, source, (), 6, 0, 0, 1, NOON)
        with Database.open(self.settings.database) as database:
            books = Journal(database)
            books.intend([entry], NOON)
            if journal == "INTENT":
                return
            books.claimed([job], NOON)
            if journal == "CLAIMED":
                return
            stage = self.stages / f"{job}-1-1-0.png"
            made = Rendition(0, stage, "x.png", "ab" * 32, 6, 1, 1, "suffix")
            final = self.folder.out / f"{Path(source).stem}.png"
            outcome = Outcome(job=job, rule="r", sha256="0", renditions=(made,))
            books.staged([(outcome, [final])], NOON).result()
            if journal == "DONE":
                books.done([(job, "done", [])], NOON).result()

    def plan(self) -> Plan:
        """Compare."""
        return examine(self.settings)

    def mend(self) -> list[Path]:
        """Compare and do what is to do."""
        with nobody_else(self.settings):
            return mend(examine(self.settings), NOON)

    def row(self, job: str) -> dict[str, object]:
        """Return the row of a job."""
        with Database.open_reading(self.settings.database) as database:
            [row] = database.rows("SELECT * FROM jobs WHERE id = ?", [job])
        return row


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An initialised hot folder with a sound, empty ledger."""
    folder = HotFolder(name="hot", path=tmp_path / "hot", rules=("r",))
    folder.path.mkdir()
    make_tree(folder)
    database = tmp_path / "state/ledger.db"
    database.parent.mkdir()
    Database.open(database).close()
    return Bench(Settings(database=database, hot_folders=(folder,)))


def lose(database: Path) -> None:
    """Delete the ledger."""
    for path in database.parent.glob("ledger.db*"):
        path.unlink()


def test_agreement_is_clean(bench: Bench) -> None:
    """A claim with its row, an intent without a file: nothing is to do."""
    bench.know(bench.claim("a.jpg"), "a.jpg")
    bench.know(new_job_id(NOON), "b.jpg", "INTENT")

    plan = bench.plan()

    assert plan.is_clean
    assert not list(plan.sentences())


@pytest.mark.parametrize("is_lost", [True, False])
def test_claims_without_a_row_are_taken_on_again(bench: Bench, is_lost: bool) -> None:
    """Job, name below in/, sidecars and facts come back from the claim folder."""
    job = bench.claim("sub/a.jpg", "sub/a.json")
    if is_lost:
        lose(bench.settings.database)
    expected = (bench.claims / job / "sub/a.jpg").lstat()

    sentences = list(bench.plan().sentences())
    bench.mend()

    row = bench.row(job)
    assert f"hot: taken on again: sub/a.jpg (job {job})" in sentences
    assert (row["journal"], row["state"]) == ("CLAIMED", "queued")
    assert row["source_path"] == b"sub/a.jpg"
    assert row["members"] == f'["{b"sub/a.json".hex()}"]'
    assert (row["source_bytes"], row["inode"]) == (expected.st_size, expected.st_ino)
    assert row["arrived_at"] == "2026-11-22T12:00:00.000Z"
    assert bench.plan().is_clean


def test_name_that_is_no_utf8_comes_back(bench: Bench) -> None:
    """Names are bytes, also in the plan and in the ledger."""
    job = bench.claim(os.fsdecode(b"gr\xfc\xdf\x1b.jpg"))

    sentences = list(bench.plan().sentences())
    bench.mend()

    assert bench.row(job)["source_path"] == b"gr\xfc\xdf\x1b.jpg"
    assert all(sentence.isprintable() for sentence in sentences)


@pytest.mark.parametrize(
    ("result", "is_held"),
    [
        ("out/a1.png", True),
        ("out/web/2026-A1_small.jpg", True),
        ("review/a1-2.png", True),
        ("out/a10.png", False),
        ("out/b.png", False),
    ],
)
def test_results_that_could_be_its_own_hold_a_claim(
    bench: Bench, result: str, is_held: bool
) -> None:
    """Nothing is delivered twice: a person looks where a name fits."""
    job = bench.claim("a1.jpg")
    path = bench.folder.path / result
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"pixels")

    bench.mend()

    row = bench.row(job)
    assert row["state"] == ("held" if is_held else "queued")
    assert (path.name in str(row["error"])) is is_held


def test_stage_with_a_second_name_was_delivered(bench: Bench) -> None:
    """A link proves it, also where the consumer gave the result another name."""
    job = bench.claim("a.jpg")
    (bench.folder.out / "renamed.png").hardlink_to(bench.stage(job))

    bench.mend()

    assert bench.row(job)["state"] == "held"


def test_unclear_picture_is_held(bench: Bench) -> None:
    """Two pictures in one claim: no guess is made."""
    job = bench.claim("a.jpg", "b.jpg")

    bench.mend()

    assert bench.row(job)["state"] == "held"
    assert {path.name for path in (bench.claims / job).iterdir()} == {"a.jpg", "b.jpg"}


def test_what_no_job_owns_is_deleted(bench: Bench) -> None:
    """Stages without a row and empty claim folders go; those of known jobs stay."""
    stranger = bench.stage(new_job_id(NOON))
    empty = bench.claims / new_job_id(NOON) / "sub"
    empty.mkdir(parents=True)
    known = bench.claim("a.jpg")
    bench.know(known, "a.jpg", "STAGED")
    stage = bench.stage(known)

    bench.mend()

    assert not stranger.exists()
    assert not empty.parent.exists()
    assert stage.exists()


def test_foreign_files_are_left_alone(bench: Bench) -> None:
    """What no retouchd made is named, never deleted."""
    path = bench.claims / "holiday.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"pixels")

    plan = bench.plan()
    bench.mend()

    assert plan.leaves_work
    assert path.exists()


@pytest.mark.parametrize("journal", ["CLAIMED", "STAGED"])
def test_rows_without_files_are_closed(bench: Bench, journal: str) -> None:
    """They end as failed with an event that names the file."""
    job = new_job_id(NOON)
    bench.know(job, "sub/a.jpg", journal)

    bench.mend()

    row = bench.row(job)
    assert (row["journal"], row["state"]) == ("QUARANTINED", "failed")
    assert "sub/a.jpg" in str(row["error"])
    assert bench.plan().is_clean


@pytest.mark.parametrize(
    "place", ["in/a.jpg", "done/2026-11-22/a.jpg", "out/a.png", "stage"]
)
def test_rows_with_any_file_are_left_to_the_daemon(bench: Bench, place: str) -> None:
    """As long as something of a job lies somewhere, recovery knows how it goes on."""
    job = new_job_id(NOON)
    bench.know(job, "a.jpg", "STAGED")
    if place == "stage":
        bench.stage(job)
    else:
        path = bench.folder.path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"pixels")

    assert bench.plan().is_clean


def test_original_in_the_claim_of_a_finished_job_is_held(bench: Bench) -> None:
    """Books that say done while the original still lies in its claim."""
    job = bench.claim("a.jpg")
    bench.know(job, "a.jpg", "DONE")

    bench.mend()

    assert bench.row(job)["state"] == "held"


def test_root_that_was_moved(bench: Bench, tmp_path: Path) -> None:
    """Planned places follow the folder to its new path."""
    job = bench.claim("a.jpg")
    bench.know(job, "a.jpg", "STAGED")
    bench.stage(job)
    moved = bench.folder.path.rename(tmp_path / "elsewhere")
    folder = HotFolder(name="hot", path=moved, rules=("r",))
    bench.settings = Settings(database=bench.settings.database, hot_folders=(folder,))

    sentences = list(bench.plan().sentences())
    bench.mend()

    assert sentences == [f"hot: moved with its folder: a.jpg (job {job})"]
    with Database.open_reading(bench.settings.database) as database:
        [(made, final, _)] = Journal(database).deliveries(job)
    assert made.stage == moved / f".retouchd/tmp/1/{job}-1-1-0.png"
    assert final == moved / "out/a.png"
    assert bench.plan().is_clean


def test_decided_result_in_a_root_that_was_moved(bench: Bench, tmp_path: Path) -> None:
    """What a person decided lies where people see it; its way on follows the root."""
    job = new_job_id(NOON)
    bench.know(job, "a.jpg", "STAGED")
    old = bench.folder.path
    sql = "UPDATE deliveries SET stage = ? WHERE job_id = ?"
    archived = "UPDATE jobs SET archive = ?, leftovers = '[]' WHERE id = ?"
    with Database.open(bench.settings.database) as database:
        database.write(
            lambda db: (
                db.execute(sql, [str(old / "review/approve/a.png"), job]),
                db.execute(archived, [os.fsencode(old / "done/2026/a.jpg"), job]),
            )
        ).result()
    (old / "review/approve/a.png").write_bytes(b"pixels")
    moved = old.rename(tmp_path / "elsewhere")
    folder = HotFolder(name="hot", path=moved, rules=("r",))
    bench.settings = Settings(database=bench.settings.database, hot_folders=(folder,))

    bench.mend()

    with Database.open_reading(bench.settings.database) as database:
        [(made, final, _)] = Journal(database).deliveries(job)
    assert made.stage == moved / "review/approve/a.png"
    assert final == moved / "out/a.png"
    assert bench.plan().is_clean


def test_name_that_means_another_root_now_closes_nothing(
    bench: Bench, tmp_path: Path
) -> None:
    """As long as the old root has the files of a job, it is not lost."""
    job = new_job_id(NOON)
    bench.know(job, "a.jpg", "STAGED")
    bench.stage(job)
    folder = HotFolder(name="hot", path=tmp_path / "other", rules=("r",))
    folder.path.mkdir()
    make_tree(folder)
    bench.settings = Settings(database=bench.settings.database, hot_folders=(folder,))

    bench.mend()

    assert bench.row(job)["journal"] == "STAGED"


def test_damaged_ledger_is_moved_aside(bench: Bench) -> None:
    """Every byte of it is kept under a name with the date."""
    job = bench.claim("a.jpg")
    bench.settings.database.write_bytes(b"no database" * 1000)

    plan = bench.plan()
    [kept] = bench.mend()

    assert not plan.is_clean
    assert kept.name == "ledger.db.damaged-2026-11-22T120000Z"
    assert kept.read_bytes() == b"no database" * 1000
    assert bench.row(job)["state"] == "queued"


def test_folder_that_is_away_is_not_judged(bench: Bench) -> None:
    """Without its marker nothing is closed, and the plan says so."""
    job = new_job_id(NOON)
    bench.know(job, "a.jpg")
    (bench.folder.private / "marker.json").unlink()

    plan = bench.plan()
    bench.mend()

    assert plan.leaves_work
    assert "mount the share" in next(plan.sentences())
    assert bench.row(job)["state"] == "queued"


def test_refuses_while_a_daemon_runs(bench: Bench) -> None:
    """The same lock that a daemon holds on its ledger keeps fsck out."""
    with (
        lock_database(bench.settings.database),
        pytest.raises(LedgerError, match="another retouchd runs"),
    ):
        bench.mend()


def test_refuses_a_root_of_another_daemon(bench: Bench) -> None:
    """A daemon with another ledger holds the record of its epoch."""
    bench.claim("a.jpg")
    record = bench.folder.private / "owner/1"
    record.parent.mkdir()
    with record.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        with pytest.raises(RetouchdError, match="another ledger"):
            bench.mend()
