"""The worker's work: threads that run orders, and nothing that outlives its parent."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

from retouchd.delivery.place import Durability
from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.limits import StepLimits
from retouchd.jobs.messages import Finished, Message, OutOfReach
from retouchd.jobs.meter import CpuShares, with_unfinished
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.jobs.sandbox import Confinement
from retouchd.media.clips.encoding import Encoder
from retouchd.models.gpu import first_gpu, gpu_busy
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Rule
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
        max_jobs: the worker is renewed after so many,
        max_seconds: or when it is so old,
        max_resident_bytes: or when it holds so much memory; 0: whatever it holds.
        step_limits: how long steps may take.
        confinement: what the worker may reach.
        fingerprints: file that tells what earlier deliveries look like.
        encoder: what encodes clips.
    """

    threads: int
    models: tuple[Path, ...]
    runtime: Runtime
    limits: Limits
    memory_bytes: int
    max_jobs: int
    max_seconds: float = 86_400.0
    max_resident_bytes: int = 0
    step_limits: StepLimits = field(default_factory=StepLimits)
    confinement: Confinement = field(default_factory=Confinement)
    fingerprints: Path | None = None
    encoder: Encoder = "software"


@dataclass(frozen=True)
class Assignment:
    """An order for a worker.

    Attributes:
        is_final: the worker was started for this order; if it cannot open the folders
            either, another one will not.
    """

    order: Order
    is_final: bool = False


def serve(link: Connection, plan: WorkerPlan) -> None:
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

    shares = CpuShares()
    runner = Runner(
        Shelf(plan.models, plan.runtime),
        plan.limits,
        MemoryBudget(plan.memory_bytes),
        progress=send,
        step_limits=plan.step_limits,
        shares=shares,
        fingerprints=plan.fingerprints,
        encoder=plan.encoder,
        threads=plan.threads,
    )

    def work(task: Assignment) -> None:
        order = task.order
        if not is_out_of_reach(order):
            send(_report(runner.run(order), shares))
        elif task.is_final:
            send(_report(_unreachable(order), shares))
        else:
            send(OutOfReach(order.job))

    pool = ThreadPoolExecutor(plan.threads, thread_name_prefix="job")
    try:
        while True:
            pool.submit(work, link.recv())
    except (EOFError, OSError):
        os._exit(0)


def _report(outcome: Outcome, shares: CpuShares) -> Finished:
    """Tell *outcome*, of the calling thread's job, with what was counted so far."""
    busy = gpu_busy.seconds
    return Finished(
        with_unfinished(outcome, shares.take(), gpu_busy.take()),
        Durability.calls,
        shares.beside,
        first_gpu() if busy else None,
        busy,
    )


def is_out_of_reach(order: Order) -> bool:
    """Whether the sandbox hides a folder or file of *order*.

    Its list was made when the worker started; a share that came later, or that was
    mounted anew, is not on it.
    """
    folders = {order.drop.path.parent, *(path.parent for path in order.stages.values())}
    return any(
        _is_denied(path, os.O_RDONLY | os.O_DIRECTORY) for path in folders
    ) or any(_is_denied(path, os.O_RDONLY) for path in files_of(order.rules))


def files_of(rules: tuple[Rule, ...]) -> Iterator[Path]:
    """Yield the files that steps of *rules* read, such as LUTs."""
    for rule in rules:
        for _, step in rule.steps:
            yield from (value for _, value in step if isinstance(value, Path))


def _unreachable(order: Order) -> Outcome:
    return Outcome(
        job=order.job,
        error="the worker may not open the folders or rule files of this job",
        hint="give the daemon's user the right to read them; a share must answer "
        "within seconds when a worker starts",
        retryable=True,
        errno=errno.EACCES,
    )


def _is_denied(path: Path, flags: int) -> bool:
    try:
        os.close(os.open(path, flags | os.O_NONBLOCK))
    except OSError as error:  # others are the job's own to tell
        return error.errno == errno.EACCES
    return False
