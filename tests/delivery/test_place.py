"""Files under their final names: whole, once, never over another."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from retouchd.delivery.move import move_without_overwriting
from retouchd.delivery.place import (
    Durability,
    Method,
    free_name,
    place,
    remove_old_name,
    sha256_of,
    suffixed,
    sync_folders,
)

RACERS = 2
ROUNDS = 200


@pytest.fixture
def names(tmp_path: Path) -> Path:
    """An empty folder of reservations."""
    folder = tmp_path / "names"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("method", list(Method))
def test_places_a_file(tmp_path: Path, names: Path, method: Method) -> None:
    """P2: the file moves whole and its stage is gone."""
    stage, final = tmp_path / "stage", tmp_path / "final.png"
    stage.write_bytes(b"result")

    place(stage, final, method, names)

    assert final.read_bytes() == b"result"
    assert final.stat().st_nlink == 1
    assert not stage.exists()
    assert list(names.iterdir()) == []


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_never_overwrites(
    tmp_path: Path, names: Path, method: Method, kind: str
) -> None:
    """P1: whatever has the name keeps it, and nothing happened."""
    stage, final = tmp_path / "stage", tmp_path / "final.png"
    stage.write_bytes(b"result")
    if kind == "file":
        final.write_bytes(b"theirs")
    elif kind == "folder":
        final.mkdir()
    else:
        final.symlink_to(tmp_path / "nowhere")
    before = os.lstat(final)

    with pytest.raises(FileExistsError):
        place(stage, final, method, names)

    assert os.lstat(final) == before
    assert stage.read_bytes() == b"result"


def test_link_that_was_made_before_counts(tmp_path: Path) -> None:
    """P3: NFS may repeat a link whose answer was lost: the name is ours already."""
    stage, final = tmp_path / "stage", tmp_path / "final.png"
    stage.write_bytes(b"result")
    os.link(stage, final)

    place(stage, final, Method.LINK)

    assert not stage.exists()
    assert final.read_bytes() == b"result"


RACER = """
import sys
from pathlib import Path
from retouchd.delivery.place import Method, place

folder, me, method = Path(sys.argv[1]), sys.argv[2], Method(sys.argv[3])
print(flush=True)
input()
for number in range(int(sys.argv[4])):
    stage = folder / f"stage-{me}-{number}"
    stage.write_text(me)
    try:
        place(stage, folder / f"final-{number}", method, folder / "names")
    except FileExistsError:
        stage.rename(folder / f"lost-{me}-{number}")
"""


def _racer(folder: Path, me: int, method: Method) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RACER, folder, str(me), method.value, str(ROUNDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _start(racer: subprocess.Popen[str]) -> None:
    assert racer.stdin is not None
    racer.stdin.write("go\n")
    racer.stdin.flush()


@pytest.mark.parametrize("method", list(Method))
def test_race_has_exactly_one_winner(tmp_path: Path, method: Method) -> None:
    """P1, P3: one of two processes wins each name, the other still has its file."""
    (tmp_path / "names").mkdir()
    racers = [_racer(tmp_path, me, method) for me in range(RACERS)]
    for racer in racers:
        assert racer.stdout is not None
        racer.stdout.readline()

    for racer in racers:
        _start(racer)
    for racer in racers:
        racer.communicate()

    assert [racer.returncode for racer in racers] == [0] * RACERS
    names = [path.name for path in tmp_path.iterdir()]
    for number in range(ROUNDS):
        winner = int((tmp_path / f"final-{number}").read_bytes())
        assert f"lost-{1 - winner}-{number}" in names
    assert len(names) == RACERS * ROUNDS + 1


def test_suffixes_count_up() -> None:
    """A taken name is numbered before its extension."""
    names = [path.name for path in islice(suffixed(Path("x/a.b.png")), 3)]

    assert names == ["a.b.png", "a.b-2.png", "a.b-3.png"]


@pytest.mark.parametrize(
    "name", [b"n" * 251 + b".jpg", b"\xe9" * 255, b"a." + b"b" * 253]
)
def test_longest_names_get_a_suffix_too(tmp_path: Path, name: bytes) -> None:
    """P7: a drop with the longest name there is can be archived twice."""
    wanted = tmp_path / os.fsdecode(name)
    for content in (b"1", b"2", b"3"):
        source = tmp_path / "source"
        source.write_bytes(content)
        move_without_overwriting(source, wanted)

    found = [path.read_bytes() for path in tmp_path.iterdir()]

    assert sorted(found) == [b"1", b"2", b"3"]
    assert wanted.read_bytes() == b"1"


def test_free_name_is_the_first_that_nobody_has(tmp_path: Path) -> None:
    """Dangling links count as names that somebody has."""
    (tmp_path / "a.png").touch()
    (tmp_path / "a-2.png").symlink_to("nowhere")

    assert free_name(tmp_path / "a.png").name == "a-3.png"
    assert free_name(tmp_path / "b.png").name == "b.png"


def test_errors_carry_their_number(tmp_path: Path) -> None:
    """What the kernel said of a rename arrives as it was."""
    with pytest.raises(FileNotFoundError) as caught:
        place(tmp_path / "a", tmp_path / "b", Method.RENAME)

    assert caught.value.errno == errno.ENOENT


def test_each_folder_is_synced_once(tmp_path: Path) -> None:
    """Results that share a folder share its fsync."""
    before = Durability.calls

    sync_folders([tmp_path, tmp_path, tmp_path])

    assert Durability.calls == before + 1


def test_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    """A file is read whole, whatever the size of a block."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1_500_001)

    assert sha256_of(path) == hashlib.sha256(b"x" * 1_500_001).hexdigest()


def test_an_old_name_that_stays_is_never_taken_for_a_taken_name(
    tmp_path: Path,
) -> None:
    """P3: an error of the last step must not read as one of the move before it."""
    cannot_go = tmp_path / "folder"
    cannot_go.mkdir()

    with pytest.raises(OSError, match="old name cannot be removed") as caught:
        remove_old_name(cannot_go)

    assert caught.value.errno == errno.EIO
