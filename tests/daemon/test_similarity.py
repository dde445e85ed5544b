"""A duplicate of what was delivered before waits for a person."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.site import Site
from retouchd.media.fingerprint_file import file_beside
from retouchd.media.vips import pyvips

RULE = """
rule: catalogue
gates:
  - similarity: {}
outputs:
  - {name: "{stem}.png"}
"""
SAMPLES = Path(__file__).parents[2] / "sample_hotfolder/in"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A configuration; its daemon ends with the test."""
    made = Site(tmp_path, rule=RULE)
    yield made
    made.kill_all()


@pytest.mark.slow
def test_a_duplicate_waits_and_names_the_first(
    site: Site, until: Callable[..., None]
) -> None:
    """The worker, in its sandbox, sees what the same daemon delivered a moment ago."""
    mug = SAMPLES / "product_mug.jpg"
    daemon = site.start()
    shutil.copy(mug, site.root / "in/mug.jpg")
    until(lambda: site.states() == ["done"], "the first one is delivered")
    # Drops that are worked on at the same time do not see one another.
    known = file_beside(site.database)
    until(lambda: known.stat().st_size > 0, "workers are told what it looks like")

    again = pyvips.Image.new_from_file(str(mug)).resize(0.5)
    again.write_to_file(str(site.root / "in/again.jpg"), Q=60)
    shutil.copy(SAMPLES / "lowres_watch.webp", site.root / "in/watch.webp")
    until(lambda: len(site.states()) == 3, "all were taken")
    until(lambda: sorted(site.states()) == ["done", "done", "review"], "all are done")
    daemon.send(signal.SIGTERM)
    assert daemon.wait() == 0

    (first,) = site.rows("SELECT id FROM jobs WHERE source_name = 'mug.jpg'")
    verdicts = site.rows(
        "SELECT source_name, passed, detail FROM gate_runs "
        "JOIN jobs ON jobs.id = job_id ORDER BY source_name"
    )
    assert verdicts == [
        (
            "again.jpg",
            0,
            f"looks like mug.jpg, which was delivered as job {first[0]}",
        ),
        ("mug.jpg", 1, ""),
        ("watch.webp", 1, ""),
    ]
