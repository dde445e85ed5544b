"""A sequence is one drop: claimed whole, put away whole, whatever happens between."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retouchd.delivery.move import move_without_overwriting
from retouchd.hotfolder import retry
from retouchd.hotfolder.retry import finish_sending, send_again
from retouchd.intake.claim import Claim, Taken, take
from retouchd.intake.scan import fingerprint
from retouchd.ledger.entries import Entry
from retouchd.rules.schema import Match, Output, Rule
from retouchd.rules.sequence import Sequence
from retouchd.values import Outcome

WAIT = 10.0

RULES = (
    Rule(
        rule="shots",
        match=Match(kind="sequence", files="*.png"),
        sequence=Sequence(wait=WAIT),
        outputs=(Output(name="{stem}.mp4"),),
    ),
)


def _names(*numbers: int) -> list[str]:
    return [f"shot_{number:04d}.png" for number in numbers]


def _drop(desk: Any, *numbers: int) -> None:
    for name in _names(*numbers):
        desk.drop(name, name.encode())


def _take(desk: Any, seconds: float = 0.0) -> list[Entry]:
    desk.now += seconds
    taken: list[Entry] = desk.take_in.take(desk.now, RULES)
    return taken


def _claim(desk: Any, *numbers: int) -> Entry:
    _drop(desk, *numbers)
    _take(desk)
    [entry] = _take(desk, 2 + WAIT)
    return entry


def _lying(desk: Any) -> set[str]:
    return {path.name for path in (desk.root / "in").rglob("*") if path.is_file()}


def test_quiet_frames_are_one_drop(desk: Any) -> None:
    """Frames are claimed together once none came or changed for the rule's wait."""
    _drop(desk, 3, 1)
    early = [*_take(desk), *_take(desk, 2 + WAIT / 2)]
    _drop(desk, 2)
    late = [*_take(desk), *_take(desk, 1 + WAIT)]

    [entry] = _take(desk, 1)

    assert early + late == []
    assert (entry.source, entry.members) == (_names(1)[0], tuple(_names(2, 3)))
    assert set(desk.tree()) == {
        f".retouchd/claims/1/{entry.job}/{name}" for name in _names(1, 2, 3)
    }


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (Rule(rule="r", outputs=(Output(name="{stem}.jpg"),)),),
        (
            Rule(
                rule="r",
                match=Match(kind="sequence", files="render_*.png"),
                outputs=(Output(name="{stem}.mp4"),),
            ),
        ),
    ],
    ids=["no rules", "stills and clips", "other names"],
)
def test_numbered_stills_of_a_camera_stay_stills(desk: Any, rules: Any) -> None:
    """Names alone make no clip: a rule must ask for sequences of such names."""
    for number in (1, 2, 3):
        desk.drop(f"DSC_{number:04d}.png")
    desk.take_in.take(desk.now, rules)

    taken = desk.take_in.take(desk.now + 2, rules)

    assert sorted(entry.source for entry in taken) == [
        f"DSC_{number:04d}.png" for number in (1, 2, 3)
    ]
    assert [entry.members for entry in taken] == [(), (), ()]


def test_end_marker_spares_the_wait(desk: Any) -> None:
    """NAME.end says that all frames are there; it travels with them, though empty."""
    _drop(desk, 1, 2)
    desk.drop("shot.end", b"")
    _take(desk)

    [entry] = _take(desk, 2)

    assert entry.members == (*_names(2), "shot.end")
    assert _lying(desk) == set()


def test_end_marker_does_not_hurry_a_frame_that_moves(desk: Any) -> None:
    """What changed a moment ago settles all the same."""
    _drop(desk, 1, 2)
    desk.drop("shot.end", b"")
    _take(desk)
    desk.drop(_names(2)[0], b"longer than before")

    assert _take(desk, 2) == []
    assert len(_take(desk, 2)) == 1


def test_lonely_end_marker_is_left_and_reported(desk: Any) -> None:
    """Without frames it is no drop, and nothing fails for it."""
    desk.drop("shot.end", b"")
    _take(desk)

    assert _take(desk, 100) == []
    assert [(one.name, one.reason) for one in desk.take_in.left] == [
        ("shot.end", "the frames that it ends are missing")
    ]


def test_folders_and_names_are_sequences_of_their_own(desk: Any) -> None:
    """Two shots in one folder and one in another are three drops, with sidecars."""
    for name in ("a/s_1.png", "a/s_2.png", "a/t_1.png", "a/t_2.png", "b/s_1.png"):
        desk.drop(name)
    for name in ("b/s_2.png", "a/s_1.png.json", "a/t.json"):
        desk.drop(name)
    _take(desk)

    taken = _take(desk, 2 + WAIT)

    assert {entry.source: entry.members for entry in taken} == {
        "a/s_1.png": ("a/s_2.png", "a/s_1.png.json"),
        "a/t_1.png": ("a/t_2.png", "a/t.json"),
        "b/s_1.png": ("b/s_2.png",),
    }


