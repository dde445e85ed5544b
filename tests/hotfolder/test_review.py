"""Verdicts on results that wait: where files go, what is booked, what is refused."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retouchd.delivery.place import Method, sha256_of
from retouchd.errors import InputError, RetouchdError
from retouchd.hotfolder.handout import Staged
from retouchd.hotfolder.owner import Patience
from retouchd.hotfolder.ownership import Ownership
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.review.desk import Desk, Wanted
from retouchd.hotfolder.review.moved import Moved, VerdictFolders
from retouchd.ledger.entries import Entry
from retouchd.ledger.reviews import Reviews
from retouchd.ledger.verdicts import Opinion, Verdict
from retouchd.media.vips import pyvips
from retouchd.values import Outcome, Rendition

NOON = 1_795_348_800.0
SETTLE = 2.0


class Office:
    """A hot folder with results that wait, and somebody who decides them.

    Attributes:
        around: the hot folder on a real disk with a real ledger.
    """

    def __init__(self, around: Any) -> None:
        """Open the folders of review."""
        self.around = around
        self.root: Path = around.root
        self.reopen()

    def reopen(self) -> None:
        """Begin as a daemon begins."""
        places, journal = self.around.places, self.around.journal
        self.desk = Desk(places, journal, clock=lambda: NOON)
        self.folders = VerdictFolders(places, Reviews(journal.database), SETTLE)

    def wait_for_review(self, name: str = "a.jpg", *results: str) -> Entry:
        """Drop a file and bring its results into ``review/``."""
        entry: Entry = self.around.claim(name)
        _, outcome = self.around.finish(entry, *(results or (f"{name[:-4]}.png",)))
        results_there = tuple(self._restaged(made) for made in outcome.renditions)
        companions = tuple(
            self._companion(entry, len(outcome.renditions) + number, role)
            for number, role in enumerate(("preview", "reason"))
        )
        waiting: Outcome = replace(
            outcome,
            renditions=(*results_there, *companions),
            destination="review",
        )
        [staged], _ = self.around.handout.stage([(entry, waiting)])
        self.around.handout.deliver(staged)
        self.around.handout.book()
        return entry

    def _restaged(self, made: Rendition) -> Rendition:
        """Stage a result where ``review/`` lies, as the worker does."""
        stage = self.around.places.stage_for("review") / made.stage.name
        shutil.move(made.stage, stage)
        return replace(made, stage=stage)

    def _companion(self, entry: Entry, output: int, role: Any) -> Rendition:
        stage = self.around.places.stage_for("review") / f"{entry.job}-1-{output}.x"
        stage.write_bytes(f"{role} of {entry.job}".encode())
        size = stage.stat().st_size
        return Rendition(
            output, stage, f".{role}", sha256_of(stage), size, 0, 0, role=role
        )

    def say(self, entry: Entry, verdict: Verdict, **words: Any) -> Staged:
        """Let somebody decide, and carry that out."""
        opinion = Opinion(verdict, "anna", seconds=7.0, **words)
        return self.carry_out(Wanted(entry.job, opinion))

    def carry_out(self, wanted: Wanted) -> Staged:
        """Decide and hand out."""
        staged = self.desk.decide(wanted)
        self.around.handout.deliver(staged)
        self.around.handout.book()
        return staged

    def look(self) -> list[Moved]:
        """Let what was moved settle, then look."""
        at_once = self.folders.look(self.around.now)
        self.around.now += SETTLE
        return [*at_once, *self.folders.look(self.around.now)]

    def look_and_decide(self) -> list[Moved]:
        """Do what people said by moving files."""
        found = self.look()
        for moved in found:
            opinion = Opinion(moved.word, moved.reviewer, seconds=10.0)
            wanted = Wanted(moved.job, opinion, found=moved.found, aside=moved.aside)
            self.carry_out(wanted)
        return found

    def move(self, name: str, target: str) -> None:
        """Move a file below ``review/``."""
        path = self.root / "review" / target
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.root / "review" / name).rename(path)

    def files(self, *folders: str) -> set[str]:
        """Return the files of these folders, those of ``review/`` usually."""
        roots = [self.root / folder for folder in folders or ("review",)]
        return {
            str(path.relative_to(self.root))
            for root in roots
            for path in root.rglob("*")
            if path.is_file() or path.is_symlink()
        }

    def left(self) -> dict[str, str]:
        """Return what was left in place, with the reasons."""
        return {one.name: one.reason for one in self.folders.left}

    def row(self, entry: Entry) -> dict[str, Any]:
        """Return the row of a job."""
        sql = "SELECT * FROM jobs WHERE id = ?"
        [row] = self.around.database.rows(sql, [entry.job])
        return dict(row)

    def reviews(self) -> list[dict[str, Any]]:
        """Return all verdicts."""
        return list(self.around.database.rows("SELECT * FROM reviews ORDER BY id"))

    def events(self, entry: Entry) -> list[str]:
        """Return the words of a job's story."""
        sql = "SELECT what FROM events WHERE job_id = ? ORDER BY id"
        return [row["what"] for row in self.around.database.rows(sql, [entry.job])]


