"""Figures for Prometheus, on a Unix socket or a port of this machine alone."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry, MetricsHandler, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from retouchd.errors import ConfigError, Problem
from retouchd.ledger.bookings import Bookings, oldest_arrivals
from retouchd.ledger.database import Database
from retouchd.ledger.views import state_rows
from retouchd.log import troubles
from retouchd.settings import SocketAddress

CLIENT_SECONDS = 10.0
"""How long a client may take to send its request; then it is cut off."""

STOP_SECONDS = 0.1
"""How soon the server notices that it shall stop."""

SOCKET_MODE = 0o660
"""The daemon's user and group may read figures; others may not."""


class Folder(Protocol):
    """What is asked of a hot folder; each answer comes at once, also while it hangs.

    Attributes:
        is_paused: whether it takes nothing in.
        waiting: files in ``in/`` that are not taken yet.
        oldest_wait: seconds since the oldest of them was first seen.
        scans: how often the inbox was looked through.
    """

    @property
    def name(self) -> str: ...  # noqa: D102  (see the class)
    @property
    def is_paused(self) -> bool: ...  # noqa: D102
    @property
    def waiting(self) -> int: ...  # noqa: D102
    @property
    def oldest_wait(self) -> float: ...  # noqa: D102
    @property
    def scans(self) -> int: ...  # noqa: D102


