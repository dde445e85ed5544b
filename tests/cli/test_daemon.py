"""Commands beside a daemon that runs."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from retouchd.ledger.requests import ask

SAMPLES = Path(__file__).resolve().parents[2] / "sample_hotfolder" / "in"
PATIENCE_SECONDS = 100

Type = Callable[..., Any]
Start = Callable[[Path], Any]


@pytest.fixture
def site(here: Path, typed: Type) -> Path:
    """One hot folder that settles quickly."""
    typed("init", "hot", "--rule", "web")
    with (here / "retouchd.toml").open("a") as config:
        config.write("\n[intake]\nsettle_seconds = 0.1\n")
    return here


def wait_for(what: Callable[[], object]) -> Any:
    """Return the first true answer of *what*."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not (found := what()):
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.05)
    return found


def test_pause_and_resume(site: Path, started: Start) -> None:
    """Paused, a drop stays in in/; resumed, it is finished."""
    daemon = started(site)

    paused = daemon("pause", "hot")
    shutil.copy(SAMPLES / "lowres_watch.webp", site / "hot" / "in")
    time.sleep(1)
    state = json.loads(daemon("status", "--json").out)
    left = (site / "hot" / "in" / "lowres_watch.webp").exists()
    resumed = daemon("resume", site / "hot")

    assert (paused.code, paused.out) == (0, "paused: hot\n")
    assert state["running"]
    assert state["hot_folders"][0]["state"] == "paused"
    assert left
    assert (resumed.code, resumed.out) == (0, "resumed: hot\n")
    assert wait_for(lambda: list((site / "hot" / "done").rglob("*.webp")))


def test_answers_without_a_drop(site: Path, started: Start) -> None:
    """The daemon looks at requests all the time, not only between jobs."""
    started(site)

    answer = ask(site / "retouchd.db", "pause", {"hot_folders": ["hot"]})

    assert answer == {"hot_folders": ["hot"]}


def test_retry_sends_a_failed_original_back(site: Path, started: Start) -> None:
    """It is dropped again, and fails again, as a new job; a wrong id is told."""
    daemon = started(site)
    shutil.copy(SAMPLES / "broken_upload.jpg", site / "hot" / "in")
    failed = site / "hot" / "failed"
    wait_for(lambda: list(failed.rglob("*.error.txt")))

    def failures() -> list[Any]:
        listed = daemon("jobs", "list", "--state", "failed", "--json")
        found: list[Any] = json.loads(listed.out)
        return found

    [job] = wait_for(failures)

    answer = daemon("retry", job["id"])
    unknown = daemon("retry", "01ARZ3NDEKTSV4RRFFQ69G5FAV")

    assert answer.code == 0
    assert "dropped again as broken_upload.jpg" in answer.out
    assert wait_for(lambda: len(failures()) == 2)
    assert unknown.code == 2
    assert "retouchd jobs list" in unknown.err


def test_missing_marker_shows_as_share_down(site: Path, started: Start) -> None:
    """An unmounted share is an empty folder: the daemon waits, and says so."""
    marker = site / "hot" / ".retouchd" / "marker.json"
    marker.rename(site / "marker.json")
    daemon = started(site)

    def folder() -> dict[str, str]:
        [row] = json.loads(daemon("status", "--json").out)["hot_folders"] or [{}]
        found: dict[str, str] = row
        return found

    down = wait_for(lambda: folder().get("state") == "share down" and folder())
    (site / "marker.json").rename(marker)

    assert "marker" in down["reason"]
    assert "mount the share" in down["reason"]
    assert wait_for(lambda: folder()["state"] == "watching")


CLIP_RULE = """
rule: clip
steps:
  - sharpen: {amount: 0.5}
outputs:
  - {name: "{stem}.mp4"}
"""


def long_clip(path: Path) -> None:
    """Write a clip on which the daemon works for seconds."""
    frame = av.VideoFrame.from_ndarray(np.zeros((360, 640, 3), np.uint8), "rgb24")
    with av.open(path, "w") as clip:
        pictures = clip.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        pictures.width, pictures.height = frame.width, frame.height
        for number in range(500):
            frame.pts, frame.time_base = number, Fraction(1, 25)
            clip.mux(pictures.encode(frame))
        clip.mux(pictures.encode(None))


def test_status_tells_how_far_a_clip_is(site: Path, started: Start) -> None:
    """While the worker has it, its row names the frame; afterwards there is none."""
    (site / "rules").mkdir()
    (site / "rules" / "clip.yaml").write_text(CLIP_RULE)
    config = site / "retouchd.toml"
    named = config.read_text().replace('"web"', '"clip"')
    config.write_text(f'rules_dir = "rules"\n{named}')
    long_clip(site / "clip.mp4")
    daemon = started(site)

    def status() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(daemon("status", "--json").out)
        return found

    (site / "clip.mp4").rename(site / "hot" / "in" / "clip.mp4")
    [row] = wait_for(
        lambda: [one for one in status()["work"] if one["at"].startswith("frame")]
    )
    wait_for(lambda: list((site / "hot" / "done").rglob("*.mp4")))
    after = status()

    assert row["source"] == "clip.mp4"
    assert re.fullmatch(r"frame \d+ of 500", row["at"])
    assert after["work"] == []
    assert after["sandbox"]["active"]
    assert after["problem"] is None


def test_status_of_a_daemon_that_does_not_answer(site: Path, started: Start) -> None:
    """What the ledger holds is shown all the same, and the reason."""
    daemon = started(site)
    daemon.process.send_signal(signal.SIGSTOP)

    answer = daemon("status")

    daemon.process.send_signal(signal.SIGCONT)
    assert answer.code == 0
    assert "what it works on is not known: " in answer.out
    assert "the daemon did not answer" in answer.out
    assert "hot" in answer.out


def test_second_daemon_is_refused(site: Path, started: Start) -> None:
    """One daemon for one ledger; the second ends at once and says why."""
    daemon = started(site)

    answer = daemon("run", "--once")

    assert answer.code == 75
    assert "another retouchd runs with this database" in answer.err


def test_once_counts_what_failed(site: Path, really: Type) -> None:
    """Exit code 3 and a sentence, when some files failed; 0 when there is nothing."""
    nothing = really("run", "--once")
    for name in ("broken_upload.jpg", "lowres_watch.webp"):
        shutil.copy(SAMPLES / name, site / "hot" / "in")

    answer = really("run", "--once")

    assert nothing.code == 0
    assert answer.code == 3
    assert answer.out.startswith("1 delivered, 0 wait for review, 1 failed")
