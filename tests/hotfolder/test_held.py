"""Held jobs: listed, and let go by a person's word."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retouchd.delivery.place import Method
from retouchd.errors import HeldError, InputError, LedgerError, StorageError
from retouchd.hotfolder.handout import Staged
from retouchd.hotfolder.held import decide, decide_without_daemon
from retouchd.hotfolder.owner import Patience
from retouchd.hotfolder.ownership import Ownership
from retouchd.hotfolder.places import Places
from retouchd.ledger.database import Database
from retouchd.ledger.held import HeldJobs
from retouchd.ledger.identity import ledger_identity
from retouchd.ledger.jobs import Journal


@pytest.fixture
def held(desk: Any) -> Any:
    """A job of three outputs: one delivered, one in doubt, one still on its stage."""
    desk.use(Method.LINK)
    entry = desk.claim()
    desk.stage(entry, "a.png", "b.png", "c.png")
    [staged] = desk.recover().to_deliver
    shutil.move(staged.outputs[0][0].stage, desk.root / "out/a.png")
    desk.journal.linking(entry.job, 1).result()
    [staged] = desk.recover().to_deliver
    with pytest.raises(HeldError) as caught:
        desk.handout.deliver(staged)
    desk.journal.held(entry.job, 0.0, str(caught.value)).result()
    return entry


def _finish(desk: Any, goes_on: Any) -> None:
    desk.handout.deliver(goes_on)
    desk.handout.book()


def _results(desk: Any) -> list[str]:
    return sorted(path.name for path in (desk.root / "out").iterdir())


def test_held_job_is_listed_with_its_reason(desk: Any, held: Any) -> None:
    """A person reads what is in doubt and where to look."""
    [row] = HeldJobs(desk.database).list()

    assert (row["id"], row["source"]) == (held.job, "a.jpg")
    assert "may or may not have been delivered" in row["reason"]
    assert "out/b.png" in row["reason"]


def test_start_leaves_held_jobs_alone(desk: Any, held: Any) -> None:
    """P1: results and original wait where they are, through any number of starts."""
    before = desk.tree()

    for _ in range(2):
        desk.roll_forward()

    assert desk.tree() == before
    assert desk.state(held) == "held"


def test_released_job_is_booked_as_delivered(desk: Any, held: Any, day: str) -> None:
    """P3: what was in doubt is not delivered again; the rest is."""
    _finish(desk, decide(desk.places, desk.journal, held.job, "release"))

    assert _results(desk) == ["a.png", "c.png"]
    assert desk.state(held) == "done"
    assert (desk.root / "done" / day / "a.jpg").exists()
    assert not list(desk.places.stage_for("out").iterdir())


def test_redelivered_job_is_handed_out_again(desk: Any, held: Any) -> None:
    """The result in doubt comes from its stage, whole."""
    _finish(desk, decide(desk.places, desk.journal, held.job, "redeliver"))

    assert _results(desk) == ["a.png", "b.png", "c.png"]
    assert desk.state(held) == "done"


def test_crash_after_the_word_goes_on_by_itself(desk: Any, held: Any) -> None:
    """P3: the decision stands in the journal before anything moves."""
    decide(desk.places, desk.journal, held.job, "redeliver")

    desk.roll_forward()

    assert _results(desk) == ["a.png", "b.png", "c.png"]
    assert desk.state(held) == "done"


def test_job_without_results_is_made_again(desk: Any, held: Any) -> None:
    """Where nothing is left on the stage, the original in the claim still is."""
    for path in desk.places.stage_for("out").iterdir():
        path.unlink()

    goes_on = decide(desk.places, desk.journal, held.job, "redeliver")

    assert not isinstance(goes_on, Staged)
    assert [one.job for one in desk.recover().to_run] == [held.job]
    assert desk.database.rows("SELECT * FROM deliveries") == []


def test_word_that_cannot_be_kept_is_refused(desk: Any, held: Any) -> None:
    """Neither an unknown job nor one of which nothing is left can go on."""
    shutil.rmtree(desk.claims / held.job)
    for path in desk.places.stage_for("out").iterdir():
        path.unlink()

    with pytest.raises(InputError, match="neither its results nor its original"):
        decide(desk.places, desk.journal, held.job, "redeliver")
    with pytest.raises(LedgerError, match="no held job 01X"):
        decide(desk.places, desk.journal, "01X", "release")
    assert desk.state(held) == "held"


def test_word_is_carried_out_without_a_daemon(desk: Any, held: Any) -> None:
    """A command opens the root itself where no daemon runs."""
    desk.places.owner.release()
    desk.places.close()

    is_done = decide_without_daemon(
        desk.places.folder, desk.journal, held.job, "release", Patience()
    )

    assert is_done
    assert desk.state(held) == "done"
    desk.places = _opened(desk, "our ledger")


def _opened(desk: Any, ledger: str) -> Places:
    ownership = Ownership(ledger, Patience(), takeover=True)
    return Places.open(desk.places.folder, ownership, 0.0)


@pytest.fixture
def other(desk: Any, tmp_path: Path) -> Any:
    """A daemon with another ledger, on another machine."""
    with Database.open(tmp_path / "other.db") as database:
        yield type(desk)(desk.places, database, Journal(database))


def test_claims_of_another_ledger_are_held(desk: Any, other: Any) -> None:
    """P3: who takes a root over cannot know what the daemon before had delivered."""
    desk.drop("sub/a.jpg.json", b"{}")
    entry = desk.claim("sub/a.jpg")
    desk.stage(entry)

    other.places = _opened(desk, "their ledger")
    found = other.recover()

    assert found.to_run == found.to_deliver == []
    assert other.state(entry) == "held"
    assert not list(other.places.stage_for("out").iterdir())
    _finish(other, decide(other.places, other.journal, entry.job, "release"))
    done = {name.partition("/sub/")[2] for name in other.tree()}
    assert done == {"a.jpg", "a.jpg.json"}


def test_jobs_from_before_a_takeover_are_held(desk: Any, other: Any) -> None:
    """P3: back in charge, a daemon does not go on with what others had in hand."""
    entry = desk.claim()
    desk.stage(entry)
    other.places = _opened(desk, "their ledger")

    desk.places = _opened(desk, "our ledger")
    found = desk.recover()

    assert found.to_deliver == []
    assert desk.state(entry) == "held"
    [row] = HeldJobs(desk.database).list()
    assert "another one worked on this root" in row["reason"]
    assert _results(desk) == []


def test_own_jobs_go_on_in_a_new_epoch(desk: Any) -> None:
    """P3: after the machine's death the same ledger finishes what it staged."""
    entry = desk.claim()
    desk.stage(entry)

    desk.places = _opened(desk, "our ledger")
    desk.roll_forward()

    assert desk.places.owner.epoch == 2
    assert desk.state(entry) == "done"
    assert _results(desk) == ["a.png"]


