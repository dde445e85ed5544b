"""The folders of one root: where things lie, and whether the root is really there."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from retouchd.delivery.place import Method, sync_folders
from retouchd.delivery.probe import Traits, forget_reservations, probe
from retouchd.errors import Problem, StorageError
from retouchd.hotfolder.epochs import enter
from retouchd.hotfolder.faults import share_down
from retouchd.hotfolder.marker import marker_id, require_marker
from retouchd.hotfolder.owner import Owner
from retouchd.hotfolder.ownership import Ownership
from retouchd.hotfolder.space import prove_health
from retouchd.intake.mounts import NETWORK_FILE_SYSTEMS, mount_of
from retouchd.settings import HotFolder
from retouchd.values import Destination

RESERVATION_SECONDS = 3600.0
"""A name that others may have reserved is free again after this; it takes them
milliseconds to use it."""


def make_tree(folder: HotFolder) -> None:
    """Create the sub-folders of a root and the marker that proves it is mounted."""
    for place in (
        folder.inbox,
        folder.out,
        folder.review,
        folder.rejected,
        folder.done,
        folder.failed,
        *folder.verdicts.values(),
    ):
        place.mkdir(parents=True, exist_ok=True)
    folder.private.mkdir(mode=0o700, exist_ok=True)
    marker_id(folder)
    sync_folders([folder.private, folder.path])


@dataclass(frozen=True)
class Places:
    """Paths and methods of one hot folder, valid while it is open and ours.

    Attributes:
        folder: its settings.
        owner: our right to it.
        claims: holds one folder per claimed drop.
        stages: by the folder where files are put (``in``, ``out``, ``done`` and so
            on), the hidden folder on the same file system.
        traits: by the same folders, what their file systems do.
    """

    folder: HotFolder
    owner: Owner
    claims: Path
    stages: dict[Path, Path]
    traits: dict[Path, Traits]

    @classmethod
    def open(cls, folder: HotFolder, ownership: Ownership, now: float) -> Places:
        """Check that the root is there, become its owner, probe its file systems.

        Args:
            folder: settings of the root.
            ownership: of this daemon, the same at each call.
            now: seconds of the monotonic clock.

        Raises:
            StorageError: the root is away, full or not writable; it may come back.
            RootInUseError: another daemon works on it.
            LostRootError: another daemon took it over.
        """
        require_marker(folder)
        try:
            is_network = mount_of(folder.path).is_network
            owner, is_new = ownership.take(folder.private, now, is_network=is_network)
        except OSError as error:
            raise share_down(folder, error) from error
        try:
            return cls._entered(folder, owner, is_new=is_new)
        except OSError as error:
            owner.close()
            raise share_down(folder, error) from error
        except StorageError:
            owner.close()
            raise

    @classmethod
    def _entered(cls, folder: HotFolder, owner: Owner, *, is_new: bool) -> Places:
        make_tree(folder)
        claims = folder.private / "claims" / str(owner.epoch)
        roots = (
            *(folder.inbox, folder.out, folder.review),
            *(folder.rejected, folder.done, folder.failed),
        )
        stages = {root: _stage_for(folder, root, owner.epoch) for root in roots}
        if is_new:
            enter(
                {claims.parent, *(one.parent for one in stages.values())}, owner.epoch
            )
        _require_one_file_system(folder)
        for stage in set(stages.values()):
            prove_health(stage)
        found = {stage: _probed(folder, stage) for stage in set(stages.values())}
        traits = {root: found[stage] for root, stage in stages.items()}
        return cls(folder, owner, claims, stages, traits)

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
        """The root below which *final* lies.

        Raises:
            StorageError: none of the present ones, because the configuration changed.
        """
        for root in self.stages:
            if final.is_relative_to(root):
                return root
        raise StorageError(
            "a result is to go there, but no folder of this root is there any more",
            hint="set out, review, done or failed back, or move the hot folder's "
            "folders together",
            file=final,
        )

    def is_stage(self, path: Path) -> bool:
        """Whether *path* is a file in the making, not one that people see."""
        return self.folder.private.name in path.parts

    def beat(self) -> None:
        """Show that we live, now and then; raises as `require` does."""
        self.owner.beat(time.monotonic())

    def require(self) -> None:
        """See that the root is still mounted and ours; see `Owner.require`."""
        self.owner.require()

    def close(self) -> None:
        """Give up the root for now; its epoch stays ours."""
        self.owner.close()


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


def _require_one_file_system(folder: HotFolder) -> None:
    """Claims are renames: ``in/`` and the hidden folder must lie together."""
    if folder.inbox.stat().st_dev != folder.private.stat().st_dev:
        raise StorageError(
            "in/ lies on another file system than .retouchd/ beside it",
            hint="mount one file system at the root, not one at in/",
            file=folder.inbox,
        )


def _stage_for(folder: HotFolder, root: Path, epoch: int) -> Path:
    """Stage on the file system of *root*, so that the last step is a rename."""
    if folder.path.stat().st_dev == root.stat().st_dev:
        return folder.private / "tmp" / str(epoch)
    # Two hot folders may send their results to one place.
    return root / ".retouchd" / marker_id(folder) / "tmp" / str(epoch)


def _probed(folder: HotFolder, stage: Path) -> Traits:
    is_ours = stage.is_relative_to(folder.private)
    private = folder.private if is_ours else stage.parents[2]
    names = private / "names"
    network = mount_of(stage).file_system in NETWORK_FILE_SYSTEMS
    found = probe(stage, names, is_network=network)
    if found.method is Method.RESERVE:
        forget_reservations(names, stage, 0.0 if is_ours else RESERVATION_SECONDS)
    return found