@pytest.fixture
def office(desk: Any) -> Office:
    """A hot folder and somebody who decides."""
    return Office(desk)


def picture(path: Path, value: int = 9) -> None:
    """Write a whole picture."""
    image = pyvips.Image.black(4, 4, bands=3) + value
    image.cast("uchar").copy(interpretation="srgb").pngsave(str(path))


def test_waits_with_preview_and_reason(office: Office) -> None:
    """Companions are named after the first result."""
    office.wait_for_review("s/a.jpg", "s/a.png", "s/web/a.webp")

    assert office.files() == {
        "review/s/a.png",
        "review/s/a.png.preview.jpg",
        "review/s/a.png.reason.txt",
        "review/s/web/a.webp",
    }


def test_approve_delivers_and_books(office: Office) -> None:
    """Results go out under the same names, companions go, the person is charged."""
    entry = office.wait_for_review("s/a.jpg", "s/a.png", "s/web/a.webp")

    office.say(entry, "approve")

    assert office.files("out", "review") == {"out/s/a.png", "out/s/web/a.webp"}
    row = office.row(entry)
    assert (row["state"], row["decision"], row["journal"]) == (
        "done",
        "approve",
        "DONE",
    )
    assert (row["approved_at"], row["leftovers"]) == ("2026-11-22T12:00:00.000Z", None)
    [verdict] = office.reviews()
    assert (verdict["reviewer"], verdict["seconds"]) == ("anna", 7.0)
    sql = "SELECT measured FROM job_charges WHERE category = 'people'"
    assert office.around.database.rows(sql) == [{"measured": "7"}]
    assert {"approved", "moved"} <= set(office.events(entry))


def test_reject_says_why_beside_the_result(office: Office) -> None:
    """The text has the code and the words; the row has both."""
    entry = office.wait_for_review()

    office.say(entry, "reject", reason="soft", note="fur is mush")

    assert office.files("rejected", "review", "out") == {
        "rejected/a.png",
        "rejected/a.png.reason.txt",
    }
    text = (office.root / "rejected/a.png.reason.txt").read_text()
    assert "soft" in text
    assert "fur is mush" in text
    [verdict] = office.reviews()
    assert (verdict["reason"], verdict["note"]) == ("soft", "fur is mush")
    assert office.row(entry)["state"] == "rejected"


@pytest.mark.parametrize(("verdict", "root"), [("approve", "out"), ("reject", "rej")])
def test_undo_brings_back(office: Office, verdict: Verdict, root: str) -> None:
    """To review/ with a new text; the text of a reject goes, and all is undecided."""
    entry = office.wait_for_review("s/a.jpg", "s/a.png")
    office.say(entry, verdict, reason="soft")

    office.say(entry, "undo")

    text = "review/s/a.png.reason.txt"
    assert office.files("review", "out", "rejected") == {"review/s/a.png", text}, root
    assert "Taken back by: anna" in (office.root / text).read_text()
    row = office.row(entry)
    assert (row["state"], row["decision"], row["approved_at"]) == ("review", None, None)
    assert [one["verdict"] for one in office.reviews()] == [verdict, "undo"]


