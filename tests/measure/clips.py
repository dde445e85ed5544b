"""Frames per second of a graded 1080p clip, against FFmpeg's own filters.

Both decode, grade with the same table and encode with the same settings, in turns and
in processes of their own; run it on a machine that does nothing else.

    python tests/measure/clips.py CLIP.mp4 TABLE.cube [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import av.filter

from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Output, Rule
from retouchd.steps.grade import Grade
from retouchd.values import Drop


def ours(clip: Path, table: Path, out: Path) -> float:
    """Grade *clip* by the product's own code; return frames per second."""
    rule = Rule(
        rule="r",
        steps=(("grade", Grade.model_validate({"lut": str(table)})),),
        outputs=(Output(name="{stem}.mp4"),),
    )
    stages = {"out": out / "job", "review": out / "job"}
    order = Order("job", Drop("hot", clip.name, clip), (rule,), stages)
    runner = Runner(Shelf((), Runtime(device="cpu")), Limits(), MemoryBudget(1 << 32))
    began = time.perf_counter()
    outcome = runner.run(order)
    seconds = time.perf_counter() - began
    if outcome.error:
        raise SystemExit(outcome.error)
    return _frames(outcome.renditions[0].stage) / seconds


def theirs(clip: Path, table: Path, out: Path) -> float:
    """Grade *clip* by lut3d inside FFmpeg; return frames per second."""
    began = time.perf_counter()
    path = out / "theirs.mp4"
    with av.open(clip) as source, av.open(path, "w") as made:
        pictures = source.streams.video[0]
        pictures.thread_type = "AUTO"
        stream = made.add_stream("libx264", rate=pictures.average_rate)
        context = stream.codec_context
        context.width, context.height = pictures.width, pictures.height
        context.pix_fmt, context.time_base = pictures.pix_fmt, pictures.time_base
        context.options = {"crf": "18"}
        graph = av.filter.Graph()
        chain = [
            graph.add_buffer(template=pictures),
            graph.add("lut3d", f"file={table}:interp=tetrahedral"),
            graph.add("format", str(pictures.pix_fmt)),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*chain).configure()
        for frame in source.decode(pictures):
            graph.push(frame)
            made.mux(stream.encode(graph.pull()))
        made.mux(stream.encode(None))
    seconds = time.perf_counter() - began
    return _frames(path) / seconds


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")


def _frames(path: Path) -> int:
    with av.open(path) as clip:
        return clip.streams.video[0].frames


def _alone(who: str, clip: Path, table: Path) -> float:
    command = [sys.executable, __file__, str(clip), str(table), "--only", who]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure in turns and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["ours", "theirs"])
    asked = parser.parse_args()
    if asked.only:
        with tempfile.TemporaryDirectory() as folder:
            grade = {"ours": ours, "theirs": theirs}[asked.only]
            say(json.dumps(grade(asked.clip, asked.table, Path(folder))))
        return
    rates: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(asked.rounds):
        for who, found in rates.items():
            found.append(_alone(who, asked.clip, asked.table))
    ours_rate, theirs_rate = (statistics.median(rates[w]) for w in ("ours", "theirs"))
    say(f"retouchd {ours_rate:.1f} frames/s, FFmpeg {theirs_rate:.1f} frames/s")
    say(f"ratio {ours_rate / theirs_rate:.2f} (at least 0.8)")


if __name__ == "__main__":
    main()
