"""Says what energy CPU and GPU seconds took: counted by the machine, else estimated."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from retouchd.models.gpu import NAMELESS, Gpu, energy_counter
from retouchd.values import StepRun

Counter = Callable[[], float]
"""Returns a figure that only grows."""

WINDOW_SECONDS = 1.0
"""Counters are compared over no less: RAPL and NVML count in steps of up to 0.1 s."""

IDLE_LOAD = 0.05
"""A device that is busy for less of the time shows what it takes when idle."""

_TICKS = 100  # of /proc/stat in a second, on every Linux

POWERCAP = Path("/sys/class/powercap")
"""Where the kernel shows the energy counters of the processor."""


class JoulesPerSecond:
    """What each busy second of a device takes, above what the idle device takes.

    Args:
        joules: counts the energy of the device.
        busy: counts its busy seconds, whoever kept it busy.
        capacity: seconds that it can be busy in one second.
        clock: seconds, never set back.
    """

    def __init__(
        self,
        joules: Counter,
        busy: Counter,
        capacity: int = 1,
        clock: Counter = time.monotonic,
    ) -> None:
        self.counters = (clock, joules, busy)
        self._capacity = capacity
        self._seen = self._read()
        self._idle_watts: float | None = None
        self.rate: float | None = None

    def _read(self) -> tuple[float, ...]:
        return tuple(counter() for counter in self.counters)

    def look(self) -> None:
        """Compare the counters with those of the last look, if it was long ago."""
        if self.counters[0]() - self._seen[0] < WINDOW_SECONDS:
            return
        try:
            now = self._read()
        except OSError:  # the driver is being replaced, say: the last rate will do
            return
        seconds, joules, busy = (b - a for a, b in zip(self._seen, now, strict=True))
        self._seen = now
        watts = joules / seconds
        if busy < IDLE_LOAD * self._capacity * seconds:
            lowest = watts if self._idle_watts is None else self._idle_watts
            self._idle_watts = min(lowest, watts)
        else:
            dynamic = watts - (self._idle_watts or 0.0)
            self.rate = max(0.0, dynamic) * seconds / busy


@dataclass(frozen=True)
class Watts:
    """What is assumed where nothing is counted.

    Attributes:
        core: of a busy logical processor.
        gpu: of a busy GPU.
    """

    core: float = 3.5
    gpu: float = 300.0


class Energy:
    """Adds joules to what runs used.

    Args:
        watts: what is assumed where nothing is counted.
        processor: measures the processor; ``None``: it has no counter to read.
    """

    def __init__(
        self, watts: Watts | None = None, processor: JoulesPerSecond | None = None
    ) -> None:
        self._watts = watts or Watts()
        self._processor = processor
        self._gpu: JoulesPerSecond | None = None
        self._gpu_known = NAMELESS
        self._gpu_busy = 0.0

    def used_gpu(self, gpu: Gpu, seconds: float) -> None:
        """Note that workers kept *gpu* busy for *seconds* more."""
        self._gpu_busy += seconds
        if gpu != self._gpu_known:
            self._gpu_known = gpu
            counter = energy_counter(gpu)
            self._gpu = counter and JoulesPerSecond(counter, lambda: self._gpu_busy)

    def look(self) -> None:
        """Read the counters, if the last look was long ago."""
        for device in (self._processor, self._gpu):
            if device is not None:
                device.look()

    def of(self, run: StepRun) -> StepRun:
        """Return *run* with the energy of its CPU and GPU seconds."""
        processor = self._processor.rate if self._processor else None
        gpu = self._gpu.rate if self._gpu else None
        joules = run.cpu_s * (self._watts.core if processor is None else processor)
        joules += run.gpu_s * (self._watts.gpu if gpu is None else gpu)
        is_guess = processor is None or bool(run.gpu_s and gpu is None)
        return replace(run, joules=joules, joules_estimated=is_guess)


def processor_energy(powercap: Path = POWERCAP) -> JoulesPerSecond | None:
    """Find the energy counters of the processor packages; ``None``: none is readable.

    Source: Documentation/power/powercap/powercap.rst; since Linux 5.10 root alone may
    read them, for an attacker could follow what others compute.
    """
    packages = [
        zone
        for zone in sorted(powercap.glob("intel-rapl:*"))
        if zone.name.count(":") == 1 and _is_readable(zone / "energy_uj")
    ]
    if not packages:
        return None
    zones = [_Zone(zone) for zone in packages]
    return JoulesPerSecond(
        lambda: sum(zone.joules() for zone in zones), busy_seconds, _processors()
    )


class _Zone:
    """One package; its counter begins anew when it is full."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "energy_uj"
        self._range = int((folder / "max_energy_range_uj").read_text()) + 1
        self._last = self._read()
        self._total = 0

    def joules(self) -> float:
        now = self._read()
        self._total += (now - self._last) % self._range
        self._last = now
        return self._total / 1e6

    def _read(self) -> int:
        return int(self._file.read_text())


def _is_readable(file: Path) -> bool:
    try:
        file.read_text()
    except OSError:
        return False
    return True


def busy_seconds() -> float:
    """Return the seconds that all processors together worked, for whomever.

    Source: proc(5), /proc/stat: user, nice, system, idle, iowait, irq, softirq.
    """
    first = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    user, nice, system, _, _, irq, softirq = map(int, first[:7])
    return (user + nice + system + irq + softirq) / _TICKS


def _processors() -> int:
    text = Path("/proc/stat").read_text()
    return sum(line[:3] == "cpu" and line[3].isdigit() for line in text.splitlines())