def test_lost_ledger_stops_the_folder(desk: Any, other: Any) -> None:
    """P1: claims that no ledger knows, on a root that changed no hands: rebuild it."""
    desk.claim()

    with pytest.raises(StorageError, match="1 claimed files are not in the ledger"):
        other.recover()


def test_ledgers_differ(tmp_path: Path) -> None:
    """A ledger keeps its id; one that is made anew gets another."""
    database = tmp_path / "a.db"

    first, again = ledger_identity(database), ledger_identity(database)
    (tmp_path / "a.db.id").unlink()

    assert first == again
    assert ledger_identity(database) != first


def test_archive_planned_before_the_move_is_known_after_it(desk: Any, day: str) -> None:
    """P1: killed right after the archive move, the job still knows its original."""
    entry = desk.claim()
    desk.stage(entry)
    target = desk.root / "done" / day / "a.jpg"
    target.parent.mkdir()
    (desk.claims / entry.job / "a.jpg").rename(target)

    desk.roll_forward()

    [row] = desk.database.rows("SELECT archive FROM jobs")
    assert Path(row["archive"].decode()) == target


def test_link_in_the_way_is_not_followed(desk: Any, tmp_path: Path) -> None:
    """P7: a symbolic link below out/ or done/ sends nothing elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (desk.root / "out/sub").symlink_to(elsewhere)
    entry, outcome = desk.finish(desk.claim("sub/a.jpg"), "sub/a.png")

    staged, refused = desk.handout.stage([(entry, replace(outcome))])

    assert staged == []
    assert "a symbolic link stands in the way" in refused[0][1].error
    assert list(elsewhere.iterdir()) == []