def test_frame_alone_waits_and_is_a_still(desk: Any) -> None:
    """The first frame of a slow renderer is not taken before the others."""
    _drop(desk, 1)
    _take(desk)
    early = _take(desk, 2)

    [entry] = _take(desk, WAIT)

    assert (early, entry.members, entry.marks) == ([], (), ())


def test_link_among_frames_is_left(desk: Any) -> None:
    """A symbolic link is no frame: it stays, and its number will be missing."""
    _drop(desk, 1, 3)
    (desk.root / "in" / _names(2)[0]).symlink_to("/etc/hostname")
    _take(desk)

    [entry] = _take(desk, 2 + WAIT)

    assert entry.members == tuple(_names(3))
    assert _lying(desk) == set(_names(2))


@pytest.mark.parametrize("claimed", [0, 1, 2, 37, 60])
def test_claim_cut_short_is_finished(desk: Any, claimed: int) -> None:
    """P1, P3: killed after any number of renames, the same frames are one drop."""
    numbers = range(1, 61)
    entry = _claim(desk, *numbers)
    folder = desk.claims / entry.job
    # As far as a killed claim came: the first frame, then the others in order.
    for name in _names(*numbers)[claimed:]:
        (folder / name).rename(desk.root / "in" / name)
    desk.database.write(
        lambda db: db.execute("UPDATE jobs SET journal = 'INTENT', state = 'claimed'")
    ).result()

    found = desk.recover()
    again = desk.recover()

    assert [one.members for one in found.to_run] == [tuple(_names(*range(2, 61)))]
    assert [one.job for one in again.to_run] == [entry.job]
    assert sorted(path.name for path in folder.iterdir()) == _names(*numbers)
    assert _lying(desk) == set()
    assert desk.journal.state(entry.job) == "CLAIMED"


def test_newer_frame_never_replaces_the_claimed_one(desk: Any) -> None:
    """P1: a frame dropped again while its sequence is claimed is a file of its own."""
    entry = _claim(desk, 1, 2, 3)
    desk.drop(_names(2)[0], b"rendered again")

    found = desk.recover()

    claimed = desk.claims / entry.job / _names(2)[0]
    assert [one.job for one in found.to_run] == [entry.job]
    assert claimed.read_bytes() == _names(2)[0].encode()
    assert (desk.root / "in" / _names(2)[0]).read_bytes() == b"rendered again"


@pytest.mark.parametrize("change", ["replaced", "taken away"])
def test_claim_of_changed_frames_is_given_up(desk: Any, change: str) -> None:
    """P1: where a frame changed meanwhile all go back and settle anew."""
    entry = _claim(desk, 1, 2, 3)
    (desk.claims / entry.job / _names(3)[0]).unlink()
    if change == "replaced":
        desk.drop(_names(3)[0], b"rendered again")
    desk.database.write(
        lambda db: db.execute("UPDATE jobs SET journal = 'INTENT', state = 'claimed'")
    ).result()

    found = desk.recover()

    assert found.to_run == []
    assert _lying(desk) == set(_names(*((1, 2, 3) if change == "replaced" else (1, 2))))
    assert desk.database.rows("SELECT id FROM jobs") == []
    if change == "replaced":
        assert (desk.root / "in" / _names(3)[0]).read_bytes() == b"rendered again"


def test_frame_that_vanishes_while_it_is_claimed(desk: Any) -> None:
    """P1: somebody takes a frame back at the last moment; the others are given back."""
    inbox, folder = desk.root / "in", desk.claims / "claim"
    _drop(desk, 1, 2, 3)
    first, *others = (fingerprint(os.lstat(inbox / name)) for name in _names(1, 2, 3))
    claim = Claim("job", _names(1)[0], tuple(_names(2, 3)), first, tuple(others))
    (inbox / _names(2)[0]).unlink()

    assert take(claim, inbox, folder) is Taken.MOVING
    assert _lying(desk) == set(_names(1, 3))
    assert not folder.exists()


def test_frame_that_a_writer_still_held_is_read_again(life: Any, until: Any) -> None:
    """P1: a frame that changes under the job is not delivered as it was before."""
    life.rules = (RULES[0].model_copy(update={"sequence": Sequence(wait=0)}),)
    for name in _names(1, 2, 3):
        life.drop(name)
    first = life.next_order()
    first.drop.members[1].write_bytes(b"more pixels")
    life.finish(first)

    second = life.next_order()
    life.finish(second)

    assert [path.name for path in first.drop.members] == _names(2, 3)
    assert second.job == first.job
    until(lambda: life.states() == ["done"])


def test_frames_undone_by_a_power_cut_are_claimed_again(desk: Any) -> None:
    """P3: a staged job's frames that lie in in/ again are no second sequence."""
    entry = _claim(desk, 1, 2, 3)
    desk.stage(entry)
    for name in _names(2, 3):
        (desk.claims / entry.job / name).rename(desk.root / "in" / name)

    desk.roll_forward()

    assert desk.state(entry) == "done"
    assert _lying(desk) == set()
    assert {Path(name).name for name in desk.tree() if name.startswith("done/")} == {
        *_names(1, 2, 3)
    }