def test_undo_does_nothing_where_the_result_was_taken_away(office: Office) -> None:
    """It says so, and no row changes."""
    entry = office.wait_for_review()
    office.say(entry, "approve")
    (office.root / "out/a.png").unlink()

    with pytest.raises(InputError, match="taken away from out/"):
        office.say(entry, "undo")

    assert office.row(entry)["decision"] == "approve"
    assert len(office.reviews()) == 1


def test_verdict_can_be_changed(office: Office) -> None:
    """A result that was rejected may be approved after all, and the other way."""
    entry = office.wait_for_review()
    office.say(entry, "reject", reason="soft")

    office.say(entry, "approve")
    office.say(entry, "reject", reason="colour")

    assert office.files("out", "review", "rejected") == {
        "rejected/a.png",
        "rejected/a.png.reason.txt",
    }
    assert office.row(entry)["state"] == "rejected"


def test_same_verdict_twice_is_refused(office: Office) -> None:
    """With the state that the job is in."""
    entry = office.wait_for_review()
    office.say(entry, "approve")

    with pytest.raises(InputError, match="is done: approve is not possible"):
        office.say(entry, "approve")


def test_what_nobody_decided_cannot_be_undone(office: Office) -> None:
    """A result that passed straight through has no verdict, but may be rejected."""
    entry = office.around.claim()
    office.around.stage(entry)
    office.around.roll_forward()

    with pytest.raises(InputError, match="nobody decided that"):
        office.say(entry, "undo")
    office.say(entry, "reject", reason="soft")
    office.say(entry, "undo")

    assert office.files("out", "review", "rejected") == {"out/a.png"}


def test_taken_name_gets_a_number(office: Office) -> None:
    """What lies in out/ is never replaced."""
    entry = office.wait_for_review()
    (office.root / "out/a.png").write_bytes(b"another")

    office.say(entry, "approve")

    assert office.files("out") == {"out/a.png", "out/a-2.png"}
    assert (office.root / "out/a.png").read_bytes() == b"another"


def test_rule_without_suffixes_refuses(office: Office) -> None:
    """With conflict: fail the result stays in review/, and the reason is told."""
    entry = office.wait_for_review()
    office.around.database.write(
        lambda db: db.execute("UPDATE deliveries SET conflict = 'fail'")
    ).result()
    (office.root / "out/a.png").write_bytes(b"another")

    with pytest.raises(InputError, match="already there"):
        office.say(entry, "approve")

    assert office.row(entry)["state"] == "review"
    assert "review/a.png" in office.files()


def test_result_that_is_gone_can_only_be_rejected(office: Office) -> None:
    """Nothing can be approved that is not there; turning it down closes the job."""
    entry = office.wait_for_review()
    (office.root / "review/a.png").unlink()

    with pytest.raises(InputError, match="taken away from review/"):
        office.say(entry, "approve")
    office.say(entry, "reject", reason="other")

    assert office.files("out", "review", "rejected") == set()
    assert office.row(entry)["state"] == "rejected"
    assert "missing" in office.events(entry)


def test_link_in_place_of_a_result_is_not_followed(office: Office) -> None:
    """Somebody who may write to review/ must not publish a file of the machine."""
    entry = office.wait_for_review()
    (office.root / "review/a.png").unlink()
    (office.root / "review/a.png").symlink_to("/etc/passwd")

    with pytest.raises(InputError, match="taken away"):
        office.say(entry, "approve")

    assert office.files("out") == set()


@pytest.mark.parametrize("method", Method)
def test_every_way_of_moving_decides(office: Office, method: Method) -> None:
    """As on local disks, on NFS and on shares with neither."""
    office.around.use(method)
    office.reopen()
    entry = office.wait_for_review("s/a.jpg", "s/a.png", "s/b.png")

    office.say(entry, "approve")
    office.say(entry, "undo")
    office.say(entry, "reject", reason="soft")

    assert office.files("out", "review", "rejected") == {
        "rejected/s/a.png",
        "rejected/s/b.png",
        "rejected/s/a.png.reason.txt",
    }


