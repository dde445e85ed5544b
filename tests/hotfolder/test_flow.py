"""From ``in/`` to ``out/`` and ``done/`` while nothing goes wrong."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from retouchd.delivery.place import Method
from retouchd.errors import InputError, LedgerError
from retouchd.hotfolder.retry import send_again
from retouchd.rules.schema import Output, Rule, Sidecar

ODD = [b"caf\xe9.jpg", b"two\nlines.jpg", b"\x1b[31m.jpg", b"n" * 251 + b".jpg"]


@pytest.mark.parametrize("method", list(Method))
def test_drop_becomes_results_and_an_archive(
    desk: Any, day: str, method: Method
) -> None:
    """P1, P2, P3: results in out/, the original in done/, nothing anywhere else."""
    desk.use(method)
    entry = desk.claim("sub/a.jpg")
    during = desk.tree()

    staged, refused = desk.handout.stage([desk.finish(entry, "sub/a.png", "web/a.png")])
    desk.handout.deliver(staged[0])
    desk.handout.book()

    assert list(during) == [f".retouchd/claims/1/{entry.job}/sub/a.jpg"]
    assert refused == []
    assert desk.tree() == {
        f"done/{day}/sub/a.jpg": b"pixels",
        "out/sub/a.png": f"{entry.job} sub/a.png".encode(),
        "out/web/a.png": f"{entry.job} web/a.png".encode(),
    }
    assert desk.state(entry) == "done"
    assert list(desk.claims.iterdir()) == []
    rows = desk.database.rows("SELECT path, state, delivered_at FROM deliveries")
    assert [row["path"] for row in rows] == [
        str(desk.root / "out/sub/a.png"),
        str(desk.root / "out/web/a.png"),
    ]
    assert {row["delivered_at"] for row in rows} == {f"{day}T12:00:00.000Z"}


def test_file_is_not_touched_before_it_settles(desk: Any) -> None:
    """A file that was seen once, or changed since, stays in in/."""
    path = desk.drop("a.jpg")

    first = desk.take_in.take(1000.0)
    path.write_bytes(b"more pixels")
    second = desk.take_in.take(1002.0)
    third = desk.take_in.take(1003.9)

    assert first == second == third == []
    assert desk.take_in.waiting == 1
    assert 1004.0 <= desk.take_in.next_look(1003.9) <= 1004.5
    assert path.read_bytes() == b"more pixels"


def test_open_writer_is_waited_for(desk: Any) -> None:
    """P1: a file that somebody still writes is not claimed, however quiet it is."""
    path = desk.drop("a.jpg")

    with path.open("ab"):
        during = desk.settle()
    desk.now += 2.0
    after = desk.settle()

    assert during == []
    assert [entry.source for entry in after] == ["a.jpg"]


def test_reserved_space_is_waited_for_twice_as_long(desk: Any) -> None:
    """A tail of zeros may be a copy that has not filled its file yet."""
    desk.drop("a.tif", b"II*\0" + bytes(100_000))

    early = desk.settle()
    desk.now += 2.0
    late = desk.take_in.take(desk.now)

    assert early == []
    assert [entry.source for entry in late] == ["a.tif"]


def test_sidecars_travel_with_their_picture(desk: Any, day: str) -> None:
    """P1: what belongs to a picture is claimed and archived with it."""
    desk.drop("a.jpg.json", b"{}")
    desk.drop("a_mask.png", b"mask")
    entry = desk.claim("a.jpg")

    desk.stage(entry)
    desk.roll_forward()

    assert set(entry.members) == {"a.jpg.json", "a_mask.png"}
    assert set(desk.tree()) == {
        f"done/{day}/a.jpg",
        f"done/{day}/a.jpg.json",
        f"done/{day}/a_mask.png",
        "out/a.png",
    }


def test_lonely_sidecar_is_left_with_its_reason(desk: Any) -> None:
    """A sidecar without a picture stays in in/, and `status` can say why."""
    desk.drop("a.json", b"{}")

    assert desk.settle() == []
    [left] = desk.take_in.left
    assert (left.name, left.reason) == ("a.json", "its picture is missing")
    assert desk.take_in.waiting == 0


def test_mask_that_stays_alone_is_a_picture(desk: Any) -> None:
    """A picture whose own name looks like a mask is taken in the end."""
    desk.drop("my_mask.png")
    desk.settle()

    desk.now += 10 * 2.0
    taken = desk.take_in.take(desk.now)

    assert [entry.source for entry in taken] == ["my_mask.png"]


def test_picture_waits_for_its_sidecar(desk: Any) -> None:
    """A rule may ask for patience; a sidecar that comes ends it."""
    patient = Rule(
        rule="r", sidecar=Sidecar(wait=10), outputs=(Output(name="{stem}.png"),)
    )
    desk.drop("a.jpg")
    desk.take_in.take(desk.now)

    alone = desk.take_in.take(desk.now + 5, rules=[patient])
    desk.drop("a.json", b"{}")
    desk.take_in.take(desk.now + 6, rules=[patient])
    together = desk.take_in.take(desk.now + 8, rules=[patient])

    assert alone == []
    assert [entry.members for entry in together] == [("a.json",)]


def test_taking_in_stops_at_the_limit(desk: Any) -> None:
    """What is too much now stays visible in in/ and is taken next time."""
    for number in range(5):
        desk.drop(f"{number}.jpg")
    desk.take_in.take(desk.now)

    first = desk.take_in.take(desk.now + 2, at_most=3)
    waiting = desk.take_in.waiting
    second = desk.take_in.take(desk.now + 2)

    assert (len(first), waiting, len(second)) == (3, 2, 2)


@pytest.mark.parametrize("name", ODD)
def test_odd_name_goes_through_under_its_own_bytes(
    desk: Any, day: str, name: bytes
) -> None:
    """P1, P7: invalid UTF-8, newlines and colours in a name change nothing."""
    entry = desk.claim(os.fsdecode(name))

    desk.stage(entry)
    desk.roll_forward()

    archived = [path.name for path in (desk.root / "done" / day).iterdir()]
    assert [os.fsencode(found) for found in archived] == [name]
    assert desk.state(entry) == "done"


@pytest.mark.parametrize("name", ODD)
def test_odd_name_fails_under_its_own_bytes(desk: Any, day: str, name: bytes) -> None:
    """P7: also on the way to failed/, where an error text lies beside it."""
    source = os.fsdecode(name)
    entry = desk.claim(source)
    outcome = desk.fail(entry, f"no rule takes {source}")

    desk.handout.fail([(entry, outcome)])
    desk.handout.book()

    files = [path.name for path in (desk.root / "failed" / day).iterdir()]
    assert len(files) == 3
    assert name in [os.fsencode(found) for found in files]
    assert desk.state(entry) == "failed"


def test_notes_about_odd_names_reach_the_story(desk: Any) -> None:
    """P7: a warning that names bytes which are no UTF-8 does not stop the journal."""
    entry, outcome = desk.finish(desk.claim(os.fsdecode(b"\xff.jpg")))
    noted = type(outcome)(**{**vars(outcome), "notes": ("\udcff.jpg is odd",)})

    desk.handout.stage([(entry, noted)])

    [event] = desk.database.rows("SELECT detail FROM events WHERE what = 'noticed'")
    assert event["detail"] == "\\udcff.jpg is odd"


def test_taken_name_gets_a_suffix(desk: Any) -> None:
    """P1: a result that was there first keeps its name and its bytes."""
    (desk.root / "out/a.png").write_bytes(b"older")
    desk.stage(desk.claim())

    desk.roll_forward()

    assert (desk.root / "out/a.png").read_bytes() == b"older"
    assert (desk.root / "out/a-2.png").read_bytes() != b"older"


def test_taken_name_fails_where_the_rule_says_so(desk: Any, day: str) -> None:
    """With conflict: fail the original goes to failed/ and no result stays behind."""
    (desk.root / "out/a.png").write_bytes(b"older")
    entry = desk.claim()

    staged, refused = desk.handout.stage([desk.finish(entry, conflict="fail")])
    desk.handout.fail(refused)
    desk.handout.book()

    assert staged == []
    assert desk.state(entry) == "failed"
    assert f"failed/{day}/a.jpg" in desk.tree()
    assert not list(desk.places.stage_for("out").iterdir())


def _two_drops(desk: Any) -> list[Any]:
    desk.drop("a.jpg", b"one")
    desk.drop("a.png", b"two")
    return list(desk.settle())


@pytest.mark.parametrize("method", list(Method))
def test_two_drops_with_one_result_name(desk: Any, method: Method) -> None:
    """P1, P3: both results are delivered, the later one under a number."""
    desk.use(method)
    entries = _two_drops(desk)

    desk.handout.stage([desk.finish(entry) for entry in entries])
    desk.roll_forward()

    results = {path.read_bytes() for path in (desk.root / "out").iterdir()}
    assert results == {f"{entry.job} a.png".encode() for entry in entries}
    paths = desk.database.rows("SELECT path FROM deliveries ORDER BY path")
    assert [row["path"].rpartition("/")[2] for row in paths] == ["a-2.png", "a.png"]


def test_two_drops_with_one_result_name_under_fail(desk: Any) -> None:
    """With conflict: fail only one of two in the same batch is delivered."""
    entries = _two_drops(desk)
    results = [desk.finish(entry, conflict="fail") for entry in entries]

    staged, refused = desk.handout.stage(results)

    assert [job.entry for job in staged] == entries[:1]
    assert [entry for entry, _ in refused] == entries[1:]
    assert "already there: a.png" in refused[0][1].error


@pytest.mark.parametrize("method", list(Method))
def test_name_taken_after_planning(desk: Any, method: Method) -> None:
    """P1: a stranger who takes the name in the last moment keeps it."""
    desk.use(method)
    entry = desk.claim()
    staged, _ = desk.handout.stage([desk.finish(entry)])
    (desk.root / "out/a.png").write_bytes(b"theirs")

    desk.handout.deliver(staged[0])
    desk.handout.book()

    assert (desk.root / "out/a.png").read_bytes() == b"theirs"
    assert (desk.root / "out/a-2.png").exists()
    [row] = desk.database.rows("SELECT path FROM deliveries")
    assert row["path"].endswith("/out/a-2.png")


def test_same_name_again_is_archived_beside(desk: Any, day: str) -> None:
    """P1: dropping a name again is a new drop; both originals are kept."""
    for content in (b"one", b"two"):
        desk.stage(desk.claim("n" * 251 + ".jpg", content))
        desk.roll_forward()

    archived = [path.read_bytes() for path in (desk.root / "done" / day).iterdir()]
    assert sorted(archived) == [b"one", b"two"]


def test_results_can_wait_for_a_person(desk: Any) -> None:
    """A result for review lies in review/, its original already in done/."""
    entry, outcome = desk.finish(desk.claim())
    waiting = type(outcome)(**{**vars(outcome), "destination": "review"})

    desk.handout.stage([(entry, waiting)])
    desk.roll_forward()

    assert desk.state(entry) == "review"
    assert (desk.root / "review/a.png").exists()


def test_failed_original_lies_beside_its_reason(desk: Any, day: str) -> None:
    """P1: failed/ holds the untouched original, a text for people and one for tools."""
    desk.drop("sub/a.json", b"{}")
    entry = desk.claim("sub/a.jpg")

    desk.handout.fail([(entry, desk.fail(entry))])
    desk.handout.book()

    lies = desk.root / "failed" / day / "sub"
    assert sorted(path.name for path in lies.iterdir()) == [
        "a.jpg",
        "a.jpg.error.json",
        "a.jpg.error.txt",
        "a.json",
    ]
    assert (lies / "a.jpg").read_bytes() == b"pixels"
    assert "What to do:    repair it" in (lies / "a.jpg.error.txt").read_text()
    facts = json.loads((lies / "a.jpg.error.json").read_text())
    assert (facts["job"], facts["error"]) == (entry.job, "it is broken")


def test_failed_job_is_sent_again(desk: Any) -> None:
    """`retry` puts picture and sidecars back into in/ and takes the texts away."""
    desk.drop("sub/a.json", b"{}")
    entry = desk.claim("sub/a.jpg")
    desk.handout.fail([(entry, desk.fail(entry))])
    desk.handout.book()

    name = send_again(desk.places, desk.journal.failed_job(entry.job))

    assert name == "sub/a.jpg"
    assert desk.tree() == {"in/sub/a.jpg": b"pixels", "in/sub/a.json": b"{}"}
    [again] = desk.settle()
    assert again.job != entry.job


def test_retry_says_what_it_cannot_do(desk: Any) -> None:
    """A job that did not fail, or whose original was moved, is refused."""
    entry = desk.claim()
    with pytest.raises(LedgerError, match="no failed job"):
        desk.journal.failed_job(entry.job)
    desk.handout.fail([(entry, desk.fail(entry))])
    desk.handout.book()
    failed = desk.journal.failed_job(entry.job)
    failed.archive.unlink()

    with pytest.raises(InputError, match="not there any more"):
        send_again(desk.places, failed)
