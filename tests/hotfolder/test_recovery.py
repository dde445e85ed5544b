"""A crash at each state of the journal, built on disk, and what the next start does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from retouchd.delivery.place import Method
from retouchd.errors import HeldError, StorageError
from retouchd.hotfolder.marker import require_marker
from retouchd.hotfolder.owner import Patience
from retouchd.hotfolder.ownership import Ownership
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.recovery import recover
from retouchd.ledger.entries import Entry

JOB = "01JOB000000000000000000000"


def _entry(path: Path, members: tuple[str, ...] = ()) -> Entry:
    facts = os.lstat(path)
    return Entry(
        JOB,
        "hot",
        path.name,
        members,
        facts.st_size,
        facts.st_mtime_ns,
        facts.st_ino,
        1,
        0.0,
    )


def _intended(desk: Any, *members: str) -> Entry:
    """Bring a drop to INTENT: in the journal, and not yet touched."""
    for member in members:
        desk.drop(member, b"{}")
    entry = _entry(desk.drop("a.jpg"), members)
    desk.journal.intend([entry], 0.0).result()
    return entry


def _rename_claim(desk: Any, *names: str) -> None:
    folder = desk.claims / JOB
    folder.mkdir(exist_ok=True)
    for name in names:
        (desk.root / "in" / name).rename(folder / name)


def _assert_settled(desk: Any) -> None:
    """Recovering once more finds nothing to do and changes nothing."""
    before = desk.tree(), desk.database.rows("SELECT * FROM jobs")

    found = desk.roll_forward()

    assert found == type(found)()
    assert (desk.tree(), desk.database.rows("SELECT * FROM jobs")) == before


@pytest.mark.parametrize(
    "renamed", [(), ("a.jpg",), ("a.jpg", "a.json"), ("a.jpg", "a.json", "a.xmp")]
)
def test_intent_is_finished(desk: Any, renamed: tuple[str, ...]) -> None:
    """P1, P3: before, between and after the renames of a claim: it is taken once."""
    entry = _intended(desk, "a.json", "a.xmp")
    _rename_claim(desk, *renamed)

    first = desk.recover()
    tree = desk.tree()
    second = desk.recover()

    assert [one.job for one in first.to_run] == [entry.job]
    assert [one.job for one in second.to_run] == [entry.job]
    assert desk.tree() == tree
    assert set(tree) == {
        f".retouchd/claims/1/{JOB}/{name}" for name in ("a.jpg", "a.json", "a.xmp")
    }
    assert desk.journal.state(JOB) == "CLAIMED"


def test_changed_source_is_a_new_drop(desk: Any) -> None:
    """P1: what was intended and then changed settles again as something new."""
    entry = _intended(desk)
    desk.drop("a.jpg", b"other pixels")

    found = desk.recover()

    assert [one.job for one in found.gone] == [entry.job]
    assert desk.journal.state(JOB) == ""
    assert desk.tree() == {"in/a.jpg": b"other pixels"}
    _assert_settled(desk)


def test_source_that_was_taken_back_is_forgotten(desk: Any) -> None:
    """An intent whose file its owner took back is no error."""
    _intended(desk)
    (desk.root / "in/a.jpg").unlink()
    (desk.claims / JOB).mkdir()

    desk.recover()

    assert desk.journal.state(JOB) == ""
    assert list(desk.claims.iterdir()) == []
    _assert_settled(desk)


def test_orphaned_sidecar_goes_back(desk: Any) -> None:
    """P1: a claim that holds only a sidecar gives it back instead of getting stuck."""
    _intended(desk, "a.json")
    _rename_claim(desk, "a.json")
    (desk.root / "in/a.jpg").unlink()

    desk.recover()

    assert desk.tree() == {"in/a.json": b"{}"}
    _assert_settled(desk)


def test_claim_undone_by_a_power_cut_is_made_again(desk: Any) -> None:
    """P3: the journal says CLAIMED, the file lies in in/ again: it is one drop."""
    entry = desk.claim()
    (desk.claims / entry.job / "a.jpg").rename(desk.root / "in/a.jpg")
    (desk.claims / entry.job).rmdir()

    found = desk.recover()

    assert [one.job for one in found.to_run] == [entry.job]
    assert list(desk.tree()) == [f".retouchd/claims/1/{entry.job}/a.jpg"]


def test_undone_claim_of_a_job_in_the_worker_is_made_again(desk: Any) -> None:
    """P3: the disk came back without the claim while the worker has the picture."""
    entry = desk.claim()
    (desk.claims / entry.job / "a.jpg").rename(desk.root / "in/a.jpg")

    found = recover(desk.places, desk.journal, 0.0, frozenset({entry.job}))

    assert found.to_run == []
    assert desk.settle() == []
    assert list(desk.tree()) == [f".retouchd/claims/1/{entry.job}/a.jpg"]


def test_original_that_vanished_is_said_loudly(desk: Any) -> None:
    """P1: a claimed file that somebody removed does not just lose its row."""
    entry = desk.claim()
    desk.database.write(lambda _: None).result()  # behind the note of the claim
    shutil.rmtree(desk.claims / entry.job)

    desk.recover()

    [row] = desk.database.rows("SELECT state, error FROM jobs")
    assert row["state"] == "failed"
    assert "a.jpg: the original vanished" in row["error"]
    _assert_settled(desk)


def test_half_written_results_of_a_claimed_job_are_removed(desk: Any) -> None:
    """P2: what no journaled job owns in tmp/ goes; what the worker still has stays."""
    entry = desk.claim()
    stage = desk.places.stage_for("out")
    (stage / f"{entry.job}-1-0.png").write_bytes(b"half")
    (stage / "01BUSY-1-0.png").write_bytes(b"half")

    desk.recover()
    everything_goes = not list(stage.iterdir())
    (stage / f"{entry.job}-1-0.png").write_bytes(b"half")
    found = recover(desk.places, desk.journal, 0.0, frozenset({entry.job}))

    assert everything_goes
    assert found.to_run == []
    assert [path.name for path in stage.iterdir()] == [f"{entry.job}-1-0.png"]


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("placed", [0, 1, 2])
@pytest.mark.parametrize("archived", [False, True])
def test_staged_job_rolls_forward(
    desk: Any, day: str, method: Method, placed: int, archived: bool
) -> None:
    """P2, P3: with none, some or all outputs placed, each is delivered once."""
    desk.use(method)
    entry = desk.claim()
    desk.stage(entry, "a.png", "web/a.png")
    tmp = desk.places.stage_for("out")
    (desk.root / "out/web").mkdir()
    for number, name in list(enumerate(("a.png", "web/a.png")))[:placed]:
        (tmp / f"{entry.job}-1-{number}.png").rename(desk.root / "out" / name)
    if archived:
        target = desk.root / "done" / day / "a.jpg"
        target.parent.mkdir()
        (desk.claims / entry.job / "a.jpg").rename(target)

    desk.roll_forward()

    assert desk.tree() == {
        f"done/{day}/a.jpg": b"pixels",
        "out/a.png": f"{entry.job} a.png".encode(),
        "out/web/a.png": f"{entry.job} web/a.png".encode(),
    }
    assert desk.state(entry) == "done"
    assert list(desk.claims.iterdir()) == []
    _assert_settled(desk)


def test_consumer_may_take_results_at_once(desk: Any) -> None:
    """P3: a result that a consumer already took away is not delivered again."""
    entry = desk.claim()
    desk.stage(entry)
    (desk.places.stage_for("out") / f"{entry.job}-1-0.png").rename(
        desk.root.parent / "taken.png"
    )

    desk.roll_forward()

    assert desk.state(entry) == "done"
    assert list((desk.root / "out").iterdir()) == []


def test_staged_claim_undone_by_a_power_cut(desk: Any, day: str) -> None:
    """P3: a finished job's original that is back in in/ is no new drop."""
    entry = desk.claim()
    desk.stage(entry)
    (desk.claims / entry.job / "a.jpg").rename(desk.root / "in/a.jpg")
    (desk.claims / entry.job).rmdir()

    desk.roll_forward()

    assert set(desk.tree()) == {f"done/{day}/a.jpg", "out/a.png"}
    assert desk.settle() == []
    _assert_settled(desk)


