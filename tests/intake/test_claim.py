"""Taking a file out of ``in/`` by rename, and putting it back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retouchd.intake.claim import Claim, Taken, give_back, take
from retouchd.intake.scan import fingerprint

JOB = "01JOB"


@pytest.fixture
def claims(inbox: Path) -> Path:
    """Where claim folders lie."""
    folder = inbox.parent / "claims"
    folder.mkdir()
    return folder


def _claim(inbox: Path, name: str = "a.jpg", members: tuple[str, ...] = ()) -> Claim:
    for each in (name, *members):
        (inbox / each).parent.mkdir(exist_ok=True)
        (inbox / each).write_bytes(each.encode())
    return Claim(JOB, name, members, fingerprint(os.lstat(inbox / name)))


def _listing(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_takes_a_picture_with_its_sidecars(inbox: Path, claims: Path) -> None:
    """P1: everything that belongs together leaves in/ together, unchanged."""
    claim = _claim(inbox, "sub/a.jpg", ("sub/a.jpg.json", "sub/a.xmp"))

    taken = take(claim, inbox, claims / JOB)

    assert taken is Taken.TAKEN
    assert _listing(inbox) == []
    assert _listing(claims / JOB) == ["sub/a.jpg", "sub/a.jpg.json", "sub/a.xmp"]
    assert (claims / JOB / "sub/a.jpg").read_bytes() == b"sub/a.jpg"


def test_taking_twice_is_taking_once(inbox: Path, claims: Path) -> None:
    """P3: after a crash between two renames the rest is taken."""
    claim = _claim(inbox, members=("a.jpg.json",))
    (claims / JOB).mkdir()
    (inbox / "a.jpg").rename(claims / JOB / "a.jpg")

    first = take(claim, inbox, claims / JOB)
    second = take(claim, inbox, claims / JOB)

    assert first is second is Taken.TAKEN
    assert _listing(claims / JOB) == ["a.jpg", "a.jpg.json"]


def test_file_taken_back_is_no_error(inbox: Path, claims: Path) -> None:
    """Somebody who takes a file back in the last moment is right."""
    claim = _claim(inbox)
    (inbox / "a.jpg").unlink()

    assert take(claim, inbox, claims / JOB) is Taken.GONE
    assert list(claims.iterdir()) == []


def test_writer_that_survives_the_claim_gets_its_file_back(
    inbox: Path, claims: Path
) -> None:
    """P1: a rename does not stop a writer; its file goes back and settles again."""
    claim = _claim(inbox, members=("a.jpg.json",))

    with (inbox / "a.jpg").open("ab") as writer:
        taken = take(claim, inbox, claims / JOB)
        writer.write(b" and more")

    assert taken is Taken.MOVING
    assert _listing(inbox) == ["a.jpg", "a.jpg.json"]
    assert (inbox / "a.jpg").read_bytes() == b"a.jpg and more"
    assert list(claims.iterdir()) == []


def test_file_that_changed_since_it_settled_goes_back(
    inbox: Path, claims: Path
) -> None:
    """P1: what is claimed is what had settled, nothing newer."""
    claim = _claim(inbox)
    (inbox / "a.jpg").write_bytes(b"other content")

    assert take(claim, inbox, claims / JOB) is Taken.MOVING
    assert (inbox / "a.jpg").read_bytes() == b"other content"


def test_giving_back_overwrites_nothing(inbox: Path, claims: Path) -> None:
    """P1: a name that was taken again meanwhile stays; ours gets a number."""
    claim = _claim(inbox)
    take(claim, inbox, claims / JOB)
    (inbox / "a.jpg").write_bytes(b"newer")

    give_back(claim, inbox, claims / JOB)

    assert (inbox / "a.jpg").read_bytes() == b"newer"
    assert (inbox / "a-2.jpg").read_bytes() == b"a.jpg"
