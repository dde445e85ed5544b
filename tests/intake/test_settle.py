"""When a file counts as complete, by a clock that the test turns."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retouchd.intake.scan import scan
from retouchd.intake.settle import EMPTY_FACTOR, Settler, has_writer, has_zero_tail

SETTLE = 2.0


class Watch:
    """Looks at an inbox at given moments."""

    def __init__(self, inbox: Path) -> None:
        """Watch *inbox*."""
        self.inbox = inbox
        self.settler = Settler(SETTLE)

    def quiet_at(self, now: float) -> list[str]:
        """Return the names that are quiet at *now*."""
        quiet = self.settler.look(scan(self.inbox).files, now)
        return [seen.name for seen in quiet]


@pytest.fixture
def watch(inbox: Path) -> Watch:
    """A settler that has seen nothing yet."""
    return Watch(inbox)


def test_quiet_file_is_taken_after_the_settle_time(watch: Watch) -> None:
    """A file that rests is quiet after the settle time, and not a moment before."""
    (watch.inbox / "a.jpg").write_bytes(b"x")

    looks = [watch.quiet_at(now) for now in (0.0, 1.0, 1.99, 2.0)]

    assert looks == [[], [], [], ["a.jpg"]]


def test_one_look_is_never_enough(watch: Watch) -> None:
    """At a start, also with no settle time, every file is looked at twice."""
    watch.settler = Settler(0.0)
    (watch.inbox / "a.jpg").write_bytes(b"x")

    looks = [watch.quiet_at(now) for now in (100.0, 100.0)]

    assert looks == [[], ["a.jpg"]]


def test_slow_writer_is_waited_for(watch: Watch) -> None:
    """Each append, also after closing and reopening, begins the time anew."""
    path = watch.inbox / "a.jpg"
    taken = []
    for step in range(5):
        with path.open("ab") as file:
            file.write(b"more")
        taken += watch.quiet_at(step * 1.9)

    taken += watch.quiet_at(4 * 1.9 + SETTLE)

    assert taken == ["a.jpg"]


def _truncate_and_rewrite(path: Path) -> None:
    path.write_bytes(b"new!")


def _replace(path: Path) -> None:
    other = path.with_name(".other")
    other.write_bytes(b"new!")
    other.replace(path)


def _touch(path: Path) -> None:
    os.utime(path, (1, 1))


@pytest.mark.parametrize("change", [_truncate_and_rewrite, _replace, _touch])
def test_change_of_equal_size_is_seen(watch: Watch, change: object) -> None:
    """A rewrite, a rename over it and a new time are changes, whatever the size."""
    path = watch.inbox / "a.jpg"
    path.write_bytes(b"old!")
    watch.quiet_at(0.0)

    change(path)  # type: ignore[operator]

    assert watch.quiet_at(2.0) == []
    assert watch.quiet_at(4.0) == ["a.jpg"]


def test_empty_file_is_given_more_time(watch: Watch) -> None:
    """An empty file may be a copy that has not begun; later it is refused as empty."""
    (watch.inbox / "a.jpg").touch()
    watch.quiet_at(0.0)

    early = watch.quiet_at(SETTLE * EMPTY_FACTOR - 0.1)
    late = watch.quiet_at(SETTLE * EMPTY_FACTOR)

    assert (early, late) == ([], ["a.jpg"])


def test_file_that_left_and_came_back_is_new(watch: Watch) -> None:
    """What a scan misses is forgotten, so a returning name settles again."""
    path = watch.inbox / "a.jpg"
    path.write_bytes(b"x")
    watch.quiet_at(0.0)
    path.rename(watch.inbox.parent / "kept")
    watch.quiet_at(1.0)
    (watch.inbox.parent / "kept").rename(path)

    looks = [watch.quiet_at(now) for now in (2.5, 4.4, 4.5)]

    assert looks == [[], [], ["a.jpg"]]


def test_next_look_is_when_the_first_can_be_ready(watch: Watch) -> None:
    """The scanner may sleep until the oldest quiet period ends."""
    assert watch.settler.next_look(0.0) is None
    (watch.inbox / "a.jpg").write_bytes(b"x")
    watch.quiet_at(10.0)
    (watch.inbox / "b.jpg").write_bytes(b"x")
    watch.quiet_at(11.0)

    assert watch.settler.next_look(11.0) == 12.0
    assert watch.settler.next_look(13.0) == 13.0
    assert watch.settler.quiet_for("b.jpg", 11.5) == 0.5


def test_postponed_file_settles_again(watch: Watch) -> None:
    """A file that proved to have a writer begins its quiet period again."""
    (watch.inbox / "a.jpg").write_bytes(b"x")
    watch.quiet_at(0.0)

    watch.settler.postpone("a.jpg", 2.0)

    assert watch.quiet_at(3.9) == []
    assert watch.quiet_at(4.0) == ["a.jpg"]


@contextmanager
def _writer(path: Path, mode: str = "ab") -> Iterator[None]:
    """Let another process hold *path* open."""
    code = f"import sys; f = open(sys.argv[1], {mode!r}); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield


def test_writer_is_noticed(inbox: Path) -> None:
    """The kernel tells of another process that could still write."""
    path = inbox / "a.jpg"
    path.write_bytes(b"x")

    with _writer(path):
        during = has_writer(path)
    with _writer(path, "rb"):
        reader = has_writer(path)

    assert (during, reader, has_writer(path)) == (True, False, False)


def test_unreadable_file_counts_as_quiet(inbox: Path) -> None:
    """P7: a file that may not be opened is claimed, so that its job can say so."""
    path = inbox / "a.jpg"
    path.write_bytes(b"x")
    path.chmod(0)
    for folder in (inbox, *inbox.parents[:3]):
        folder.chmod(0o755)
    if os.geteuid() == 0:
        os.seteuid(65534)

    try:
        answer = has_writer(path)
    finally:
        if os.getuid() == 0:
            os.seteuid(0)

    assert answer is False


@pytest.mark.parametrize(
    ("content", "is_zero"),
    [
        (b"x" * 10 + bytes(70_000), True),
        (bytes(100), True),
        (bytes(70_000) + b"x", False),
        (b"x" + bytes(65_535), False),
        (b"", False),
    ],
)
def test_reserved_tail_is_noticed(inbox: Path, content: bytes, is_zero: bool) -> None:
    """64 KiB of zeros at the end may be space that a copy has not yet filled."""
    path = inbox / "a.tif"
    path.write_bytes(content)

    assert has_zero_tail(path) is is_zero
