"""Examines folders: where they lie, how they are watched, rights and free space."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from retouchd.delivery.probe import probe
from retouchd.intake.mounts import NETWORK_FILE_SYSTEMS, Mount, mount_of
from retouchd.intake.watch import method_for
from retouchd.ops.finding import Finding
from retouchd.settings import HotFolder, Intake

PATIENCE_SECONDS = 5.0
"""A share whose server is away blocks every call; its folder is given up after this."""

FREE_BYTES = 2 * 1024**3
"""Below it a few large pictures fill the disk."""

FREE_FILES = 10_000
"""Inodes; every result takes one, and another while it is written."""

_EVERYTHING = os.R_OK | os.W_OK | os.X_OK


def examine_hot_folder(
    folder: HotFolder, intake: Intake, patience_seconds: float = PATIENCE_SECONDS
) -> list[Finding]:
    """Examine one hot folder, and give up where its share does not answer."""
    subject = f"hot folder {folder.name}"

    def look() -> list[Finding]:
        if not folder.path.is_dir():
            return list(access(subject, folder.path))
        mount = mount_of(folder.path)
        return [
            watching(subject, mount, intake),
            *places(subject, folder.folders),
            *moving(subject, folder),
        ]

    found = within(patience_seconds, look)
    if found is not None:
        return found
    text = f"{folder.path} does not answer within {patience_seconds:g} s"
    hint = "is the server of the share up? see `mount` and the kernel's log"
    return [Finding(subject, "problem", text, hint)]


def within(seconds: float, look: Callable[[], list[Finding]]) -> list[Finding] | None:
    """Return what *look* finds, or ``None`` when it takes longer than *seconds*."""
    found: list[list[Finding]] = []
    # Nothing interrupts a call to a dead share: its thread is left behind, and as a
    # daemon thread it does not keep the program from ending.
    thread = threading.Thread(target=lambda: found.append(look()), daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else None


def watching(subject: str, mount: Mount, intake: Intake) -> Finding:
    """Say how the folder on *mount* is watched, and whether that can work there."""
    method = method_for(mount, intake.watch)
    place = f"{mount.file_system} from {mount.source} at {mount.point}"
    if method == "inotify" and mount.is_network:
        return Finding(
            subject,
            "warning",
            f"{place}: inotify does not see what other machines drop there",
            'set watch = "auto" under [intake]',
        )
    seconds = (
        intake.rescan_seconds_network if mount.is_network else intake.rescan_seconds
    )
    how = "inotify and a look" if method == "inotify" else "a look"
    return Finding(subject, "ok", f"{place}, watched by {how} every {seconds:g} s")


def moving(subject: str, folder: HotFolder) -> Iterator[Finding]:
    """Try how results and originals are moved there; nothing is left behind."""
    for word, place in (("out", folder.out), ("done", folder.done)):
        if not os.access(place, _EVERYTHING):
            continue  # access has said so already
        network = mount_of(place).file_system in NETWORK_FILE_SYSTEMS
        # In a folder of its own: the daemon may be at work beside it.
        with tempfile.TemporaryDirectory(prefix=".retouchd-probe-", dir=place) as made:
            scratch = Path(made)
            found = probe(scratch, scratch / "names", is_network=network)
        yield Finding(f"{subject}, {word}/", "ok", found.sentence())


def places(subject: str, folders: Mapping[str, Path]) -> Iterator[Finding]:
    """Examine every folder of a hot folder; space once for each file system.

    Args:
        subject: what the findings are about.
        folders: paths by their words, such as ``out``.
    """
    known: set[int] = set()
    for word, folder in folders.items():
        yield from access(f"{subject}, {word}/", folder)
        device = _device(folder)
        if device is not None and device not in known:
            known.add(device)
            yield space(f"{subject}, {word}/", folder)


def access(subject: str, folder: Path) -> Iterator[Finding]:
    """Complain about a folder that is missing or closed to this user."""
    if not folder.is_dir():
        hint = f"mkdir -p {folder}, or run `retouchd init`; is the share mounted?"
        yield Finding(subject, "problem", f"{folder} is not a folder", hint)
    elif not os.access(folder, _EVERYTHING):
        yield Finding(
            subject,
            "problem",
            f"user {os.geteuid()} may not read, write and enter {folder}",
            "grant the rights; under systemd also name it in ReadWritePaths=",
        )


def space(subject: str, folder: Path) -> Finding:
    """Compare free bytes and inodes around *folder* with what the work needs."""
    facts = os.statvfs(folder)
    free = facts.f_bavail * facts.f_frsize
    text = f"{free / 1e9:,.1f} GB free"
    if free < FREE_BYTES:
        return Finding(subject, "warning", f"only {text}", "make room before it stops")
    # File systems without a fixed number of inodes report none at all.
    if facts.f_files and facts.f_favail < FREE_FILES:
        text = f"only {facts.f_favail:,} inodes free"
        return Finding(subject, "warning", text, "remove files: there is room for few")
    return Finding(subject, "ok", text)


def _device(folder: Path) -> int | None:
    try:
        return folder.stat().st_dev
    except OSError:  # access has said so already
        return None
