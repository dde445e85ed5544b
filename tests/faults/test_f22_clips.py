"""F22: a clip whose daemon is killed again and again comes out as in one go."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from harness.process import until
from harness.replay import Replay
from harness.site import Site

CLIP_RULE = """
rule: clip
steps:
  - sharpen: {amount: 0.5}
outputs:
  - {name: "{stem}.mp4"}
"""

SEGMENT = 100
"""Frames from one key frame to the next; enough for a part of its own."""


@dataclass(frozen=True)
class Size:
    """How long the clip is, and how often it is broken off."""

    seed: int
    segments: int
    kills: int


SHORT = Size(1, 6, 2)
FULL = Size(2, 60, 10)


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(SHORT, id="short"),
        pytest.param(
            FULL, id="full", marks=[pytest.mark.long, pytest.mark.timeout(900)]
        ),
    ],
)
def test_killed_in_the_middle_of_a_clip(
    make_site: Callable[..., Site], figures: Any, replay: Replay, size: Size
) -> None:
    """Parts that were finished are never made again, and the digest is the same."""
    seed = int(replay.asked.get("seed", size.seed))
    rng = random.Random(seed)
    site = make_site(rule=CLIP_RULE)
    wanted, seconds = _made_in_one_go(make_site(rule=CLIP_RULE), size)
    _drop_clip(site, size)

    with replay(seed=seed):
        kept: dict[str, tuple[int, int]] = {}
        lost = []
        for _ in range(size.kills):
            more = rng.randint(1, max(1, (size.segments - len(kept)) // size.kills))
            before = len(kept)
            _run_until(site, before + more, rng.uniform(0, seconds / size.segments))
            found = _parts(site.root)
            assert kept.items() <= found.items(), "a finished part was made again"
            lost.append(_parts_begun(site.root) - len(found))
            kept = found
        daemon = site.start("--once")

        assert daemon.wait(180) == 0, daemon.log()[-3000:]
        assert _digests(site.root / "out") == wanted
        assert site.states() == ["done"]
        assert not list((site.root / ".retouchd/tmp").rglob("*-part-*"))
        assert max(lost) <= 2
    figures("F22", segments=size.segments, kills=size.kills, half_parts=max(lost))


def _made_in_one_go(site: Site, size: Size) -> tuple[list[str], float]:
    """Return the digests of the results, and the seconds that it took."""
    _drop_clip(site, size)
    began = time.monotonic()
    daemon = site.start("--once")
    assert daemon.wait(180) == 0, daemon.log()[-3000:]
    return _digests(site.root / "out"), time.monotonic() - began


def _drop_clip(site: Site, size: Size) -> None:
    rng = np.random.default_rng(size.seed)
    path = site.base / "clip.mp4"
    with av.open(path, "w") as clip:
        stream = clip.add_stream(
            "libx264", rate=25, options={"g": str(SEGMENT), "sc_threshold": "0"}
        )
        stream.width, stream.height, stream.pix_fmt = 160, 128, "yuv420p"
        ground = rng.integers(0, 200, (128, 160, 3)).astype(np.uint8)
        for number in range(size.segments * SEGMENT):
            shown = np.roll(ground, number, 1)
            frame = av.VideoFrame.from_ndarray(shown, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            clip.mux(stream.encode(frame))
        clip.mux(stream.encode(None))
    path.rename(site.root / "in" / "clip.mp4")


def _run_until(site: Site, parts: int, seconds: float) -> None:
    """Let a daemon work until so many parts are kept, and a little longer."""
    daemon = site.start("--once")
    until(
        lambda: len(_parts(site.root)) >= parts or not daemon.is_running,
        "another part",
    )
    time.sleep(seconds)
    daemon.kill()


def _parts(root: Path) -> dict[str, tuple[int, int]]:
    """Return the records of finished parts: when each was written, and which file."""
    found = {}
    for path in (root / ".retouchd/tmp").rglob("*-part-[0-9]*.json"):
        status = path.stat()
        found[path.name] = status.st_mtime_ns, status.st_ino
    return found


def _parts_begun(root: Path) -> int:
    return len(list((root / ".retouchd/tmp").rglob("*-part-[0-9]*.mkv")))


def _digests(folder: Path) -> list[str]:
    return [
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.mp4"))
    ]
