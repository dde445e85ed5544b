"""Fingerprints stay while a picture is re-encoded; the file of them is searched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retouchd.media.fingerprint import Fingerprint, fingerprint_of
from retouchd.media.fingerprint_file import (
    Delivered,
    FingerprintFile,
    append,
    file_beside,
    withdrawn,
    write_all,
)
from retouchd.media.pixels import from_array
from retouchd.values import Picture

ONE = Fingerprint(0x0123456789ABCDEF, 0xFFFF0000FFFF0000)
FAR = Fingerprint(0xFEDCBA9876543210, 0x0000FFFF0000FFFF)


def job(number: int) -> str:
    """Return an id of a job."""
    return f"{number:026d}"


def delivered(number: int, print_: Fingerprint, folder: str = "shop") -> Delivered:
    """Return one delivery of *folder*."""
    return Delivered(job(number), folder, f"sub/{number}.jpg", print_)


def scene(width: int, height: int) -> Picture:
    """Paint a scene of soft blobs that looks the same at every size."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    planes = [
        128 + 100 * np.sin(7 * x + k) * np.cos(5 * y - 2 * k) for k in (0.2, 0.9, 1.7)
    ]
    return Picture(from_array(np.stack(planes, axis=-1).astype(np.uint8)))


def test_is_read_back_from_its_text() -> None:
    """The ledger keeps it as 32 hex digits; other text is refused."""
    assert Fingerprint.parse(str(ONE)) == ONE
    assert str(ONE) == "0123456789abcdefffff0000ffff0000"
    with pytest.raises(ValueError, match="no fingerprint"):
        Fingerprint.parse("0123")


def test_does_not_depend_on_the_size() -> None:
    """Half as large, the picture has nearly the same fingerprint."""
    large, small = fingerprint_of(scene(900, 600)), fingerprint_of(scene(450, 300))

    assert (large.steps ^ small.steps).bit_count() <= 1
    assert (large.pattern ^ small.pattern).bit_count() <= 4


def test_finds_the_nearest_of_what_was_delivered(tmp_path: Path) -> None:
    """Few other bits are a resemblance, more are none; the nearest is named."""
    file = tmp_path / "prints"
    near = Fingerprint(ONE.steps ^ 0b111, ONE.pattern)
    write_all(file, [delivered(1, FAR), delivered(2, near), delivered(3, ONE)])
    seen = FingerprintFile(file)

    found = seen.nearest(Fingerprint(ONE.steps ^ 1, ONE.pattern), 6, "shop", "")
    assert found is not None
    assert (found.distance, found.job, found.name) == (1, job(3), "sub/3.jpg")
    assert seen.nearest(Fingerprint(ONE.steps ^ 0xFF, ONE.pattern), 4, None, "") is None


def test_steps_alone_are_no_resemblance(tmp_path: Path) -> None:
    """Pictures of much black have like steps; their patterns tell them apart."""
    file = tmp_path / "prints"
    write_all(file, [delivered(1, Fingerprint(ONE.steps, ~ONE.pattern & (2**64 - 1)))])

    assert FingerprintFile(file).nearest(ONE, 6, None, "") is None


def test_looks_at_one_hot_folder_or_at_all(tmp_path: Path) -> None:
    """What another folder delivered counts only where it is asked for."""
    file = tmp_path / "prints"
    write_all(file, [delivered(1, ONE, "press")])
    seen = FingerprintFile(file)

    assert seen.nearest(ONE, 6, "shop", "") is None
    assert seen.nearest(ONE, 6, None, "") is not None
    assert seen.nearest(ONE, 6, "press", own=job(1)) is None


def test_sees_what_is_appended_and_taken_back(tmp_path: Path) -> None:
    """The file grows while it is open: deliveries come, go and come again."""
    file = tmp_path / "prints"
    write_all(file, [])
    seen = FingerprintFile(file)
    one = delivered(1, ONE)

    verdicts = []
    for record in (one, withdrawn(one), one):
        append(file, [delivered(n, FAR) for n in range(2, 2000)])
        append(file, [record])
        verdicts.append(seen.nearest(ONE, 6, "shop", "") is not None)

    assert verdicts == [True, False, True]
    assert (FingerprintFile(file).nearest(ONE, 6, "shop", "") or one).job == job(1)


def test_a_file_that_is_missing_or_torn_holds_what_it_holds(tmp_path: Path) -> None:
    """Half a record is none, and no file is an empty one: no job stops for it."""
    file = file_beside(tmp_path / "retouchd.db")
    seen = FingerprintFile(file)
    assert seen.nearest(ONE, 6, None, "") is None

    write_all(file, [delivered(1, ONE), delivered(2, FAR)])
    with file.open("r+b") as out:
        out.truncate(200)

    assert seen.nearest(ONE, 6, None, "") is not None
    assert seen.nearest(FAR, 6, None, "") is None


def test_keeps_the_end_of_a_long_name(tmp_path: Path) -> None:
    """Names are cut at the front, between characters, to what a record holds."""
    file = tmp_path / "prints"
    write_all(file, [Delivered(job(1), "shop", "ä" * 100 + ".jpg", ONE)])

    found = FingerprintFile(file).nearest(ONE, 0, None, "")

    assert found is not None
    assert found.name == "ä" * 39 + ".jpg"
