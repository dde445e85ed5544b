"""Originals that move for good, also to another file system and through a crash."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from retouchd.delivery.move import is_moved, move, move_without_overwriting
from retouchd.delivery.place import Durability, Method, sha256_of


def test_moves_across_file_systems(tmp_path: Path, elsewhere: Path) -> None:
    """P1: the copy is whole, dated and forced to disk before the original goes."""
    source = tmp_path / ("n" * 250 + ".tif")
    source.write_bytes(os.urandom(3_000_000))
    os.utime(source, (1e9, 1e9))
    digest, syncs = sha256_of(source), Durability.calls

    target = move_without_overwriting(source, elsewhere / source.name)

    assert sha256_of(target) == digest
    assert target.stat().st_mtime == 1e9
    assert [path.name for path in elsewhere.iterdir()] == [source.name]
    assert not source.exists()
    assert Durability.calls >= syncs + 2


def test_full_disk_keeps_the_original(tmp_path: Path, elsewhere: Path) -> None:
    """P1: a move that fails half way leaves the original where it was."""
    source = tmp_path / "a.tif"
    source.write_bytes(b"whole")
    (elsewhere / "a.tif").touch()
    elsewhere.chmod(0o500)

    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        move_without_overwriting(source, elsewhere / "a.tif/b.tif")

    assert source.read_bytes() == b"whole"


def test_moving_across_overwrites_nothing(tmp_path: Path, elsewhere: Path) -> None:
    """P1: a taken name on the other file system gets a number."""
    source = tmp_path / "a.tif"
    source.write_bytes(b"ours")
    (elsewhere / "a.tif").write_bytes(b"theirs")

    target = move_without_overwriting(source, elsewhere / "a.tif")

    assert target.name == "a-2.tif"
    assert target.read_bytes() == b"ours"
    assert (elsewhere / "a.tif").read_bytes() == b"theirs"


def test_crash_after_the_copy_leaves_one_file(tmp_path: Path, elsewhere: Path) -> None:
    """P3: copy and original are both there: the original goes, the copy stays."""
    source, target = tmp_path / "a.tif", elsewhere / "a.tif"
    source.write_bytes(b"original")
    shutil.copy2(source, target)

    first = is_moved(source, target)
    second = is_moved(source, target)

    assert (first, second) == (True, False)
    assert not source.exists()
    assert [path.name for path in elsewhere.iterdir()] == ["a.tif"]


def test_crash_during_the_copy_leaves_one_file(tmp_path: Path, elsewhere: Path) -> None:
    """P2, P3: half a copy is made anew under its old name; nothing is left of it."""
    source, target = tmp_path / "a.tif", elsewhere / "a.tif"
    source.write_bytes(b"original")
    facts = source.stat()
    half = elsewhere / f".{facts.st_dev:x}-{facts.st_ino:x}.part"
    half.write_bytes(b"orig")

    was_moved = is_moved(source, target)
    move(source, target)

    assert not was_moved
    assert [path.name for path in elsewhere.iterdir()] == ["a.tif"]
    assert target.read_bytes() == b"original"


def test_crash_between_link_and_unlink_leaves_one_name(tmp_path: Path) -> None:
    """P3: two names of one file are a move whose last step is missing."""
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    source.write_bytes(b"original")
    os.link(source, target)

    assert is_moved(source, target)
    assert [path.name for path in tmp_path.iterdir()] == ["b.tif"]


def test_equal_file_of_somebody_else_is_no_proof(tmp_path: Path) -> None:
    """P1: on one file system only the same file counts, not the same bytes."""
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    for path in (source, target):
        path.write_bytes(b"the same")

    assert not is_moved(source, target)
    assert source.exists()


@pytest.mark.parametrize("method", list(Method))
def test_moves_across_by_every_method(
    tmp_path: Path, elsewhere: Path, method: Method
) -> None:
    """P1: the last step on the other file system is one that this one keeps."""
    names = elsewhere / "names"
    names.mkdir()
    source = tmp_path / "a.tif"
    source.write_bytes(b"original")

    move(source, elsewhere / "a.tif", method, names)
    source.write_bytes(b"another")
    with pytest.raises(FileExistsError):
        move(source, elsewhere / "a.tif", method, names)

    assert source.read_bytes() == b"another"
    assert sorted(path.name for path in elsewhere.iterdir()) == ["a.tif", "names"]
    assert (elsewhere / "a.tif").read_bytes() == b"original"
