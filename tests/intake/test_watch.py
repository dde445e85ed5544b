"""inotify of the real kernel."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retouchd.intake.watch import Watcher

PATIENCE_SECONDS = 60.0


class Ear:
    """Counts what a watcher says."""

    def __init__(self, folder: Path) -> None:
        """Watch *folder*."""
        self.woken = threading.Event()
        self.lost = threading.Event()
        self.watcher = Watcher(folder, self.woken.set, self.lost.set)


def _watching_threads() -> set[threading.Thread]:
    """Only the threads of watchdog: other tests' threads come and go meanwhile."""
    return {
        thread
        for thread in threading.enumerate()
        if type(thread).__module__.startswith("watchdog")
    }


@pytest.fixture
def ear(inbox: Path) -> Iterator[Ear]:
    """A watcher of the inbox."""
    (inbox / "sub").mkdir()
    (inbox.parent / "a.jpg").write_bytes(b"x")
    ear = Ear(inbox)
    yield ear
    ear.watcher.stop()


def _write(inbox: Path) -> None:
    (inbox / "a.jpg").write_bytes(b"x")


def _write_below(inbox: Path) -> None:
    (inbox / "sub/a.jpg").write_bytes(b"x")


def _move_in(inbox: Path) -> None:
    (inbox.parent / "a.jpg").rename(inbox / "a.jpg")


@pytest.mark.parametrize("change", [_write, _write_below, _move_in])
def test_wakes_on_changes(
    ear: Ear, inbox: Path, change: Callable[[Path], None]
) -> None:
    """Writing, moving in and sub-folders wake the scanner early."""
    change(inbox)

    assert ear.woken.wait(PATIENCE_SECONDS)
    assert ear.watcher.hears


def test_tells_of_lost_events(ear: Ear) -> None:
    """P6: watchdog's one line about an overflow is heard."""
    logging.getLogger("watchdog.observers").warning("Event queue overflow")

    assert ear.lost.is_set()


def test_is_silent_after_the_end(inbox: Path) -> None:
    """A stopped watcher hears nothing more and leaves no thread behind."""
    before = _watching_threads()
    ear = Ear(inbox)

    ear.watcher.stop()
    (inbox / "a.jpg").write_bytes(b"x")

    assert not ear.woken.wait(0.1)
    assert not ear.watcher.hears
    assert _watching_threads() <= before


def test_notices_that_its_folder_was_replaced(ear: Ear, inbox: Path) -> None:
    """P6: after a remount watchdog would go on, deaf and without a word."""
    inbox.rename(inbox.with_name("old"))
    inbox.mkdir()

    assert not ear.watcher.hears
