"""Measures the peak memory of two large jobs: 50 megapixels, and 12 enlarged x4.

python tests/measure/memory.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
from processes import MemoryWatch

from retouchd.ops.bench.pictures import drop_pictures, tag_pictures
from retouchd.ops.bench.workplace import Workplace
from retouchd.settings import shipped_folder

ERASE_AND_GRADE = """\
rule: bench
steps:
  - erase: {regions: ["erase:*"]}
  - grade: {lut: LUT, strength: 0.8}
outputs:
  - {name: "{stem}.jpg"}
  - {name: "web/{stem}.webp", long_edge: 2000}
"""
UPSCALE = """\
rule: bench
steps:
  - upscale: {factor: 4}
outputs:
  - {name: "{stem}.jpg"}
"""
GIGA = 1e9

LUT = shipped_folder("rules") / "luts" / "warm.cube"
CASES = (
    ("50 MP: erase, grade, 2 outputs", ERASE_AND_GRADE, (8660, 5774), 2.0),
    ("12 MP: upscale x4", UPSCALE, (4000, 3000), 4.0),
)


@click.command()
@click.option("--only", type=click.IntRange(0, 1), help="One of the two cases.")
def main(only: int | None) -> None:
    """Measure both cases, each with one picture in a daemon of its own."""
    failed = False
    for number, (name, rule, size, most) in enumerate(CASES):
        if only not in (None, number):
            continue
        with tempfile.TemporaryDirectory(prefix="retouchd-memory-") as folder:
            place = Workplace(Path(folder) / "run", rule.replace("LUT", str(LUT)))
            drop_pictures(place.inbox, 1, (), size)
            tag_pictures(place.inbox)
            watch = MemoryWatch(place.hot / "done")
            ran = place.run(watch.look)
        peak = (watch.worker_peak + watch.supervisor_peak) / GIGA
        failed |= ran.delivered != 1 or peak > most
        click.echo(
            f"{name}: {peak:.2f} GB at most {most} (worker "
            f"{watch.worker_peak / GIGA:.2f}, daemon "
            f"{watch.supervisor_peak / GIGA:.2f}), "
            f"{ran.wall_s:.1f} s, {ran.delivered} delivered"
        )
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
