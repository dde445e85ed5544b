"""Who owns a root: proof of death, patience, takeover, and daemons that wake late."""

from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest

from retouchd.errors import LostRootError, RootInUseError, StorageError
from retouchd.hotfolder.epochs import enter
from retouchd.hotfolder.owner import Owner, Patience, Record
from retouchd.hotfolder.ownership import Ownership

PATIENCE = Patience(beat=10.0, takeover=60.0)


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """The hidden folder of a root."""
    folder = tmp_path / "hot/.retouchd"
    folder.mkdir(parents=True)
    (folder / "marker.json").write_text("{}")
    return folder


def daemon(ledger: str = "ours", *, takeover: bool = False) -> Ownership:
    """One run of a daemon."""
    return Ownership(ledger, PATIENCE, takeover=takeover)


def take(
    one: Ownership, private: Path, now: float = 0.0, *, is_network: bool = False
) -> Owner:
    """Let a daemon become the owner."""
    return one.take(private, now, is_network=is_network)[0]


def rewrite(private: Path, **facts: object) -> None:
    """Let the newest record say something else."""
    file = max((private / "owner").iterdir(), key=lambda path: int(path.name))
    record = Record.read(file.read_bytes())
    assert record is not None
    file.write_bytes(replace(record, **facts).packed())  # type: ignore[arg-type]


def test_first_owner_begins_at_once(private: Path) -> None:
    """Nobody has to be waited for where nobody was."""
    owner = take(daemon(), private)

    assert (owner.epoch, owner.inherits) == (1, 1)
    owner.require()


def test_living_owner_is_waited_for(private: Path) -> None:
    """P3: of two daemons on one root by mistake the second keeps out and says why."""
    take(daemon(), private)
    other = daemon("theirs")

    for now in (0.0, 20.0, 40.0, 59.0):
        with pytest.raises(RootInUseError, match=f"process {os.getpid()} on"):
            take(other, private, now)


@pytest.mark.parametrize("is_network", [False, True])
def test_restart_on_this_machine_takes_its_work_on(
    private: Path, is_network: bool
) -> None:
    """A crash costs no minute: the lock is free and the record names this boot."""
    first = take(daemon(), private, is_network=is_network)
    first.close()

    second = take(daemon(), private, is_network=is_network)

    assert (second.epoch, second.inherits) == (1, 1)
    with pytest.raises(LostRootError):
        first.require()


def test_other_ledger_begins_a_new_epoch(private: Path) -> None:
    """Jobs of another ledger are none of ours, even where its daemon is dead."""
    take(daemon(), private).close()

    owner = take(daemon("theirs"), private)

    assert (owner.epoch, owner.inherits) == (2, 2)
    assert [path.name for path in (private / "owner").iterdir()] == ["2"]


@pytest.mark.parametrize("facts", [{"host": "elsewhere"}, {"boot": "an earlier one"}])
def test_free_lock_on_a_share_proves_nothing(
    private: Path, facts: dict[str, str]
) -> None:
    """P3: a server drops the lock of a machine that only lost its way for a while."""
    take(daemon(), private).close()
    rewrite(private, **facts)
    other = daemon()

    with pytest.raises(RootInUseError):
        take(other, private, 0.0, is_network=True)
    take(daemon(), private, 0.0)  # on a local disk it is proof


def test_order_at_the_end_saves_the_wait(private: Path) -> None:
    """A daemon that stopped in order is followed at once, from any machine."""
    first = take(daemon(), private, is_network=True)
    first.release()
    first.close()
    rewrite(private, host="elsewhere")

    owner = take(daemon("theirs"), private, is_network=True)

    assert owner.epoch == 2


def test_silence_for_long_enough_is_death(private: Path) -> None:
    """After a minute of our own clock without a beat the root changes hands."""
    stale = take(daemon(), private)
    other = daemon("theirs")

    for now in (0.0, 25.0, 50.0):
        with pytest.raises(RootInUseError):
            take(other, private, now)
    owner = take(other, private, 60.0)

    assert owner.epoch == 2
    with pytest.raises(LostRootError, match="took this hot folder over"):
        stale.require()
    with pytest.raises(LostRootError):
        stale.beat(1e9)


def test_beat_begins_the_wait_again(private: Path) -> None:
    """An owner that beats is alive, however long the other one watches."""
    living = take(daemon(), private)
    other = daemon("theirs")

    for now in range(0, 200, 10):
        living.beat(float(now))
        with pytest.raises(RootInUseError):
            take(other, private, now + 1.0)