def test_new_drop_of_a_finished_name_stays(desk: Any) -> None:
    """P1: another file of the same name in in/ is not archived for the old one."""
    entry = desk.claim()
    desk.stage(entry)
    shutil.move(desk.claims / entry.job / "a.jpg", desk.root / "done/a.jpg")
    desk.drop("a.jpg", b"newer!")

    desk.roll_forward()

    assert desk.tree()["in/a.jpg"] == b"newer!"


@pytest.mark.parametrize("moved", [False, True])
def test_failing_job_ends_in_failed(desk: Any, day: str, moved: bool) -> None:
    """P1, P7: before and after the move: one original, one pair of texts, retryable."""
    entry = desk.claim()
    outcome = desk.fail(entry)
    desk.journal.failing([outcome], 0.0).result()
    if moved:
        desk.handout.quarantine(entry, outcome)

    desk.roll_forward()

    names = [name.removeprefix(f"failed/{day}/") for name in desk.tree()]
    assert names == ["a.jpg", "a.jpg.error.json", "a.jpg.error.txt"]
    assert desk.state(entry) == "failed"
    failed = desk.journal.failed_job(entry.job)
    assert failed.archive == desk.root / "failed" / day / "a.jpg"
    _assert_settled(desk)


def _linking(desk: Any) -> tuple[Entry, Path, Path]:
    """Bring a job to LINKING: the journal has it, the link may exist."""
    desk.use(Method.LINK)
    entry = desk.claim()
    desk.stage(entry)
    desk.journal.linking(entry.job, 0).result()
    stage = desk.places.stage_for("out") / f"{entry.job}-1-0.png"
    return entry, stage, desk.root / "out/a.png"


