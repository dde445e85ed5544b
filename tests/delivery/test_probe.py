"""What a file system keeps and folds, found out by trying."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retouchd.delivery.place import Method
from retouchd.delivery.probe import Traits, forget_reservations, probe
from retouchd.errors import StorageError


def test_local_disk_renames_without_overwriting(tmp_path: Path) -> None:
    """A local disk keeps taken names in one step; the probe leaves nothing behind."""
    found = probe(tmp_path, tmp_path / "names", is_network=False)

    assert found.method is Method.RENAME
    assert not found.folds_case
    assert not found.folds_form
    assert found.syncs_folders
    assert (found.mtime_ns, found.name_bytes) == (1, 255)
    assert list(tmp_path.iterdir()) == []


def test_share_never_renames(tmp_path: Path) -> None:
    """P1: on a share the rename races past other machines, even where it works here."""
    found = probe(tmp_path, tmp_path / "names", is_network=True)

    assert found.method is Method.LINK
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_away_is_named(tmp_path: Path) -> None:
    """P6: a folder that cannot be written is an error that names it."""
    with pytest.raises(StorageError, match="cannot write there") as caught:
        probe(tmp_path / "away", tmp_path / "names", is_network=False)

    assert caught.value.file == str(tmp_path / "away")
    assert caught.value.retryable


def test_names_are_compared_as_the_file_system_does(tmp_path: Path) -> None:
    """A.JPG and a.jpg, composed and decomposed letters: one name only where folded."""
    upper, lower = tmp_path / "\u00c9.JPG", tmp_path / "e\u0301.jpg"

    strict = Traits(Method.RENAME, tmp_path)
    folding = Traits(Method.RENAME, tmp_path, folds_case=True, folds_form=True)

    assert strict.key(upper) != strict.key(lower)
    assert folding.key(upper) == folding.key(lower)


def test_it_is_said_in_one_line(tmp_path: Path) -> None:
    """Only what is out of the ordinary is told beside the method."""
    plain = Traits(Method.RENAME, tmp_path)
    share = Traits(Method.LINK, tmp_path, folds_case=True, mtime_ns=100)

    assert plain.sentence() == "moves by rename"
    assert share.sentence() == (
        "moves by link, upper and lower case are one name, times to 1e-07 s"
    )


def test_old_reservations_are_forgotten(tmp_path: Path) -> None:
    """What a crash left is removed; what may be in use now is not."""
    names = tmp_path / "names"
    names.mkdir()
    for name, age in (("old", 7200), ("new", 0)):
        path = names / name
        path.touch()
        facts = path.stat()
        os.utime(path, (facts.st_atime, facts.st_mtime - age))

    forget_reservations(names, tmp_path, 3600.0)

    assert [path.name for path in names.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["names"]
