"""F22: a sequence of many frames is one drop, wherever its daemon is killed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from harness.process import until
from harness.shim import Arm, build, calls_in
from harness.site import Site
from harness.sweep import sample
from retouchd.media.pixels import from_array

pytestmark = [pytest.mark.timeout(600), pytest.mark.needs("cc")]

FRAMES = 120
PATIENCE = 150.0

RULE = """
rule: shots
match: {files: ["shot_*.png"], kind: sequence}
sequence: {rate: 25, wait: 60}
outputs:
  - {name: "{stem}.mkv", codec: ffv1}
  - {name: "{stem}/{stem}_{frame}.png"}
"""


def _name(number: int) -> str:
    return f"shot_{number:04d}.png"


@dataclass(frozen=True)
class Shots:
    """A site with a sequence in ``in/``.

    Attributes:
        digests: of the frames, by their names.
    """

    site: Site
    digests: dict[str, str]

    @property
    def root(self) -> Path:
        """The hot folder."""
        return self.site.root

    def lying(self, folder: str) -> dict[str, str]:
        """Return name and digest of every picture in *folder* of the hot folder."""
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (self.root / folder).rglob("shot_*.png")
        }

    def finish(self) -> None:
        """Let an undisturbed daemon finish."""
        assert self.site.start("--once").wait(PATIENCE) == 0

    def must_be_delivered_once(self) -> None:
        """P1 to P3: originals whole in done/, every result whole and once."""
        assert self.lying("done") == self.digests
        assert self.lying("in") == {}
        made = self.root / "out/shot"
        assert sorted(path.name for path in made.iterdir()) == sorted(self.digests)
        assert [path.name for path in (self.root / "out").iterdir()] in (
            ["shot", "shot.mkv"],
            ["shot.mkv", "shot"],
        )
        with av.open(self.root / "out/shot.mkv") as clip:
            assert sum(1 for _ in clip.decode(video=0)) == len(self.digests)
        [(state, kind, frames, delivered)] = self.site.rows(
            "SELECT jobs.state, kind, frames, count(deliveries.id) FROM jobs "
            "JOIN deliveries ON job_id = jobs.id AND deliveries.state = 'DELIVERED'"
        )
        assert (state, kind) == ("done", "sequence")
        assert (frames, delivered) == (len(self.digests), len(self.digests) + 1)
        private = self.root / ".retouchd"
        assert not [*private.glob("claims/*/*"), *private.glob("tmp/*/*")]


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that kills at a chosen call."""
    return build(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def drop_shots(
    make_site: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Shots]:
    """Drop a sequence of small frames into a new site, ended by its marker."""
    drawn = tmp_path_factory.mktemp("drawn")
    for number in range(1, FRAMES + 1):
        pixels = np.full((24, 32, 3), number % 256, np.uint8)
        from_array(pixels).pngsave(str(drawn / _name(number)))
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in drawn.iterdir()
    }

    def drop() -> Shots:
        site = make_site(rule=RULE)
        for path in drawn.iterdir():
            shutil.copy(path, site.root / "in")
        (site.root / "in/shot.end").touch()
        return Shots(site, digests)

    return drop


def test_killed_at_durable_calls(
    drop_shots: Callable[..., Shots], shim: Path, is_long: bool, tmp_path: Path
) -> None:
    """P1 to P3: in the middle of the claim, of the archive or of the delivery."""
    whole = drop_shots()
    log = tmp_path / "calls.txt"
    counted = Arm().environment([whole.root], log)
    assert whole.site.start("--once", preload=shim, env=counted).wait(PATIENCE) == 0
    whole.must_be_delivered_once()
    calls = calls_in(log)
    renames = [at for at, call in enumerate(calls, 1) if "rename" in call.name]
    # Claim, delivery and archive each move every file.
    assert len(renames) > 3 * FRAMES
    third = len(renames) // 3
    parts = renames[:third], renames[third : 2 * third], renames[2 * third :]

    for at in [at for one in parts for at in sample(one, 0.2 if is_long else 0.005)]:
        shots = drop_shots()
        armed = Arm(at, "kill after").environment([shots.root], tmp_path / f"{at}.txt")
        shots.site.start("--once", preload=shim, env=armed).wait(PATIENCE)
        moved = len(shots.lying("in")), len(shots.lying(".retouchd/claims"))
        sys.stdout.write(f"{at} of {len(calls)}: {moved}\n")  # shown where it fails
        shots.finish()
        shots.must_be_delivered_once()


def test_killed_while_frames_are_written(drop_shots: Callable[..., Shots]) -> None:
    """P2, P3: half of the frames of a result lie on their stage, and none is seen."""
    shots = drop_shots()
    daemon = shots.site.start()
    stages = shots.root / ".retouchd/tmp"
    until(lambda: len([*stages.glob("*/*.png")]) > FRAMES // 3, "frames", PATIENCE)
    daemon.kill()
    seen = shots.lying("out")

    shots.finish()

    assert seen == {}
    shots.must_be_delivered_once()


def test_ledger_lost_while_frames_are_claimed(drop_shots: Callable[..., Shots]) -> None:
    """P1: fsck enters the claimed sequence anew, and it is finished as one drop."""
    shots = drop_shots()
    daemon = shots.site.start()
    stages = shots.root / ".retouchd/tmp"
    until(lambda: len([*stages.glob("*/*.png")]) > 3, "a frame", PATIENCE)
    daemon.kill()
    for path in shots.site.database.parent.glob("retouchd.db*"):
        path.unlink()

    fsck = [sys.executable, "-m", "retouchd", "--config", str(shots.site.config)]
    done = subprocess.run(
        [*fsck, "fsck", "--apply"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr

    shots.finish()
    shots.must_be_delivered_once()
