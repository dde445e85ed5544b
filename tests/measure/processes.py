"""Reads the memory of a running daemon and of its worker from /proc."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class MemoryWatch:
    """Collects memory of a daemon while it runs; give ``look`` to ``Workplace.run``.

    Attributes:
        supervisor_peak, worker_peak: largest resident bytes, kept by the kernel.
        samples: finished drops and the worker's resident bytes at that moment.
        done: folder that receives an original per finished drop.
    """

    done: Path
    supervisor_peak: int = 0
    worker_peak: int = 0
    samples: list[tuple[int, int]] = field(default_factory=list)

    def look(self, daemon: int) -> None:
        """Take one sample of the process *daemon* and its children."""
        peak, _ = memory_of(daemon)
        self.supervisor_peak = max(self.supervisor_peak, peak)
        workers = [memory_of(child) for child in children_of(daemon)]
        # multiprocessing keeps a small resource tracker beside the worker.
        peak, resident = max(workers, default=(0, 0))
        self.worker_peak = max(self.worker_peak, peak)
        if resident:
            finished = sum(path.suffix == ".jpg" for path in self.done.rglob("*"))
            self.samples.append((finished, resident))


def children_of(process: int) -> list[int]:
    """Return the process ids of the children of *process*."""
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def memory_of(process: int) -> tuple[int, int]:
    """Return peak and present resident bytes of *process*; zeros when it is gone."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0, 0
    facts = dict(line.split(":", 1) for line in text.splitlines())
    peak, resident = (
        int(facts.get(name, "0 kB").split()[0]) * 1024 for name in ("VmHWM", "VmRSS")
    )
    return peak, resident