def test_new_frames_of_the_same_names_are_not_taken_for_the_old(
    desk: Any, day: str
) -> None:
    """P1, P3: a shot rendered again while the first is put away is a new drop."""
    entry = _claim(desk, 1, 2, 3)
    desk.stage(entry)
    done = desk.root / "done" / day
    done.mkdir()
    (desk.claims / entry.job / _names(2)[0]).rename(done / _names(2)[0])
    desk.drop(_names(2)[0], b"rendered again")

    desk.roll_forward()

    assert desk.state(entry) == "done"
    assert _lying(desk) == set(_names(2))
    assert (done / _names(2)[0]).read_bytes() == _names(2)[0].encode()


def test_sequences_of_one_name_keep_their_numbers_in_done(desk: Any, day: str) -> None:
    """The second one of a day gets a folder, not suffixes behind its numbers."""
    for _ in range(2):
        entry = _claim(desk, 1, 2)
        desk.stage(entry)
        desk.roll_forward()

    lying = {name for name in desk.tree() if name.startswith("done/")}

    assert lying == {
        *(f"done/{day}/{name}" for name in _names(1, 2)),
        *(f"done/{day}/shot-2/{name}" for name in _names(1, 2)),
    }


def test_failed_sequence_can_be_sent_again(desk: Any, day: str) -> None:
    """All frames lie in failed/ with one reason, and come back with one command."""
    entry = _claim(desk, 1, 2, 3)
    desk.handout.fail([(entry, desk.fail(entry))])
    desk.handout.book()
    failed = {name for name in desk.tree() if name.startswith("failed/")}

    send_again(desk.places, desk.journal.failed_job(entry.job))

    assert failed == {
        *(f"failed/{day}/{name}" for name in _names(1, 2, 3)),
        *(f"failed/{day}/{_names(1)[0]}.error.{end}" for end in ("txt", "json")),
    }
    assert _lying(desk) == set(_names(1, 2, 3))


class Crash(BaseException):
    """The daemon was killed."""


@pytest.mark.parametrize("moves", [0, 1, 2, 3])
def test_sequence_half_sent_again_comes_back_whole(
    desk: Any, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    """The next start moves the rest before it looks into in/, and only once."""
    entry = _claim(desk, 1, 2, 3)
    desk.handout.fail([(entry, desk.fail(entry))])
    desk.handout.book()
    job = desk.journal.failed_job(entry.job)
    left = [moves]

    def move_or_die(*arguments: Any) -> Path:
        if not left[0]:
            raise Crash
        left[0] -= 1
        return move_without_overwriting(*arguments)

    with monkeypatch.context() as patch, contextlib.suppress(Crash):
        patch.setattr(retry, "move_without_overwriting", move_or_die)
        send_again(desk.places, job)
    half = _lying(desk)

    for _ in range(2):
        desk.restart()
        finish_sending(desk.places, desk.journal)

    assert len(half) == moves
    assert _lying(desk) == set(_names(1, 2, 3))
    assert not [name for name in desk.tree() if name.startswith("failed/")]


def _finished(desk: Any, entry: Entry, count: int) -> tuple[Entry, Outcome]:
    """Finish *entry* with an output of so many frames."""
    names = [f"shot/shot_{number:04d}.png" for number in range(1, count + 1)]
    _, outcome = desk.finish(entry, *names)
    frames = tuple(replace(made, part_of=0) for made in outcome.renditions)
    return entry, replace(outcome, renditions=frames)


def test_frames_of_a_result_stay_one_sequence(desk: Any) -> None:
    """P3: where one name is taken the whole sequence gets another, and all arrive."""
    entry = _claim(desk, 1, 2)
    (desk.root / "out/shot").mkdir()
    (desk.root / "out/shot/shot_0002.png").write_bytes(b"somebody's")

    staged, refused = desk.handout.stage([_finished(desk, entry, 3)])
    for job in staged:
        desk.handout.deliver(job)
    desk.handout.book()

    assert refused == []
    assert sorted(path.name for path in (desk.root / "out/shot").iterdir()) == [
        *(f"shot-2_{number:04d}.png" for number in (1, 2, 3)),
        "shot_0002.png",
    ]
    rows = desk.database.rows("SELECT path, state FROM deliveries ORDER BY output")
    assert [Path(row["path"]).name for row in rows] == [
        f"shot-2_{number:04d}.png" for number in (1, 2, 3)
    ]
    assert {row["state"] for row in rows} == {"DELIVERED"}


def test_delivery_of_frames_cut_short_goes_on(desk: Any) -> None:
    """P2, P3: killed between two of many frames, each arrives exactly once."""
    entry = _claim(desk, 1, 2)
    [job], _ = desk.handout.stage([_finished(desk, entry, 40)])
    (desk.root / "out/shot").mkdir()
    for made, final, _ in job.outputs[:17]:
        made.stage.rename(final)
    (desk.root / "out/shot/shot_0003.png").unlink()  # a consumer was quick

    desk.roll_forward()

    arrived = {path.name for path in (desk.root / "out/shot").iterdir()}
    assert arrived == {f"shot_{n:04d}.png" for n in range(1, 41)} - {"shot_0003.png"}
    assert desk.state(entry) == "done"
