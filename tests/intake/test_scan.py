"""What a walk over ``in/`` sees, and what it leaves alone."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retouchd.intake.scan import LeftInPlace, scan

IGNORED = [
    ".DS_Store",
    "._a.jpg",
    ".a.jpg.Xy12ab",
    ".nfs0001",
    "a.jpg.part",
    "a.jpg.crdownload",
    "a.jpg.filepart",
    "A.JPG.PART",
    "Thumbs.db",
    "desktop.ini",
    "~$a.jpg",
    "a.jpg~",
    "@eaDir/a.jpg",
    "__MACOSX/a.jpg",
    ".stversions/a.jpg",
    "b.download/a.jpg",
]


def _names(inbox: Path) -> list[str]:
    return sorted(seen.name for seen in scan(inbox).files)


@pytest.mark.parametrize("name", IGNORED)
def test_junk_is_never_a_drop(inbox: Path, name: str) -> None:
    """Temporary names of browsers, desktops and NAS boxes are passed over."""
    path = inbox / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")

    found = scan(inbox)

    assert found.files == found.left == ()


def test_sub_folders_are_part_of_the_name(inbox: Path) -> None:
    """Files in sub-folders are found under their relative path."""
    (inbox / "a/b").mkdir(parents=True)
    (inbox / "a/b/c.jpg").write_bytes(b"x")
    (inbox / "d.jpg").write_bytes(b"xy")

    found = scan(inbox)

    assert {seen.name: seen.fingerprint.size for seen in found.files} == {
        "a/b/c.jpg": 1,
        "d.jpg": 2,
    }


def test_what_is_no_file_stays_with_a_reason(inbox: Path, tmp_path: Path) -> None:
    """P7: links, pipes, sockets and hard links are left, and each says why."""
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(b"secret")
    (inbox / "link.jpg").symlink_to(outside)
    (inbox / "folder").symlink_to("/etc")
    os.mkfifo(inbox / "pipe.jpg")
    os.link(outside, inbox / "hard.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(inbox / "s.jpg"))

        found = scan(inbox)

    assert found.files == ()
    reasons = {one.name: one.reason for one in found.left}
    assert reasons["link.jpg"] == reasons["folder"]
    assert "symbolic link" in reasons["link.jpg"]
    assert "hard link" in reasons["hard.jpg"]
    assert reasons["pipe.jpg"] == reasons["s.jpg"] == "it is not a regular file"


@pytest.mark.parametrize(
    "name",
    [
        b"two\nlines.jpg",
        b"\x1b[31mred\x1b[0m.jpg",
        b"caf\xe9.jpg",
        b"\xff\xfe.jpg",
        b"n" * 251 + b".jpg",
        b"-rf *.jpg",
    ],
)
def test_odd_names_are_kept_to_the_byte(inbox: Path, name: bytes) -> None:
    """A name is bytes: whatever they are, the same file opens again."""
    (inbox / os.fsdecode(name)).write_bytes(b"x")

    [seen] = scan(inbox).files

    assert os.fsencode(seen.name) == name
    assert (inbox / seen.name).read_bytes() == b"x"


def test_missing_inbox_is_no_empty_inbox(inbox: Path) -> None:
    """P6: an inbox that is not there is an error, never 'everything deleted'."""
    inbox.rmdir()

    with pytest.raises(FileNotFoundError):
        scan(inbox)


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Give up root's rights for a moment; without them there is nothing to give up."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_locked_sub_folder_stops_only_itself(inbox: Path, tmp_path: Path) -> None:
    """P7: a folder that cannot be read is left with its reason, the rest is seen."""
    (inbox / "locked").mkdir()
    (inbox / "locked/a.jpg").write_bytes(b"x")
    (inbox / "b.jpg").write_bytes(b"x")
    (inbox / "locked").chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)

    with _as_nobody():
        found = scan(inbox)

    (inbox / "locked").chmod(0o755)
    assert [seen.name for seen in found.files] == ["b.jpg"]
    reason = "the folder cannot be read: Permission denied"
    assert found.left == (LeftInPlace("locked", reason),)


def test_very_deep_folders_stop_only_themselves(inbox: Path) -> None:
    """P7: a nest of folders too deep for done/ is left; no walk runs out of stack."""
    before = Path.cwd()
    os.chdir(inbox)
    for _ in range(510):
        os.mkdir("d")  # noqa: PTH102  (the path from the root would be too long)
        os.chdir("d")
    os.chdir(before)
    (inbox / "a.jpg").write_bytes(b"x")

    found = scan(inbox)

    assert [seen.name for seen in found.files] == ["a.jpg"]
    assert [one.reason for one in found.left] == ["its folders are nested too deeply"]
