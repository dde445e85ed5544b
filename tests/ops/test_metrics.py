"""Metrics as Prometheus reads them: a real socket, a real ledger, the real parser."""

from __future__ import annotations

import http.client
import io
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from retouchd.errors import ConfigError
from retouchd.ledger.database import Database
from retouchd.ledger.idle import book_idle
from retouchd.ledger.prices import current
from retouchd.ledger.usage import book_charges, book_usage
from retouchd.log import get_logger, set_up
from retouchd.ops.metrics import Figures, MetricsServer
from retouchd.timestamps import utc
from retouchd.values import StepRun

NOON = 1_795_000_000.0


@dataclass
class Folder:
    """A hot folder as metrics see it."""

    name: str = "shots"
    is_paused: bool = False
    waiting: int = 3
    oldest_wait: float = 7.5
    scans: int = 4


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Database]:
    """A new ledger with the default prices."""
    with Database.open(tmp_path / "ledger.db") as database:
        yield database


@pytest.fixture
def address(tmp_path: Path) -> Path:
    """A socket in a folder that exists."""
    return tmp_path / "metrics.sock"


def _add_job(
    ledger: Database, job: str, state: str, arrived: float, cpu_s: float = 0.0
) -> None:
    row = {
        "id": job,
        "hot_folder": "shots",
        "source_name": "a.jpg",
        "state": state,
        "arrived_at": utc(arrived),
    }

    def work(db: Any) -> None:
        db.table("jobs").insert(row)
        if cpu_s:
            runs = [
                StepRun("grade", device="cpu", wall_ms=500.0, cpu_s=cpu_s, joules=7.0)
            ]
            book_usage(db, job, runs, [], [], at=utc(arrived))
            book_charges(db, job, current(db, utc(arrived)), utc(arrived))

    ledger.write(work).result()


def _scrape(address: Path) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and its values of labels, in their order."""
    connection = http.client.HTTPConnection("localhost", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(address))
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _serve(
    ledger: Database, address: Path, folder: Folder, away: tuple[str, ...] = ()
) -> MetricsServer:
    figures = Figures(ledger, [folder], lambda: away, lambda: 2, clock=lambda: NOON)
    return MetricsServer(address, figures)


def test_tells_of_folders_jobs_and_the_oldest_drop(
    ledger: Database, address: Path
) -> None:
    """Queue, age and states come out as they stand in ledger and folder."""
    _add_job(ledger, "a", "done", NOON - 900)
    _add_job(ledger, "b", "queued", NOON - 60)
    server = _serve(ledger, address, Folder())

    found = _scrape(address)
    server.stop()

    assert found["retouchd_jobs", "shots", "done"] == 1
    assert found["retouchd_jobs", "shots", "queued"] == 1
    assert found["retouchd_drops_waiting", "shots"] == 3
    assert found["retouchd_oldest_drop_seconds", "shots"] == 60
    assert found["retouchd_hot_folder_up", "shots"] == 1
    assert found["retouchd_rescans_total", "shots"] == 4
    assert found["retouchd_worker_restarts_total",] == 2
    assert found["retouchd_process_resident_memory_bytes",] > 1e6


def test_a_clock_set_back_gives_no_negative_age(
    ledger: Database, address: Path
) -> None:
    """Ages come from the ledger's wall clock and may not go below what was seen."""
    _add_job(ledger, "a", "queued", NOON + 3600)
    server = _serve(ledger, address, Folder(oldest_wait=7.5))

    found = _scrape(address)
    server.stop()

    assert found["retouchd_oldest_drop_seconds", "shots"] == 7.5


def test_counts_each_booked_row_once(ledger: Database, address: Path) -> None:
    """Counters start at zero with the daemon and grow by what is booked."""
    _add_job(ledger, "old", "done", NOON, cpu_s=9.0)
    server = _serve(ledger, address, Folder())
    before = _scrape(address)
    _add_job(ledger, "new", "done", NOON, cpu_s=2.0)

    _scrape(address)
    after = _scrape(address)
    server.stop()

    assert ("retouchd_steps_total", "cpu", "grade") not in before
    assert after["retouchd_steps_total", "cpu", "grade"] == 1
    assert after["retouchd_step_seconds_total", "cpu", "grade"] == 0.5
    assert after["retouchd_step_cpu_seconds_total", "cpu", "grade"] == 2.0
    assert after["retouchd_step_joules_total", "cpu", "grade"] == 7.0
    assert 0 < after["retouchd_cost_total", "compute", "USD"] < 0.01


def test_agrees_with_the_log(ledger: Database, address: Path) -> None:
    """A trouble that is logged is counted by the same word."""
    set_up("json", stream=io.StringIO())
    server = _serve(ledger, address, Folder(), away=("shots",))
    key = ("retouchd_log_events_total", "share_down", "error")
    before = _scrape(address).get(key, 0.0)

    get_logger().error("share_down", hot_folder="shots")
    get_logger().info("delivered")
    after = _scrape(address)
    server.stop()

    assert after[key] == before + 1
    assert not any("delivered" in one for one in after)
    assert after["retouchd_hot_folder_up", "shots"] == 0


def test_takes_over_the_socket_of_a_killed_daemon(
    ledger: Database, address: Path
) -> None:
    """A socket left behind is replaced; at the end it is removed."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(address))

    server = _serve(ledger, address, Folder())
    mode = stat.S_IMODE(address.stat().st_mode)
    found = _scrape(address)
    server.stop()

    assert found
    assert mode == 0o660
    assert not address.exists()


def test_never_removes_what_is_no_socket(ledger: Database, address: Path) -> None:
    """A mistyped path must not cost a file."""
    address.write_text("precious")

    with pytest.raises(ConfigError, match="cannot be served"):
        _serve(ledger, address, Folder())

    assert address.read_text() == "precious"


def test_a_silent_client_stops_nobody(ledger: Database, address: Path) -> None:
    """One connection that says nothing leaves the next one served."""
    server = _serve(ledger, address, Folder())

    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(address))
        found = _scrape(address)
    server.stop()

    assert found


def test_serves_on_a_port_too(ledger: Database) -> None:
    """Loopback TCP is for scrapers that cannot read a socket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    figures = Figures(ledger, [Folder()], lambda: (), lambda: 0)
    server = MetricsServer(("127.0.0.1", port), figures)

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    server.stop()

    assert "retouchd_drops_waiting" in text


def test_tells_what_share_of_each_budget_is_spent(ledger: Database) -> None:
    """Folders without a budget have no such figure."""
    figures = Figures(ledger, [], lambda: (), lambda: 0, lambda: {"shots": 0.85})

    samples = [
        (sample.labels, sample.value)
        for family in figures.collect()
        for sample in family.samples
        if sample.name == "retouchd_budget_spent_ratio"
    ]

    assert samples == [({"hot_folder": "shots"}, 0.85)]


def test_time_on_no_job_is_a_step_of_its_own(ledger: Database, address: Path) -> None:
    """P8: what the daemon used while it waited is counted beside the steps of jobs."""
    server = _serve(ledger, address, Folder())
    span = utc(NOON - 60), utc(NOON)

    book_idle(ledger, 1.5, 6.0, span, estimated=True).result()

    after = _scrape(address)
    server.stop()

    assert after["retouchd_step_cpu_seconds_total", "cpu", "idle"] == 1.5
    assert after["retouchd_step_joules_total", "cpu", "idle"] == 6.0
    assert after["retouchd_cost_total", "compute", "USD"] > 0
