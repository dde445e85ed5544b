"""The worker process: threads that run orders, and nothing that outlives its parent."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

from retouchd.delivery.place import Durability
from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.values import Outcome


@dataclass(frozen=True)
class WorkerPlan:
    """Everything a worker needs to know; sent to it when it is spawned.

    Attributes:
        threads: how many jobs run at the same time.
        models: folders of models, the first wins.
        runtime: device and fallback policy of ONNX Runtime.
        limits: what a file may claim of itself.
        memory_bytes: budget of all jobs together.
        max_jobs: the worker is renewed after so many.
    """

    threads: int
    models: tuple[Path, ...]
    runtime: Runtime
    limits: Limits
    memory_bytes: int
    max_jobs: int


@dataclass(frozen=True)
class Begun:
    """A worker thread took a job up, or went on to another step of it."""

    job: str
    step: str = ""


@dataclass(frozen=True)
class Finished:
    """A job ended; *syncs* counts the fsync calls of this worker so far."""

    outcome: Outcome
    syncs: int


Message = Begun | Finished


def run_worker(link: Connection, plan: WorkerPlan) -> None:
    """Run orders from *link* until it closes; the body of the worker process.

    When the parent is gone the link closes and the process ends at once, in the
    middle of whatever it does: a worker's files count only when they are reported.
    """
    # Ctrl-C reaches the whole terminal group; only the supervisor decides to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    lock = Lock()

    def send(message: Message) -> None:
        with lock:
            link.send(message)

    runner = Runner(
        Shelf(plan.models, plan.runtime),
        plan.limits,
        MemoryBudget(plan.memory_bytes),
        progress=lambda job, step: send(Begun(job, step)),
    )

    def work(order: Order) -> None:
        send(Begun(order.job))
        outcome = runner.run(order)
        send(Finished(outcome, Durability.calls))

    pool = ThreadPoolExecutor(plan.threads, thread_name_prefix="job")
    try:
        while True:
            pool.submit(work, link.recv())
    except (EOFError, OSError):
        os._exit(0)
