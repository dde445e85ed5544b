"""Drops 200 photographs at once under a rule with all four operations.

Checks that each is delivered once and in exact sizes, that its original lies
unchanged in ``done/``, and that the worker's memory stops growing after the first 50.

    python tests/measure/two_hundred_photos.py PHOTOS [PHOTOS...]
"""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from processes import MemoryWatch

from retouchd.ledger.database import Database
from retouchd.media.header import size_of
from retouchd.ops.bench.figures import mixed_rule, split_rows
from retouchd.ops.bench.pictures import (
    drop_pictures,
    find_photographs,
    stain_pictures,
    tag_pictures,
)
from retouchd.ops.bench.workplace import Workplace

FACTOR, WEB_EDGE = 1.5, 800
FIRST, MOST_GROWTH = 50, 0.10
MEGA = 1e6


def largest(folders: Sequence[Path], count: int) -> list[Path]:
    """Return all photographs of the first folder, then the largest of the others."""
    first, *others = folders
    found = [path for folder in others for path in find_photographs(folder)]
    found.sort(key=lambda path: math.prod(size_of(path)), reverse=True)
    return [*find_photographs(first), *found][:count]


def digests(folder: Path) -> Counter[str]:
    """Count the digests of all pictures below *folder*."""
    return Counter(
        hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.jpg")
    )


def problems(place: Workplace, sizes: dict[str, tuple[int, int]]) -> Iterator[str]:
    """Yield what is wrong with the results of originals with these *sizes*."""
    for name, (width, height) in sizes.items():
        result, web = place.hot / "out" / f"{name}.jpg", f"web/{name}.webp"
        if not result.is_file():
            yield f"{name}: no result"
            continue
        wanted = round(width * FACTOR), round(height * FACTOR)
        if size_of(result) != wanted:
            yield f"{name}: {size_of(result)}, not {wanted}"
        if max(size_of(place.hot / "out" / web)) != min(WEB_EDGE, max(wanted)):
            yield f"{web}: {size_of(place.hot / 'out' / web)}"
    delivered = sum(1 for path in (place.hot / "out").rglob("*") if path.is_file())
    if delivered > 2 * len(sizes):
        yield f"{delivered} results of {len(sizes)} originals"


def reasons(place: Workplace) -> list[str]:
    """Return why drops failed, each reason with how often."""
    database = Database.open_reading(place.database)
    rows = database.rows(
        "SELECT error, count(*) AS n FROM jobs WHERE state = 'failed' GROUP BY error"
    )
    database.close()
    return [f"{row['n']} x {row['error']}" for row in rows]


def growth(samples: Sequence[tuple[int, int]]) -> float:
    """Return how much larger the worker got after the first drops than before."""
    early = max((size for done, size in samples if done <= FIRST), default=0)
    late = max((size for done, size in samples if done > FIRST), default=0)
    return late / early - 1 if early else 0.0


@click.command()
@click.argument(
    "photos", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("--count", default=200, show_default=True)
def main(photos: tuple[Path, ...], count: int) -> None:
    """Run all of the first folder of PHOTOS and the largest of the others."""
    with tempfile.TemporaryDirectory(prefix="retouchd-photos-") as folder:
        place = Workplace(Path(folder) / "run", mixed_rule())
        drop_pictures(place.inbox, count, largest(photos, count), (0, 0))
        stain_pictures(place.inbox)
        tag_pictures(place.inbox)
        before = digests(place.inbox)
        sizes = {path.stem: size_of(path) for path in place.inbox.glob("*.jpg")}
        watch = MemoryWatch(place.hot / "done")
        ran = place.run(watch.look)
        found = [*problems(place, sizes), *reasons(place)]
        if digests(place.hot / "done") + digests(place.hot / "failed") != before:
            found.append("originals in done/ are not those that were dropped")
    grown = growth(watch.samples)
    if grown > MOST_GROWTH:
        found.append(f"the worker grew by {grown:.0%} after the first {FIRST}")
    megapixels = sum(math.prod(size) for size in sizes.values()) / MEGA
    click.echo(
        f"{ran.delivered} of {count} delivered, {ran.failed} failed; "
        f"{megapixels:.0f} MP in {ran.wall_s:.0f} s; worker peak "
        f"{watch.worker_peak / MEGA:.0f} MB, growth {grown:+.1%}; own work "
        f"{1000 * ran.supervisor_cpu_s / ran.files:.1f} ms CPU, "
        f"{(ran.syncs + ran.commits) / ran.files:.2f} fsyncs per file"
    )
    for row in split_rows(ran):
        click.echo("  ".join(str(value) for value in row.values()))
    for problem in found:
        click.echo(f"WRONG: {problem}")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
