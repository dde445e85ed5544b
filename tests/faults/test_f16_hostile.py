"""F16: whatever is dropped, the daemon lives on and nothing is written elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.process import until
from harness.site import Site
from hostile.beside import hostile_sidecars
from hostile.blocks import hostile_blocks
from hostile.endurance import (
    AROUND,
    WORKER_MB,
    endure,
    is_harmless,
    left_in_place,
    retouchd,
    surroundings,
    waiting_in,
)
from hostile.entries import make_entries, odd_names
from hostile.mutate import mutant, mutants
from hostile.pictures import hostile_pictures
from hostile.samples import sound

pytestmark = pytest.mark.timeout(900)

SEED = int(os.environ.get("FUZZ_SEED", "16"))

RULE = """
rule: two
outputs:
  - {name: "{stem}.png"}
  - {name: "small/{stem}.jpg", long_edge: 24, metadata: rights}
"""
SETTINGS = {
    "limits": {"megapixels": 50, "file_mb": 200, "step_seconds": 20},
    "worker": {"threads": 2, "device": "cpu", "memory_gb": 0.5},
}


@pytest.fixture
def fort(
    make_site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Site:
    """A hot folder among canaries: home, working folder, temporary files, a secret."""
    for name in AROUND:
        (tmp_path / name).mkdir()
        (tmp_path / name / "canary.txt").write_text("sings")
    (tmp_path / "outside/secret.png").write_bytes(sound(".png"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "here")
    return make_site(tmp_path / "site", rule=RULE, settings=SETTINGS)


def write_all(inbox: Path, files: Iterator[tuple[str, bytes]]) -> int:
    """Write files, sidecars before their pictures see the light; return how many."""
    count = 0
    for name, data in files:
        (inbox / name).write_bytes(data)
        count += 1
    return count


def test_generated_files(fort: Site, figures: Callable[..., None]) -> None:
    """Bombs, polyglots, lies, links, pipes and odd names, all made here."""
    counts: list[int] = []

    def fill(inbox: Path) -> None:
        store = fort.base.parent / "store"
        store.mkdir()
        counts.append(write_all(store, hostile_sidecars()))
        counts.append(write_all(store, hostile_pictures()))
        counts.append(write_all(store, hostile_blocks()))
        for number, name in enumerate(odd_names()):
            (inbox / os.fsdecode(name)).write_bytes(
                mutant(".png", 0, number) if number % 2 else sound(".png")
            )
        counts.append(len(odd_names()))
        expected.update(make_entries(inbox, fort.base.parent / "outside"))
        for path in sorted(store.iterdir()):
            path.rename(inbox / path.name)

    expected: dict[str, str] = {}
    numbers = endure(fort, fill, patience=240)

    left = left_in_place(fort)
    assert {
        name for name, why in expected.items() if why not in left.get(name, "")
    } == set()
    assert sum(counts) >= 380
    figures("F16 generated", files=sum(counts) + len(expected), **numbers)


def test_names_do_not_steer_terminals(fort: Site) -> None:
    """What people read of odd names is escaped: commands, error texts and the log."""
    names = [os.fsdecode(name) for name in odd_names()]

    def fill(inbox: Path) -> None:
        for number, name in enumerate(names):
            (inbox / name).write_bytes(sound(".png")[: -20 * (number % 2) or None])
        (inbox / "left\x1b[2J\u202e.png").symlink_to("/etc/passwd")

    endure(fort, fill, patience=120)

    texts = [path.read_text() for path in (fort.root / "failed").rglob("*.error.txt")]
    assert [text for text in texts if not is_harmless(text)] == []
    assert is_harmless(retouchd(fort, "status"))
    assert is_harmless(retouchd(fort, "jobs", "list", "--limit", "500"))


@pytest.mark.parametrize("folder", ["out/sub", "failed/sub", "done/sub"])
def test_a_link_among_the_folders_is_not_followed(fort: Site, folder: str) -> None:
    """A sub-folder that points elsewhere gets nothing, and the file is not lost."""
    (fort.root / "in/sub").mkdir()
    content = sound(".png")[: -20 if folder == "failed/sub" else None]
    link = fort.root / folder
    link.parent.mkdir()
    link.symlink_to(fort.base.parent / "outside")
    before = surroundings(fort)
    daemon = fort.start()

    (fort.root / "in/sub/a.png").write_bytes(content)

    ended = {"done", "failed", "held", "waiting", "delivered"}
    until(lambda: ended.intersection(fort.states()), "an end of the job")
    time.sleep(1)
    assert daemon.is_running
    assert surroundings(fort) == before
    kept = [path for path in fort.root.rglob("*.png") if path.is_file()]
    assert content in [path.read_bytes() for path in kept]


def test_collected_files(
    fort: Site, shared_data: Path, figures: Callable[..., None]
) -> None:
    """What made other programs crash, collected from their bug trackers."""
    corpus = shared_data / "hostile"
    files = [path for path in corpus.rglob("*") if path.is_file()]

    def fill(inbox: Path) -> None:
        for path in files:
            kept = inbox / path.relative_to(corpus)
            kept.parent.mkdir(exist_ok=True)
            shutil.copy(path, kept)

    numbers = endure(fort, fill, patience=240)

    figures("F16 collected", files=len(files), **numbers)


def test_mutants(
    fort: Site, request: pytest.FixtureRequest, figures: Callable[..., None]
) -> None:
    """Sound pictures with seeded damage, batch upon batch, through the daemon."""
    seconds = 30 if request.config.getoption("--long") else 5
    dropped = 0
    swarm = mutants(SEED)

    def fill(inbox: Path) -> None:
        nonlocal dropped
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            for name, data in (next(swarm) for _ in range(120)):
                (inbox / name).write_bytes(data)
                dropped += 1
            until(lambda: len(waiting_in(fort)) < 60, "room for more")

    numbers = endure(fort, fill, patience=120)

    figures("F16 mutants", files=dropped, seed=SEED, **numbers)


def test_mutants_of_the_worker(
    tmp_path: Path, request: pytest.FixtureRequest, figures: Callable[..., None]
) -> None:
    """Many more of them, in a process that does what a worker does."""
    seconds = 60 if request.config.getoption("--long") else 5
    first = 1_000_000

    done = subprocess.run(
        [
            *(sys.executable, "-m", "hostile.run_mutants"),
            *(str(SEED), str(first), str(seconds), str(tmp_path)),
        ],
        cwd=Path(__file__).parent, capture_output=True, text=True,
        timeout=seconds + 120, check=False,
    )  # fmt: skip

    *numbers, last = done.stdout.splitlines()
    assert done.returncode == 0, f"mutant {last} of seed {SEED}: {done.stderr[-2000:]}"
    facts = json.loads(last)
    assert facts.pop("mistakes") == []
    assert facts["slowest"] < 20
    assert facts["peak_mb"] < WORKER_MB
    assert len(numbers) == facts["mutants"]
    figures("F16 worker", seed=SEED, **facts)
