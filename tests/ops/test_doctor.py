"""What the doctor finds, on this machine and on made-up ones."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Literal

import pytest

from retouchd.intake.mounts import Mount
from retouchd.jobs.sandbox import Protection
from retouchd.ops import doctor, folders, machine
from retouchd.settings import HotFolder, Intake, Settings

NFS = Mount(Path("/mnt/share"), "nfs4", "server:/share")
DISK = Mount(Path("/"), "ext4", "/dev/sda1")


@pytest.fixture
def hot_folder(tmp_path: Path) -> HotFolder:
    """A hot folder with all its folders."""
    folder = HotFolder(name="shop", path=tmp_path / "shop", rules=("any",))
    for path in folder.folders.values():
        path.mkdir(parents=True)
    return folder


def test_this_machine_can_do_the_work(tmp_path: Path, hot_folder: HotFolder) -> None:
    """With the locked libraries and a fresh hot folder nothing is a problem."""
    settings = Settings(database=tmp_path / "retouchd.db", hot_folders=(hot_folder,))

    found = doctor.examine(settings)

    assert [one for one in found if one.verdict == "problem"] == []
    assert {
        "Python",
        "libvips",
        "formats",
        "ONNX Runtime",
        "GPU",
        "ledger",
        "sandbox",
    } <= {one.subject for one in found}


def test_every_complaint_has_a_way_out(tmp_path: Path) -> None:
    """A configuration that fits nothing yields hints, not an exception."""
    folder = HotFolder(name="gone", path=tmp_path / "gone", rules=("any",))
    settings = Settings(database=tmp_path / "no" / "x.db", hot_folders=(folder,))

    found = doctor.examine(settings)

    complaints = [one for one in found if one.verdict != "ok"]
    assert {"ledger", "hot folder gone"} <= {one.subject for one in complaints}
    assert [one for one in complaints if not one.hint] == []


@pytest.mark.parametrize(
    ("version", "verdict"),
    [((8, 14, 1), "problem"), ((8, 18, 2), "problem"), ((8, 18, 3), "ok")],
)
def test_libvips_with_known_holes_is_refused(
    version: tuple[int, ...], verdict: str
) -> None:
    """The floor is the release that closed the last known overflow."""
    assert machine.libvips(version).verdict == verdict


def test_formats_fail_when_a_loader_is_blocked() -> None:
    """A format counts as working only when its pixels come out."""
    vips = machine.pyvips
    vips.operation_block_set("VipsForeignLoadWebp", True)  # noqa: FBT003
    try:
        finding = machine.formats()
    finally:
        vips.operation_block_set("VipsForeignLoadWebp", False)  # noqa: FBT003

    assert finding.verdict == "problem"
    assert finding.text == "libvips cannot handle webp"


def test_header_alone_is_no_working_format(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with HEVC in a libvips without its decoder: it opens, the pixels fail."""
    whole = machine.pyvips.Image.gaussnoise(64, 64).cast("uchar").pngsave_buffer()
    half = whole[: len(whole) // 2]
    monkeypatch.setitem(machine._SAVERS, "png", lambda _: half)

    finding = machine.formats()

    assert finding.text == "libvips cannot handle png"


@pytest.mark.parametrize(
    ("installed", "verdict"),
    [
        ({"onnxruntime-gpu": "1.31.1"}, "ok"),
        ({"onnxruntime": "1.32.0", "onnxruntime-gpu": "1.31.1"}, "problem"),
        ({}, "problem"),
    ],
)
def test_two_runtimes_clash(installed: dict[str, str], verdict: str) -> None:
    """One distribution of ONNX Runtime is right; pip itself does not notice two."""
    assert machine.onnx_runtime(installed).verdict == verdict


@pytest.mark.parametrize(
    ("device", "present", "works", "verdict"),
    [
        ("auto", True, True, "ok"),
        ("auto", True, False, "warning"),
        ("auto", False, False, "ok"),
        ("cpu", True, False, "ok"),
        ("cuda", True, False, "problem"),
        ("cuda", False, False, "problem"),
    ],
)
def test_a_gpu_that_is_not_used_is_told(
    device: Literal["auto", "cpu", "cuda"], present: bool, works: bool, verdict: str
) -> None:
    """P6: an idle GPU is a warning, an asked-for one that fails a problem."""
    assert machine.gpu(device, works, "why", present=present).verdict == verdict


def test_low_inotify_limits_are_told(tmp_path: Path) -> None:
    """Each limit of the kernel is compared; one that cannot be read is no crash."""
    (tmp_path / "max_user_watches").write_text("8192\n")
    (tmp_path / "max_user_instances").write_text("128\n")

    watches, instances, events = machine.inotify(tmp_path)

    assert (watches.verdict, instances.verdict) == ("warning", "ok")
    assert "fs.inotify.max_user_watches=" in watches.hint
    assert events.verdict == "warning"


@pytest.mark.parametrize(
    ("mount", "watch", "verdict", "words"),
    [
        (DISK, "auto", "ok", "inotify and a look every 60 s"),
        (NFS, "auto", "ok", "by a look every 5 s"),
        (NFS, "inotify", "warning", "does not see what other machines drop"),
    ],
)
def test_says_how_a_folder_is_watched(
    mount: Mount, watch: Literal["auto", "inotify"], verdict: str, words: str
) -> None:
    """Events do not arrive from other clients of a share, so a look must."""
    finding = folders.watching("hot folder shop", mount, Intake(watch=watch))

    assert finding.verdict == verdict
    assert words in finding.text


def test_missing_folder_is_named(hot_folder: HotFolder) -> None:
    """A folder that was removed is a problem; the others stay well."""
    hot_folder.done.rmdir()

    found = folders.examine_hot_folder(hot_folder, Intake())

    bad = [one for one in found if one.verdict == "problem"]
    assert [one.subject for one in bad] == ["hot folder shop, done/"]
    assert str(hot_folder.done) in bad[0].text


def test_space_is_told_once_for_a_file_system(hot_folder: HotFolder) -> None:
    """Folders that share a disk share one finding about it."""
    found = folders.examine_hot_folder(hot_folder, Intake())

    assert len([one for one in found if "GB free" in one.text]) == 1


LOCKED = Protection(("no_new_privs", "rlimits", "landlock", "seccomp"), (), 7)
OPEN = Protection(("no_new_privs", "rlimits", "seccomp"), ("landlock (off)",))


@pytest.mark.parametrize(
    ("protection", "is_required", "verdict"),
    [
        (LOCKED, True, "ok"),
        (OPEN, False, "warning"),
        (OPEN, True, "problem"),
    ],
)
def test_open_sandbox_is_told(
    protection: Protection, is_required: bool, verdict: str
) -> None:
    """A lock that does not close is named; it is a problem where all are required."""
    finding = doctor.sandbox(protection, is_required=is_required)

    assert finding.verdict == verdict
    assert all(word in finding.text for word in protection.active + protection.missing)
    assert bool(finding.hint) == (verdict != "ok")


def test_share_that_hangs_is_given_up() -> None:
    """A call that never returns costs the patience and nothing more."""
    answered = threading.Event()

    def look() -> list[folders.Finding]:
        answered.wait(30)
        return []

    found = folders.within(0.05, look)

    answered.set()
    assert found is None


def test_damaged_model_is_a_problem(tmp_path: Path) -> None:
    """A manifest that cannot be read is named with its file."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.toml").write_text('name = "broken"\n')

    found = list(doctor.models([tmp_path]))

    assert found
    assert all(one.verdict == "problem" for one in found)
    assert "broken" in found[0].text