@pytest.fixture
def other_disk(office: Office) -> Iterator[Path]:
    """Let ``out/`` and ``rejected/`` lie on another file system than ``review/``."""
    shared_memory = Path("/dev/shm")
    if shared_memory.stat().st_dev == office.root.stat().st_dev:
        pytest.skip("there is no second file system here")
    with tempfile.TemporaryDirectory(dir=shared_memory) as name:
        other = Path(name)
        places = office.around.places
        moved = {"out": other / "out", "rejected": other / "rejected"}
        folder = places.folder.model_copy(update=moved)
        places.close()
        ownership = Ownership("our ledger", Patience(), takeover=False)
        office.around.places = Places.open(folder, ownership, 0.0)
        office.around.restart()
        office.reopen()
        yield other


def test_verdict_crosses_file_systems(office: Office, other_disk: Path) -> None:
    """There and back: a proved copy is placed, then what it was made of goes."""
    entry = office.wait_for_review("s/a.jpg", "s/a.png", "s/b.png")

    office.say(entry, "approve")
    out = {path.name for path in (other_disk / "out/s").iterdir()}
    office.say(entry, "undo")
    back = office.files()
    office.say(entry, "reject", reason="soft")

    assert out == {"a.png", "b.png"}
    text = "review/s/a.png.reason.txt"
    assert back == {"review/s/a.png", "review/s/b.png", text}
    rejected = {path.name for path in (other_disk / "rejected/s").iterdir()}
    assert rejected == {"a.png", "b.png", "a.png.reason.txt"}
    assert office.files() == set()


def test_crash_between_two_file_systems(office: Office, other_disk: Path) -> None:
    """The copy is journaled before it is placed; what it was made of goes last."""
    entry = office.wait_for_review("s/a.jpg", "s/a.png")
    office.desk.decide(Wanted(entry.job, Opinion("approve", "anna")))
    lying = office.files()

    office.around.roll_forward()

    assert "review/s/a.png" in lying
    assert (other_disk / "out/s/a.png").is_file()
    assert office.files() == set()


def test_second_hard_link_is_not_delivered(office: Office) -> None:
    """A copy goes out: whoever has the other name could change what was delivered."""
    entry = office.wait_for_review()
    other = office.root / "mine.png"
    os.link(office.root / "review/a.png", other)

    office.say(entry, "approve")

    delivered = office.root / "out/a.png"
    assert delivered.read_bytes() == other.read_bytes()
    assert delivered.stat().st_ino != other.stat().st_ino
    assert office.files() == set()


MOVES = {
    "flattened": "approve/a.png",
    "with its folder": "approve/s/a.png",
    "renamed as a copy": "approve/a (1).png",
    "renamed at will": "approve/this one.png",
}


@pytest.mark.parametrize("target", MOVES.values(), ids=MOVES)
def test_moved_result_is_a_verdict(office: Office, target: str) -> None:
    """Whatever it is called there, it goes out under its own name."""
    entry = office.wait_for_review("s/a.jpg", "s/a.png", "s/web/a.webp")
    office.move("s/a.png", target)

    [moved] = office.look_and_decide()

    assert moved.reviewer == "folder"
    assert office.files("out", "review") == {"out/s/a.png", "out/s/web/a.webp"}
    assert office.row(entry)["decision"] == "approve"


def test_copied_result_is_a_verdict(office: Office) -> None:
    """The one that was left behind goes too."""
    office.wait_for_review()
    kept = office.root / "review/a.png"
    (office.root / "review/reject/a.png").write_bytes(kept.read_bytes())

    office.look_and_decide()

    assert office.files("rejected", "review") == {
        "rejected/a.png",
        "rejected/a.png.reason.txt",
    }


def test_companions_may_be_moved_along(office: Office) -> None:
    """They go wherever they lie."""
    office.wait_for_review()
    for name in ("a.png", "a.png.preview.jpg", "a.png.reason.txt"):
        office.move(name, f"approve/{name}")

    office.look_and_decide()

    assert office.files("out", "review") == {"out/a.png"}
    assert office.left() == {}