class Figures(Collector):
    """Collects everything at the moment somebody asks.

    What was booked comes from the ledger, so metrics and reports agree; what only the
    running daemon knows comes from its parts; troubles are counted where they are
    logged, so metrics and log agree.

    Args:
        database: the ledger.
        folders: all hot folders.
        away: names those whose share is away or does not answer.
        worker_restarts: how often the worker process was replaced after it died.
        budgets: by hot folder, what share of its budget is spent.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        folders: Sequence[Folder],
        away: Callable[[], Collection[str]],
        worker_restarts: Callable[[], int],
        budgets: Callable[[], Mapping[str, float]] = dict,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._folders = folders
        self._away = away
        self._worker_restarts = worker_restarts
        self._budgets = budgets
        self._clock = clock
        self._bookings = Bookings(database)
        self._one_at_a_time = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        """Yield every family of metrics."""
        with self._one_at_a_time:
            yield from self._of_folders()
            yield from self._of_jobs()
            yield from self._of_troubles()
            self._bookings.refresh()
            yield from self._of_steps()
            yield from self._of_costs()

    def _of_folders(self) -> Iterator[Metric]:
        up = _gauge("retouchd_hot_folder_up", "1 while the share is there.")
        paused = _gauge("retouchd_hot_folder_paused", "1 while nothing is taken in.")
        waiting = _gauge("retouchd_drops_waiting", "Files in in/ not taken yet.")
        oldest = _gauge(
            "retouchd_oldest_drop_seconds", "Age of the oldest drop not yet finished."
        )
        scans = CounterMetricFamily(
            "retouchd_rescans", "Looks through the inbox.", labels=["hot_folder"]
        )
        arrivals, away = oldest_arrivals(self._database), self._away()
        for folder in self._folders:
            label = [folder.name]
            up.add_metric(label, float(folder.name not in away))
            paused.add_metric(label, float(folder.is_paused))
            waiting.add_metric(label, folder.waiting)
            age = max(folder.oldest_wait, self._age(arrivals.get(folder.name)))
            oldest.add_metric(label, age)
            scans.add_metric(label, folder.scans)
        yield from (up, paused, waiting, oldest, scans)

    def _age(self, arrived_at: str | None) -> float:
        """Return the seconds since a time of the ledger; a clock set back gives 0."""
        if arrived_at is None:
            return 0.0
        arrived = datetime.fromisoformat(arrived_at).astimezone(UTC).timestamp()
        return max(0.0, self._clock() - arrived)

    def _of_jobs(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily(
            "retouchd_jobs", "Jobs by state.", labels=["hot_folder", "state"]
        )
        for row in state_rows(self._database):
            jobs.add_metric([row["hot_folder"], row["state"]], row["jobs"])
        yield jobs

    def _of_troubles(self) -> Iterator[Metric]:
        counted = troubles()
        logged = CounterMetricFamily(
            "retouchd_log_events",
            "Warnings and errors in the log, by event.",
            labels=["event", "level"],
        )
        for (event, level), count in sorted(counted.items()):
            logged.add_metric([event, level], count)
        yield logged
        yield CounterMetricFamily(
            "retouchd_events_lost",
            "Times the kernel dropped file events; the folder was scanned instead.",
            value=sum(n for (event, _), n in counted.items() if event == "events_lost"),
        )
        yield CounterMetricFamily(
            "retouchd_worker_restarts",
            "Times the worker process died and was replaced.",
            value=self._worker_restarts(),
        )

    def _of_steps(self) -> Iterator[Metric]:
        families = {
            attribute: CounterMetricFamily(name, text, labels=["step", "device"])
            for attribute, name, text in (
                ("runs", "retouchd_steps", "Steps run."),
                ("wall_s", "retouchd_step_seconds", "Wall time of steps."),
                ("cpu_s", "retouchd_step_cpu_seconds", "Processor time of steps."),
                ("gpu_s", "retouchd_step_gpu_seconds", "GPU time of steps."),
                ("joules", "retouchd_step_joules", "Energy of steps."),
            )
        }
        for labels, sums in sorted(self._bookings.steps.items()):
            for attribute, family in families.items():
                family.add_metric(list(labels), getattr(sums, attribute))
        yield from families.values()

    def _of_costs(self) -> Iterator[Metric]:
        cost = CounterMetricFamily(
            "retouchd_cost",
            "Booked cost; reports have it exactly.",
            labels=["category", "currency"],
        )
        for labels, amount in sorted(self._bookings.costs.items()):
            cost.add_metric(list(labels), float(amount))
        unpriced = CounterMetricFamily(
            "retouchd_unpriced", "Booked usage without a price.", labels=["category"]
        )
        for category, count in sorted(self._bookings.unpriced.items()):
            unpriced.add_metric([category], count)
        spent = _gauge(
            "retouchd_budget_spent_ratio", "Share of the budget that is spent; 1: all."
        )
        for name, share in sorted(self._budgets().items()):
            spent.add_metric([name], share)
        yield from (cost, unpriced, spent)


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=["hot_folder"])


class _PortServer(ThreadingHTTPServer):
    daemon_threads = True


class _SocketServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class _Handler(MetricsHandler):
    timeout = CLIENT_SECONDS


class MetricsServer:
    """Answers scrapes in threads of its own until it is stopped.

    Args:
        address: a socket's path, or host and port.
        figures: what is served, beside the figures of the process itself.

    Raises:
        ConfigError: the address cannot be used.
    """

    def __init__(self, address: SocketAddress, figures: Collector) -> None:
        self._address = address
        registry = CollectorRegistry()
        registry.register(figures)
        ProcessCollector(namespace="retouchd", registry=registry)
        handler = _Handler.factory(registry)
        try:
            self._server = _listen(address, handler)
        except OSError as error:
            raise ConfigError(
                Problem(
                    f"metrics cannot be served at {_spoken(address)}: {error.strerror}",
                    hint="choose another address, or stop what uses it",
                    key="metrics.listen",
                )
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            args=(STOP_SECONDS,),
            name="metrics",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Take the address down."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if isinstance(self._address, Path):
            self._address.unlink(missing_ok=True)


def _listen(address: SocketAddress, handler: type) -> socketserver.BaseServer:
    if not isinstance(address, Path):
        return _PortServer(address, handler)
    # A killed daemon leaves its socket behind; only a socket is ever taken away.
    with suppress(FileNotFoundError):
        if address.is_socket():
            address.unlink()
    server = _SocketServer(str(address), handler)
    address.chmod(SOCKET_MODE)
    return server


def _spoken(address: SocketAddress) -> str:
    return str(address) if isinstance(address, Path) else ":".join(map(str, address))
