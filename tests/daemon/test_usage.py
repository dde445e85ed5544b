"""What the ledger says was used is what the operating system counted."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.process import DaemonProcess
from harness.site import Site

RULE = """
rule: mixed
steps:
  - upscale: {factor: 1.5}
  - sharpen: {amount: 0.5, radius: 1.0}
gates:
  - sharpness: {}
outputs:
  - {name: "{stem}.png"}
  - {name: "web/{stem}.webp", long_edge: 300}
"""

SLOW_RULE = """
rule: slow
steps:
  - upscale: {factor: 2}
outputs:
  - {name: "{stem}.png"}
"""

SAMPLES = Path(__file__).parents[2] / "sample_hotfolder/in"


ENDING_SECONDS = 0.8
"""What an interpreter may use for its own end, after the books were closed."""


def _cpu_of(daemon: DaemonProcess) -> float:
    """Wait for the end; return the CPU seconds of daemon and workers until then.

    The daemon says the figure when it closes its books; it is held against what the
    kernel counted for it and all its children.
    """
    _, status, usage = os.wait4(daemon.pid, 0)
    daemon.process.returncode = os.waitstatus_to_exitcode(status)
    kernel = usage.ru_utime + usage.ru_stime
    stopped = json.loads(
        next(line for line in daemon.log().splitlines() if '"stopped"' in line)
    )
    said: float = stopped["cpu_s"] + stopped["workers_cpu_s"]
    assert kernel - ENDING_SECONDS < said <= kernel + 0.02
    return said


def _booked(site: Site) -> float:
    on_jobs = site.rows("SELECT sum(cpu_s) FROM step_runs")[0][0]
    on_none = site.rows(
        "SELECT coalesce(sum(CAST(measured AS REAL)), 0) FROM overheads "
        "WHERE category = 'compute'"
    )[0][0]
    return float(on_jobs + on_none)


@pytest.mark.slow
def test_cpu_seconds_add_up_to_what_the_kernel_counted(tmp_path: Path) -> None:
    """P8: forty mixed pictures, two threads: steps, overhead and idle time are all."""
    site = Site(tmp_path, rule=RULE)
    for number in range(10):
        site.drop(3, side=60 + 20 * number)
    for number, sample in enumerate(sorted(SAMPLES.glob("*.[jpw]*"))):
        shutil.copy(sample, site.root / "in" / f"s{number}-{sample.name}")

    counted = _cpu_of(site.start("--once"))

    assert len(site.states()) >= 35
    assert set(site.states()) == {"done", "failed"}
    assert _booked(site) == pytest.approx(counted, rel=0.01)
    on_jobs = site.rows("SELECT sum(cpu_s) FROM step_runs")[0][0]
    assert on_jobs == pytest.approx(counted, rel=0.02)
    assert site.rows("SELECT count(*) FROM step_runs WHERE cpu_s < 0") == [(0,)]


@pytest.mark.slow
def test_work_lost_with_a_worker_is_booked_too(
    site: Site, until: Callable[..., None]
) -> None:
    """P8: the try that died counts as an attempt of its own, the next one too."""
    site.write_rule(SLOW_RULE)
    site.write_settings({})
    site.drop(1, side=1600)
    daemon = site.start("--once")
    until(
        lambda: daemon.workers() and _cpu_seconds(daemon.workers()[0]) > 2.5,
        "the worker is in the middle of it",
        timeout=60,
    )

    os.kill(daemon.workers()[0], signal.SIGKILL)
    counted = _cpu_of(daemon)

    assert site.states() == ["done"]
    tries = site.rows(
        "SELECT attempt, group_concat(step) FROM step_runs WHERE step <> 'overhead' "
        "GROUP BY attempt ORDER BY attempt"
    )
    assert tries == [(1, "unfinished"), (2, "decode,upscale,encode")]
    assert site.rows("SELECT attempts, kept_attempt FROM jobs") == [(2, 2)]
    assert _booked(site) == pytest.approx(counted, rel=0.01)


def _cpu_seconds(pid: int) -> float:
    fields: Any = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
