"""Peak memory of a job over a short clip and one sixty times as long.

Each runs in a process of its own; both clips are made here. The result is half as wide.

    python tests/measure/clip_memory.py [--width 1920] [--rate 10]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import click
import numpy as np

from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Output, Rule
from retouchd.steps.sharpen import Sharpen
from retouchd.values import Drop

SECONDS = (10, 600)
MOST_GROWTH = 0.10


def make_clip(path: Path, seconds: int, width: int, rate: int) -> None:
    """Write a ramp that moves, 16 to 9."""
    height = width * 9 // 16
    ramp = np.linspace(0, 255, width, dtype=np.uint8)[None, :, None]
    picture = np.broadcast_to(ramp, (height, width, 3))
    with av.open(path, "w") as clip:
        stream = clip.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, rate)
        for number in range(seconds * rate):
            moved = np.ascontiguousarray(np.roll(picture, number, 1))
            frame = av.VideoFrame.from_ndarray(moved, "rgb24")
            frame.pts = number
            clip.mux(stream.encode(frame))
        clip.mux(stream.encode(None))


def finish(path: Path, width: int) -> float:
    """Sharpen the clip at *path*; return this process's peak memory in MB."""
    out = path.with_name("out")
    rule = Rule(
        rule="r",
        steps=(("sharpen", Sharpen()),),
        outputs=(Output(name="{stem}.mp4", width=width // 2),),
    )
    order = Order("job", Drop("hot", path.name, path), (rule,), {"out": out})
    runner = Runner(Shelf((), Runtime(device="cpu")), Limits(), MemoryBudget(1 << 32))
    outcome = runner.run(order)
    if outcome.error:
        raise SystemExit(outcome.error)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@click.command()
@click.option("--only", type=click.Path(exists=True, path_type=Path), hidden=True)
@click.option("--width", default=1920, show_default=True)
@click.option("--rate", default=10, show_default=True, help="Frames a second.")
def main(only: Path | None, width: int, rate: int) -> None:
    """Measure both clips, each in a process of its own, and compare."""
    if only:
        click.echo(finish(only, width))
        return
    peaks = []
    for seconds in SECONDS:
        with tempfile.TemporaryDirectory() as folder:
            clip = Path(folder, "clip.mp4")
            make_clip(clip, seconds, width, rate)
            command = [sys.executable, __file__, "--only", str(clip)]
            command += ["--width", str(width)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks.append(float(done.stdout))
        click.echo(f"{seconds} s: {peaks[-1]:.0f} MB")
    growth = peaks[1] / peaks[0] - 1
    click.echo(f"growth {growth:.1%} (at most {MOST_GROWTH:.0%})")


if __name__ == "__main__":
    main()
