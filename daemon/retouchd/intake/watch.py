"""inotify as a hint: it wakes the scanner early and is never believed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers.inotify import InotifyObserver

from retouchd.intake.mounts import Mount

Method = Literal["inotify", "scan"]


def method_for(mount: Mount, wanted: Literal["auto", "inotify", "scan"]) -> Method:
    """Choose inotify only where the kernel sees every change of the mount."""
    if wanted != "auto":
        return wanted
    return "scan" if mount.is_network else "inotify"


def _is_news(record: logging.LogRecord) -> bool:
    """Drop what watchdog logs when an event arrives while it is being stopped."""
    return "called when the thread is inactive" not in record.getMessage()


logging.getLogger("watchdog.observers.inotify").addFilter(_is_news)


class _Wake(FileSystemEventHandler):
    """Calls *wake* for anything that may have made a file complete.

    It does nothing else: a handler that raises makes watchdog deaf for good.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def on_created(self, event: FileSystemEvent) -> None:  # noqa: ARG002
        self._wake()

    def on_moved(self, event: FileSystemEvent) -> None:  # noqa: ARG002
        self._wake()

    def on_closed(self, event: FileSystemEvent) -> None:  # noqa: ARG002
        self._wake()


class _OverflowListener(logging.Handler):
    """Hears the one sign that watchdog gives of lost events: a log line."""

    def __init__(self, overflowed: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._overflowed = overflowed

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage().lower():
            self._overflowed()


class Watcher:
    """Watches folder trees through inotify until it is stopped.

    Args:
        folder: a tree.
        wake: called from watchdog's thread after a change; must only set a flag.
        overflowed: called when the kernel dropped events.
        also: further trees, each with its own *wake*.

    Raises:
        OSError: inotify is used up (``fs.inotify.max_user_instances`` or
            ``max_user_watches``).
    """

    def __init__(
        self,
        folder: Path,
        wake: Callable[[], None],
        overflowed: Callable[[], None],
        also: Mapping[Path, Callable[[], None]] | None = None,
    ) -> None:
        trees = {folder: wake, **(also or {})}
        self._identities = {tree: _identity(tree) for tree in trees}
        self._listener = _OverflowListener(overflowed)
        logging.getLogger("watchdog").addHandler(self._listener)
        self._observer = InotifyObserver()
        for tree, call in trees.items():
            self._observer.schedule(_Wake(call), str(tree), recursive=True)
        self._observer.start()

    @property
    def hears(self) -> bool:
        """Whether events would still arrive.

        After a remount or a rename of the folder watchdog goes on without a word, but
        watches what is not there any more.
        """
        emitters = self._observer.emitters
        alive = bool(emitters) and all(emitter.is_alive() for emitter in emitters)
        return alive and all(
            _identity(tree) == known for tree, known in self._identities.items()
        )

    def stop(self) -> None:
        """End all threads."""
        logging.getLogger("watchdog").removeHandler(self._listener)
        self._observer.stop()
        self._observer.join()


def _identity(folder: Path) -> tuple[int, int]:
    """What tells one folder from another of the same name: device and inode."""
    facts = folder.stat()
    return facts.st_dev, facts.st_ino
