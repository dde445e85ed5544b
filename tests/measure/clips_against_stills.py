"""Frames per second of a clip that is upscaled or cut out, against stills.

The real daemon does both, in turns: once the clip, once its frames as PNG files. Run it
on a machine that does nothing else.

    python tests/measure/clips_against_stills.py CLIP.mp4 [--frames 96] [--rounds 3]
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import av
import click

from retouchd.media.pixels import from_array
from retouchd.ops.bench.workplace import Measured, Workplace

STEPS = {
    "upscale": "  - upscale: {factor: 2}",
    "remove_background": "  - remove_background: {}\n  - flatten: {}",
}

RULE = """\
rule: bench
steps:
{steps}
outputs:
  - {{name: "{{stem}}.{ending}"}}
"""

Drop = Callable[[Path], None]


def rate(steps: str, ending: str, drop: Drop, frames: int) -> tuple[float, Measured]:
    """Let a daemon finish what *drop* puts into ``in/``; return frames per second."""
    with tempfile.TemporaryDirectory(prefix="retouchd-clips-") as folder:
        place = Workplace(Path(folder) / "run", RULE.format(steps=steps, ending=ending))
        drop(place.inbox)
        measured = place.run()
    if measured.failed:
        raise SystemExit(f"{measured.failed} of {measured.files} drops failed")
    return frames / measured.wall_s, measured


def cut(clip: Path, frames: int) -> tuple[Drop, Drop, int]:
    """Return what drops the first *frames* of *clip* as a clip, and as stills."""
    with av.open(clip) as source:
        taken = list(islice(source.decode(video=0), frames))

    def as_clip(inbox: Path) -> None:
        with av.open(inbox / ".part.mp4", "w") as made:
            stream = made.add_stream("libx264", rate=25, options={"crf": "12"})
            stream.width, stream.height = taken[0].width, taken[0].height
            stream.pix_fmt = "yuv420p"
            for number, frame in enumerate(taken):
                frame.pts, frame.time_base = number, 1 / stream.average_rate
                frame.pict_type = av.video.frame.PictureType.NONE
                made.mux(stream.encode(frame))
            made.mux(stream.encode(None))
        (inbox / ".part.mp4").rename(inbox / "clip.mp4")

    def as_stills(inbox: Path) -> None:
        for number, frame in enumerate(taken):
            picture = from_array(frame.to_ndarray(format="rgb24"))
            picture.write_to_file(str(inbox / f"still-{number}.png"))

    return as_clip, as_stills, len(taken)


@click.command()
@click.argument("clip", type=click.Path(exists=True, path_type=Path))
@click.option("--frames", default=96, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(clip: Path, frames: int, rounds: int) -> None:
    """Measure in turns and print medians, and where the time went in the last round."""
    as_clip, as_stills, count = cut(clip, frames)
    for word, steps in STEPS.items():
        ways = {"clip": ("mp4", as_clip), "stills": ("jpg", as_stills)}
        rates: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, (ending, drop) in ways.items():
                found, measured = rate(steps, ending, drop, count)
                rates[way].append(found)
                split = ", ".join(
                    f"{one.step} {one.wall_s:.1f}" for one in measured.shares
                )
                click.echo(f"{word}, {way}: {found:.2f} frames/s ({split} s)")
        ratio = statistics.median(rates["clip"]) / statistics.median(rates["stills"])
        click.echo(f"{word}: ratio {ratio:.2f} (at least 0.95)")


if __name__ == "__main__":
    main()