def test_second_name_proves_the_link(desk: Any) -> None:
    """P3: stage and result are one file: delivered, only the stage goes."""
    entry, stage, final = _linking(desk)
    os.link(stage, final)

    desk.roll_forward()

    assert desk.state(entry) == "done"
    assert final.stat().st_nlink == 1
    assert not stage.exists()
    _assert_settled(desk)


def test_same_bytes_prove_the_link_where_counts_lie(desk: Any) -> None:
    """P3: on a share without link counts the digest decides."""
    entry, stage, final = _linking(desk)
    shutil.copy(stage, final)

    desk.roll_forward()

    assert desk.state(entry) == "done"
    assert [path.name for path in (desk.root / "out").iterdir()] == ["a.png"]
    assert not stage.exists()


def test_foreign_file_under_the_name_is_no_proof(desk: Any) -> None:
    """P1: a stranger's file keeps the name; the result gets a number."""
    entry, stage, final = _linking(desk)
    final.write_bytes(b"theirs")

    desk.roll_forward()

    assert desk.state(entry) == "done"
    assert final.read_bytes() == b"theirs"
    assert (desk.root / "out/a-2.png").exists()
    assert not stage.exists()


def test_unclear_link_is_held_for_a_person(desk: Any) -> None:
    """P3: nobody can tell whether a consumer took it: held, not delivered twice."""
    entry, stage, final = _linking(desk)

    [staged] = desk.recover().to_deliver
    with pytest.raises(HeldError, match="may or may not") as caught:
        desk.handout.deliver(staged)
    desk.journal.held(entry.job, 0.0, str(caught.value)).result()

    assert desk.state(entry) == "held"
    assert stage.exists()
    assert not final.exists()
    assert (desk.claims / entry.job / "a.jpg").exists()


@pytest.fixture
def away(desk: Any) -> Any:
    """Take the share away, as umount does: an empty folder stays."""

    def take_away() -> Path:
        kept = desk.root.with_name("unmounted")
        desk.root.rename(kept)
        desk.root.mkdir()
        return kept

    return take_away


def test_missing_share_delivers_nothing(desk: Any, away: Any) -> None:
    """P1, P3: on an empty mount point nothing counts as delivered or archived."""
    entry = desk.claim()
    staged, _ = desk.handout.stage([desk.finish(entry)])
    kept = away()

    with pytest.raises(StorageError, match="is away"):
        desk.handout.deliver(staged[0])
    with pytest.raises(StorageError, match="is away"):
        desk.handout.quarantine(entry, desk.fail(entry))
    left_below = list(desk.root.iterdir())
    desk.root.rmdir()
    kept.rename(desk.root)
    desk.roll_forward()

    assert left_below == []
    assert desk.state(entry) == "done"
    assert (desk.root / "out/a.png").exists()


def test_missing_share_books_nothing(desk: Any, away: Any) -> None:
    """P3: moves that cannot be forced to disk are not booked."""
    entry = desk.claim()
    staged, _ = desk.handout.stage([desk.finish(entry)])
    desk.handout.deliver(staged[0])
    kept = away()

    with pytest.raises(StorageError, match="is away"):
        desk.handout.book()

    assert desk.state(entry) == "rendered"
    assert desk.handout.unbooked == 1
    desk.root.rmdir()
    kept.rename(desk.root)
    desk.roll_forward()
    assert desk.state(entry) == "done"


def test_missing_marker_is_a_share_that_is_away(desk: Any) -> None:
    """P1: an unmounted share looks empty; the marker tells, and says what to do."""
    require_marker(desk.places.folder)
    (desk.root / ".retouchd/marker.json").unlink()

    with pytest.raises(StorageError, match="marker") as caught:
        Places.open(desk.places.folder, Ownership("x", Patience(), takeover=False), 0.0)

    assert "mount the share" in caught.value.hint