def test_preview_alone_is_no_verdict(office: Office) -> None:
    """It is easily grabbed by mistake."""
    entry = office.wait_for_review()
    office.move("a.png.preview.jpg", "approve/a.png.preview.jpg")

    assert office.look_and_decide() == []

    [reason] = office.left().values()
    assert "move the result itself" in reason
    assert office.row(entry)["state"] == "review"


def test_corrected_result_is_the_one_delivered(office: Office) -> None:
    """Its digest is booked, and the story says that a person changed it."""
    entry = office.wait_for_review("s/a.jpg", "s/a.png")
    edited = office.root / "review/approve/a.png"
    picture(edited)
    digest = sha256_of(edited)

    office.look_and_decide()

    assert office.files("out", "review") == {"out/s/a.png"}
    assert sha256_of(office.root / "out/s/a.png") == digest
    [row] = office.around.database.rows("SELECT * FROM deliveries WHERE output = 0")
    assert (row["sha256"], row["width"]) == (digest, None)
    assert "edited" in office.events(entry)


def test_broken_copy_is_never_delivered(office: Office) -> None:
    """Half a file of the right name looks like a correction, but has no end."""
    entry = office.wait_for_review()
    whole = office.root / "whole.png"
    picture(whole)
    half = office.root / "review/approve/a.png"
    half.write_bytes(whole.read_bytes()[:-30])

    [moved] = office.look()
    with pytest.raises(InputError, match="no whole picture"):
        office.carry_out(
            Wanted(moved.job, Opinion("approve", "folder"), found=moved.found)
        )

    assert office.files("out") == set()
    assert office.row(entry)["state"] == "review"


def test_refused_verdict_is_told_until_the_file_changes(office: Office) -> None:
    """It is not tried again and again; a new copy is."""
    office.wait_for_review()
    path = office.root / "review/approve/a.png"
    path.write_bytes(b"half")
    [moved] = office.look()
    office.folders.refuse(moved, "no whole picture")

    again = office.look()
    reasons = office.left()
    picture(path)
    after = office.look()

    assert again == []
    assert reasons == {"review/approve/a.png": "no whole picture"}
    assert len(after) == 1


def test_file_that_still_grows_waits(office: Office) -> None:
    """It settles as drops do."""
    office.wait_for_review()
    path = office.root / "review/approve/a.png"
    path.write_bytes(b"one")
    office.folders.look(office.around.now)
    path.write_bytes(b"one and two")
    office.around.now += SETTLE

    assert office.folders.look(office.around.now) == []
    assert office.folders.waiting == 1


def test_whole_job_waits_for_its_slowest_copy(office: Office) -> None:
    """One of two results is still being copied: both are taken together."""
    office.wait_for_review("a.jpg", "a.png", "b.png")
    office.move("a.png", "approve/a.png")
    office.folders.look(office.around.now)
    office.move("b.png", "approve/b.png")
    office.around.now += SETTLE

    early = office.folders.look(office.around.now)
    office.around.now += SETTLE
    [moved] = office.folders.look(office.around.now)

    assert early == []
    assert set(moved.found) == {0, 1}


def test_two_words_on_one_job_decide_nothing(office: Office) -> None:
    """Its results lie in both folders."""
    office.wait_for_review("a.jpg", "a.png", "b.png")
    office.move("a.png", "approve/a.png")
    office.move("b.png", "reject/b.png")

    assert office.look_and_decide() == []
    assert len(office.left()) == 2


def test_foreign_files_are_left_alone(office: Office) -> None:
    """Told, never touched; links are not followed."""
    office.wait_for_review()
    approve = office.root / "review/approve"
    (approve / "holiday.jpg").write_bytes(b"mine")
    (approve / "a.png").symlink_to(office.root / "review/a.png")

    assert office.look_and_decide() == []

    assert set(office.left()) == {"review/approve/holiday.jpg", "review/approve/a.png"}
    assert office.files() >= {"review/approve/holiday.jpg", "review/a.png"}


