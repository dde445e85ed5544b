"""Which file system a folder lies on, and so how it can be watched."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

NETWORK_FILE_SYSTEMS = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
        "virtiofs",
    }
)
"""File systems on which inotify does not see the changes of other clients."""


@dataclass(frozen=True)
class Mount:
    """One mounted file system.

    Attributes:
        point: where it is mounted.
        file_system: its type as the kernel names it, such as ``ext4``.
        source: the device or share.
    """

    point: Path
    file_system: str
    source: str

    @property
    def is_network(self) -> bool:
        """Whether other machines can change files without a local inotify event."""
        kind = self.file_system
        return kind in NETWORK_FILE_SYSTEMS or kind.startswith("fuse")


def read_mounts(table: str) -> list[Mount]:
    """Parse the text of ``/proc/self/mountinfo``; later lines hide earlier ones.

    Source: proc(5), mountinfo; blanks in names are written as octal escapes.
    """
    mounts = []
    for line in table.splitlines():
        fields, _, rest = line.partition(" - ")
        point = fields.split(" ")[4]
        file_system, source, *_ = rest.split(" ")
        mounts.append(Mount(Path(_unescape(point)), file_system, _unescape(source)))
    return mounts


def _unescape(text: str) -> str:
    """Turn octal escapes such as that of the blank, 040, back into characters."""
    for code in ("040", "011", "012", "134"):
        text = text.replace("\\" + code, chr(int(code, 8)))
    return text


def mount_of(path: Path, table: str | None = None) -> Mount:
    """Return the mount that holds *path* (symlinks resolved)."""
    if table is None:
        table = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    place = Path(os.path.realpath(path))
    holding = [m for m in read_mounts(table) if place.is_relative_to(m.point)]
    # The last of equally deep mounts is the one on top.
    deepest = max(len(mount.point.parts) for mount in holding)
    return [mount for mount in holding if len(mount.point.parts) == deepest][-1]
