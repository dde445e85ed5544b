"""The folders of one root: where things lie, and whether the root is really there."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from retouchd.delivery.place import Method, probe_method, sync_folders
from retouchd.errors import ConfigError, Problem, StorageError
from retouchd.settings import HotFolder
from retouchd.values import Destination

MARKER = "marker.json"
EPOCH = 1
"""The only owner's epoch; a takeover by another daemon will count it up."""


def make_tree(folder: HotFolder) -> None:
    """Create the sub-folders of a root and the marker that proves it is mounted."""
    for place in (
        folder.inbox,
        folder.out,
        folder.review,
        folder.rejected,
        folder.done,
        folder.failed,
    ):
        place.mkdir(parents=True, exist_ok=True)
    folder.private.mkdir(mode=0o700, exist_ok=True)
    marker = folder.private / MARKER
    if not marker.exists():
        marker.write_text(json.dumps({"hot_folder": folder.name, "format": 1}) + "\n")
    sync_folders([folder.private, folder.path])


@dataclass(frozen=True)
class Places:
    """Paths and methods of one hot folder, valid while it is open.

    Attributes:
        folder: its settings.
        claims: holds one folder per claimed drop.
        stages: by output root (``out``, ``review``), where results are staged on the
            same file system.
        methods: by output root, how it moves a file without overwriting.
        lock: the open lock file; closing it lets another daemon in.
    """

    folder: HotFolder
    claims: Path
    stages: dict[Path, Path]
    methods: dict[Path, Method]
    lock: IO[str]

    @classmethod
    def open(cls, folder: HotFolder) -> Places:
        """Check that the root is there and ours, and probe its file systems.

        Raises:
            StorageError: the root is away or not writable; it may come back.
            ConfigError: another daemon works on this root.
        """
        require_marker(folder)
        lock = _lock(folder)
        try:
            return cls._probed(folder, lock)
        except OSError as error:
            lock.close()
            raise share_down(folder, error) from error
        except StorageError:
            lock.close()
            raise

    @classmethod
    def _probed(cls, folder: HotFolder, lock: IO[str]) -> Places:
        make_tree(folder)
        claims = folder.private / "claims" / str(EPOCH)
        claims.mkdir(parents=True, exist_ok=True)
        stages = {
            root: _stage_for(folder, root) for root in (folder.out, folder.review)
        }
        for stage in stages.values():
            stage.mkdir(parents=True, exist_ok=True)
        methods = {root: probe_method(stage) for root, stage in stages.items()}
        return cls(folder, claims, stages, methods, lock)

    def claim_folder(self, job: str) -> Path:
        """Where the drop of *job* lies while it is worked on."""
        return self.claims / job

    def stage_for(self, destination: Destination) -> Path:
        """Where results for *destination* are written before they are handed out."""
        return self.stages[self.root_for(destination)]

    def root_for(self, destination: Destination) -> Path:
        """The output root of a destination."""
        return self.folder.review if destination == "review" else self.folder.out

    def root_of(self, final: Path) -> Path:
        """The output root below which *final* lies."""
        return next(root for root in self.stages if final.is_relative_to(root))

    def close(self) -> None:
        """Give up the root."""
        self.lock.close()


def require_marker(folder: HotFolder) -> None:
    """Refuse a root without its marker: an unmounted share is an empty folder.

    Raises:
        StorageError: the marker cannot be seen.
    """
    if not (folder.private / MARKER).is_file():
        raise StorageError(
            "the hot folder is away: its marker .retouchd/marker.json is not there",
            hint="mount the share; for a new hot folder run `retouchd init` once",
            file=folder.path,
        )


def folder_problems(folder: HotFolder) -> list[Problem]:
    """List what keeps *folder* from being used, for `retouchd check`."""
    try:
        require_marker(folder)
    except StorageError as error:
        key = f"hot_folders.{folder.name}"
        return [Problem(error.message, error.hint, str(folder.path), key=key)]
    return [
        Problem(
            "the daemon's user may not write there",
            "change owner or mode of the folder",
            str(place),
            key=f"hot_folders.{folder.name}",
        )
        for place in folder.folders.values()
        if not os.access(place, os.R_OK | os.W_OK | os.X_OK)
    ]


def share_down(folder: HotFolder, error: OSError) -> StorageError:
    """Wrap what the operating system said about a share."""
    return StorageError(
        f"the hot folder cannot be used: {error.strerror or error}",
        hint="check the mount, its free space and the rights of the daemon's user",
        file=error.filename or folder.path,
    )


def _stage_for(folder: HotFolder, root: Path) -> Path:
    """Stage on the file system of *root*, so that the last step is a rename."""
    here = folder.path.stat().st_dev == root.stat().st_dev
    private = folder.private if here else root / ".retouchd"
    return private / "tmp" / str(EPOCH)


def _lock(folder: HotFolder) -> IO[str]:
    file = (folder.private / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise ConfigError(
            Problem(
                "another retouchd works on this hot folder",
                hint="stop it, or take the hot folder out of one configuration",
                file=str(folder.path),
            )
        ) from error
    return file