def test_same_name_in_two_folders_is_not_guessed(office: Office) -> None:
    """A changed file could be either; by its bytes an unchanged one is known."""
    office.wait_for_review("s/a.jpg", "s/a.png")
    second = office.wait_for_review("t/a.jpg", "t/a.png")
    picture(office.root / "review/approve/a.png")

    guessed = office.look_and_decide()
    [reason] = office.left().values()
    (office.root / "review/approve/a.png").unlink()
    office.move("t/a.png", "approve/a.png")
    [moved] = office.look_and_decide()

    assert guessed == []
    assert "decide it by command" in reason
    assert moved.job == second.job


def test_equal_results_of_two_jobs_are_told_apart(office: Office) -> None:
    """By name, then by which one is not where it was; none takes the other's file."""
    first = office.wait_for_review("s/a.jpg", "s/a.png")
    second = office.wait_for_review("t/a.jpg", "t/a.png")
    same = (office.root / "review/s/a.png").read_bytes()
    (office.root / "review/t/a.png").write_bytes(same)
    digest = sha256_of(office.root / "review/s/a.png")
    office.around.database.write(
        lambda db: db.execute(
            "UPDATE deliveries SET sha256 = ? WHERE role = 'result'", [digest]
        )
    ).result()
    office.move("t/a.png", "reject/a.png")

    [moved] = office.look_and_decide()

    assert moved.job == second.job
    assert office.row(first)["state"] == "review"
    assert "review/s/a.png" in office.files()


def test_freed_name_belongs_to_the_next_result(office: Office) -> None:
    """A second drop of the same picture lies where the first result lay; it stays."""
    first = office.wait_for_review("a.jpg", "a.png")
    office.move("a.png", "approve/a.png")
    second = office.wait_for_review("a.jpg", "a.png")
    same = (office.root / "review/approve/a.png").read_bytes()
    (office.root / "review/a.png").write_bytes(same)
    digest = sha256_of(office.root / "review/a.png")
    sql = "UPDATE deliveries SET sha256 = ? WHERE role = 'result'"
    office.around.database.write(lambda db: db.execute(sql, [digest])).result()

    [moved] = office.look_and_decide()

    # Nobody can tell the two apart: which of them is decided does not matter.
    [other] = {first.job, second.job} - {moved.job}
    waiting = Reviews(office.around.database).find(other)
    assert waiting.state == "review"
    assert "review/a.png" in office.files()


def test_companion_with_somebodys_words_stays(office: Office) -> None:
    """What is not what retouchd wrote any more is not removed."""
    entry = office.wait_for_review()
    notes = office.root / "review/a.png.reason.txt"
    notes.write_text("see my mail")

    office.say(entry, "approve")

    assert office.files() == {"review/a.png.reason.txt"}


def test_folder_named_like_a_verdict_is_no_verdict(office: Office) -> None:
    """A drop in in/approve/ waits like any other, and keeps its folder in out/."""
    entry = office.wait_for_review("approve/a.jpg", "approve/a.png")

    nothing = office.look_and_decide()
    office.say(entry, "approve")

    assert nothing == []
    assert office.files("out") == {"out/approve/a.png"}


def test_verdict_folders_come_back(office: Office) -> None:
    """Somebody may clean up with too much zeal."""
    (office.root / "review/approve").rmdir()

    assert office.look() == []
    assert (office.root / "review/approve").is_dir()


def test_two_people_decide_once(office: Office) -> None:
    """The second one is told; the first verdict stays."""
    entry = office.wait_for_review()
    one = Wanted(entry.job, Opinion("approve", "anna"))
    staged = office.desk.decide(one)

    with pytest.raises(RetouchdError, match="no result that could be decided"):
        office.desk.decide(Wanted(entry.job, Opinion("reject", "bert")))

    office.around.handout.deliver(staged)
    office.around.handout.book()
    assert office.row(entry)["decision"] == "approve"


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_crash_after_the_verdict_rolls_forward(
    office: Office, verdict: Verdict
) -> None:
    """What was noted happens, once, with the text and without the companions."""
    entry = office.wait_for_review("s/a.jpg", "s/a.png", "s/b.png")
    office.desk.decide(Wanted(entry.job, Opinion(verdict, "anna", reason="soft")))

    office.around.roll_forward()
    before = office.around.tree()
    office.around.roll_forward()

    root = "out" if verdict == "approve" else "rejected"
    assert {f"{root}/s/a.png", f"{root}/s/b.png"} <= office.files(root)
    assert office.files() == set()
    assert office.around.tree() == before
    assert len(office.reviews()) == 1