def test_beats_only_when_due(private: Path) -> None:
    """A busy thread asks often and writes every ten seconds."""
    owner = take(daemon(), private)
    file = private / "owner/1"

    seen = []
    for now in (0.0, 9.0, 10.0):
        owner.beat(now)
        seen.append(Record.read(file.read_bytes()))

    assert [record.beat for record in seen if record] == [1, 1, 2]
    assert owner.next_beat == 20.0


def test_gap_in_the_watch_begins_it_again(private: Path) -> None:
    """P3: a server that was away for both says nothing about the other one."""
    take(daemon(), private)
    other = daemon("theirs")
    with pytest.raises(RootInUseError):
        take(other, private, 0.0)

    with pytest.raises(RootInUseError):
        take(other, private, 300.0)


def test_person_may_cut_the_wait_short(private: Path) -> None:
    """--takeover is for a machine that is known to be dead."""
    stale = take(daemon(), private)

    owner = take(daemon("theirs", takeover=True), private)

    assert owner.epoch == 2
    with pytest.raises(LostRootError):
        stale.require()


def test_own_ledger_inherits_through_a_takeover(private: Path) -> None:
    """After the death of the machine the same ledger knows its jobs in a new epoch."""
    take(daemon(), private)  # holds its lock for ever

    owner = take(daemon(takeover=True), private)

    assert (owner.epoch, owner.inherits) == (2, 1)


def test_record_in_the_making_belongs_to_its_maker(private: Path) -> None:
    """P3: of two successors the first one wins, before it has said who it is."""
    take(daemon(), private)
    with (private / "owner/2").open("x") as half_made:
        fcntl.flock(half_made, fcntl.LOCK_EX)

        with pytest.raises(RootInUseError):
            take(daemon("theirs"), private)


def test_same_daemon_resumes_after_the_share_was_away(private: Path) -> None:
    """Jobs that run meanwhile write into folders that stay ours."""
    one = daemon()
    first, is_new = one.take(private, 0.0, is_network=False)
    first.close()

    second, is_new_again = one.take(private, 100.0, is_network=False)

    assert (first.epoch, is_new) == (second.epoch, True)
    assert not is_new_again
    second.require()


def test_same_daemon_sees_that_it_was_followed(private: Path) -> None:
    """P3: a root that another daemon took meanwhile is not taken back."""
    one = daemon()
    take(one, private).close()
    take(daemon("theirs"), private)

    with pytest.raises(LostRootError, match="while its share was away"):
        take(one, private, 100.0)


def test_empty_mount_point_is_away_not_lost(private: Path) -> None:
    """P1: without the marker nothing is known, and everything may come back."""
    owner = take(daemon(), private)
    private.rename(private.with_name("elsewhere"))

    with pytest.raises(StorageError, match="is away"):
        owner.require()


def test_new_epoch_empties_the_old_one(tmp_path: Path) -> None:
    """P1: every file moves with its place, and the old folders are gone."""
    claims = tmp_path / "claims"
    for name in ("1/JOB/a.jpg", "1/JOB/sub/b.jpg", "2/JOB2/c.jpg"):
        (claims / name).parent.mkdir(parents=True, exist_ok=True)
        (claims / name).write_text(name)

    enter([claims], 3)
    enter([claims], 3)

    found = {str(p.relative_to(claims)) for p in claims.rglob("*") if p.is_file()}
    assert found == {"3/JOB/a.jpg", "3/JOB/sub/b.jpg", "3/JOB2/c.jpg"}
    assert [path.name for path in claims.iterdir()] == ["3"]


def test_stale_daemon_finds_no_folder(tmp_path: Path) -> None:
    """P3: after the takeover neither its paths nor its open folders let it in."""
    claims = tmp_path / "claims"
    (claims / "1/JOB").mkdir(parents=True)
    (claims / "1/JOB/a.jpg").touch()
    handle = os.open(claims / "1/JOB", os.O_RDONLY | os.O_DIRECTORY)

    enter([claims], 2)

    try:
        for path in (claims / "1/JOB/a.jpg", claims / "1/JOB/new"):
            with pytest.raises(FileNotFoundError):
                path.rename(tmp_path / "out.jpg")
            with pytest.raises(FileNotFoundError):
                path.touch()
        with pytest.raises(FileNotFoundError):
            os.open("new", os.O_CREAT | os.O_WRONLY, dir_fd=handle)
    finally:
        os.close(handle)
