"""Peak memory of a job over a short clip and one sixty times as long.

Each runs in a process of its own; both clips are made here, 320 x 180 pixels.

    python tests/measure/clip_memory.py
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
_RATE = 25


def make_clip(path: Path, seconds: int) -> None:
    """Write a ramp that moves."""
    ramp = np.linspace(0, 255, 320, dtype=np.uint8)[None, :, None]
    picture = np.broadcast_to(ramp, (180, 320, 3))
    with av.open(path, "w") as clip:
        stream = clip.add_stream("libx264", rate=_RATE, options={"preset": "ultrafast"})
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = 320, 180, "yuv420p"
        context.time_base = Fraction(1, _RATE)
        for number in range(seconds * _RATE):
            moved = np.ascontiguousarray(np.roll(picture, number, 1))
            frame = av.VideoFrame.from_ndarray(moved, "rgb24")
            frame.pts = number
            clip.mux(stream.encode(frame))
        clip.mux(stream.encode(None))


def finish(path: Path) -> float:
    """Sharpen the clip at *path*; return this process's peak memory in MB."""
    out = path.with_name("out")
    rule = Rule(
        rule="r",
        steps=(("sharpen", Sharpen()),),
        outputs=(Output(name="{stem}.mp4"),),
    )
    order = Order("job", Drop("hot", path.name, path), (rule,), {"out": out})
    runner = Runner(Shelf((), Runtime(device="cpu")), Limits(), MemoryBudget(1 << 32))
    outcome = runner.run(order)
    if outcome.error:
        raise SystemExit(outcome.error)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@click.command()
@click.option("--only", type=click.Path(exists=True, path_type=Path), hidden=True)
def main(only: Path | None) -> None:
    """Measure both clips, each in a process of its own, and compare."""
    if only:
        click.echo(finish(only))
        return
    peaks = []
    for seconds in SECONDS:
        with tempfile.TemporaryDirectory() as folder:
            clip = Path(folder, "clip.mp4")
            make_clip(clip, seconds)
            command = [sys.executable, __file__, "--only", str(clip)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks.append(float(done.stdout))
        click.echo(f"{seconds} s: {peaks[-1]:.0f} MB")
    growth = peaks[1] / peaks[0] - 1
    click.echo(f"growth {growth:.1%} (at most {MOST_GROWTH:.0%})")


if __name__ == "__main__":
    main()