def test_original_dropped_again_is_not_swallowed(office: Office) -> None:
    """A crash while a verdict is carried out leaves in/ alone: that is a new drop."""
    entry = office.wait_for_review()
    [original] = (office.root / "done").rglob("a.jpg")
    office.desk.decide(Wanted(entry.job, Opinion("approve", "anna")))
    original.rename(office.root / "in/a.jpg")

    office.around.roll_forward()

    assert "in/a.jpg" in office.files("in")


def test_refined_result_is_a_drop_of_its_own(office: Office) -> None:
    """The result goes through in/ with the job's own rule, and the parent is closed."""
    entry = office.wait_for_review("s/a.jpg", "s/a.png", "s/web/a.webp")
    opinion = Opinion("fix", "anna")
    region = (0.25, 0.25, 0.5, 0.5)

    office.carry_out(Wanted(entry.job, opinion, "erase", (region,)))
    [child] = office.around.take_in.take(office.around.now)

    assert (child.parent, child.source) == (entry.job, "s/a.png")
    assert office.row(entry)["state"] == "rejected"
    assert office.reviews()[0]["reason"] == f"fixed by {child.job}"
    assert office.row(child)["parent"] == entry.job
    assert office.files("in") == set()
    assert "rejected/s/web/a.webp" in office.files("rejected")
    with pytest.raises(InputError, match=f"refined by job {child.job}"):
        office.say(entry, "approve")


@pytest.mark.parametrize("result", ["shot_0001.png", "shot.mp4"])
def test_one_picture_of_a_clip_is_not_refined_alone(
    office: Office, result: str
) -> None:
    """Frame 1 of a sequence would come back as all there is; a whole clip may go on."""
    entry = office.wait_for_review("shot.mov", result)
    sql = "UPDATE jobs SET clip_seconds = 2 WHERE id = ?"
    office.around.database.write(lambda db: db.execute(sql, [entry.job])).result()
    wanted = Wanted(entry.job, Opinion("fix", "anna"), "erase", ((0, 0, 1, 1),))

    if result == "shot.mp4":
        office.carry_out(wanted)
    else:
        with pytest.raises(InputError, match="is one picture of a clip"):
            office.carry_out(wanted)

    state = "rejected" if result == "shot.mp4" else "review"
    assert office.row(entry)["state"] == state


def test_refined_result_is_found_again_after_a_crash(office: Office) -> None:
    """Killed before the move, or between intent and claim: it is the same job."""
    entry = office.wait_for_review("s/a.jpg", "s/a.png")
    office.desk.decide(
        Wanted(entry.job, Opinion("fix", "anna"), "erase", ((0, 0, 1, 1),))
    )
    office.around.roll_forward()
    [child] = office.around.take_in.take(office.around.now)
    sql = "UPDATE jobs SET journal = 'INTENT' WHERE id = ?"
    office.around.database.write(lambda db: db.execute(sql, [child.job])).result()

    [again] = office.around.recover().to_run

    assert (again.job, again.parent) == (child.job, entry.job)


@pytest.mark.parametrize("region", [(5, 0, 1, 1), (-0.1, 0, 1, 1), (0, 0, 0, 1)])
def test_region_outside_is_refused(
    office: Office, region: tuple[float, float, float, float]
) -> None:
    """The test's result has one pixel."""
    entry = office.wait_for_review()

    with pytest.raises(InputError, match="lies outside"):
        office.carry_out(Wanted(entry.job, Opinion("fix", "anna"), "erase", (region,)))

    assert office.row(entry)["state"] == "review"
