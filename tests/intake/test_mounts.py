"""Mount tables of other machines, as text."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from retouchd.intake.mounts import Mount, mount_of, read_mounts
from retouchd.intake.watch import method_for

TABLE = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:45 / /mnt/nas rw,relatime shared:9 - nfs4 nas:/export rw,vers=4.2
31 22 0:46 / /mnt/win\\040share rw - cifs //win/pictures\\040all rw,vers=3.0
32 22 0:47 / /mnt/merged rw - overlay overlay rw,lowerdir=/a,upperdir=/b
33 22 0:48 / /mnt/drive rw master:2 - fuse.sshfs me@host:/ rw
34 22 0:49 / /mnt/twice rw - ext4 /dev/vdb rw
35 22 0:50 / /mnt/twice rw - nfs other:/export rw
"""


@pytest.mark.parametrize(
    ("path", "file_system", "is_network"),
    [
        ("/home/me", "ext4", False),
        ("/mnt/nas/hot/in", "nfs4", True),
        ("/mnt/win share/hot", "cifs", True),
        ("/mnt/merged/hot", "overlay", False),
        ("/mnt/drive", "fuse.sshfs", True),
        ("/mnt/twice/hot", "nfs", True),
        ("/mnt/nasty", "ext4", False),
    ],
)
def test_finds_the_mount_of_a_path(
    path: str, file_system: str, is_network: bool
) -> None:
    """The deepest mount holds a path; of two on one point the later one does."""
    mount = mount_of(Path(path), TABLE)

    assert (mount.file_system, mount.is_network) == (file_system, is_network)


def test_reads_escaped_names() -> None:
    """Blanks in mount points and shares are octal escapes in the table."""
    mounts = read_mounts(TABLE)

    assert mounts[2] == Mount(Path("/mnt/win share"), "cifs", "//win/pictures all")


def test_follows_links_to_the_real_mount(tmp_path: Path) -> None:
    """A root behind a symlink lies on the mount that the link leads to."""
    link = tmp_path / "link"
    link.symlink_to("/proc")

    mount = mount_of(link / "self")

    assert mount.file_system == "proc"


@pytest.mark.parametrize(
    ("file_system", "wanted", "method"),
    [
        ("ext4", "auto", "inotify"),
        ("overlay", "auto", "inotify"),
        ("nfs4", "auto", "scan"),
        ("cifs", "auto", "scan"),
        ("fuse.rclone", "auto", "scan"),
        ("nfs4", "inotify", "inotify"),
        ("ext4", "scan", "scan"),
    ],
)
def test_watches_by_events_only_where_they_arrive(
    file_system: str,
    wanted: Literal["auto", "inotify", "scan"],
    method: str,
) -> None:
    """P6: shares that other machines change are scanned, unless the user insists."""
    assert method_for(Mount(Path("/x"), file_system, "s"), wanted) == method
