"""A bench on two disks that lose power together: journal and folders apart."""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench import Bench
from harness.shim import Arm, How
from mounts.disk import Loop

DISK_MEGABYTES = 64
"""Of each disk, as a sparse file."""


@dataclass(frozen=True)
class Cabinet:
    """A bench whose folders and journal lie on two disks that lose power together."""

    bench: Bench
    disks: tuple[Loop, ...]

    def reset(self) -> None:
        """Begin anew, with everything so far safely on disk."""
        self.bench.reset()
        for disk in self.disks:
            disk.sync()

    def live_and_cut(self, at: int, how: How, *, mutant: str = "") -> None:
        """Live until durable call *at*, cut both disks there, power up again.

        The daemon is killed first: a cut takes milliseconds in which its other threads
        would go on. What the kernel holds of a killed process is lost all the same.
        """
        life = self.bench.live(Arm(at, how), mutant=mutant)
        assert life.status == "killed", life.status
        for disk in self.disks:
            disk.cut()
        for disk in self.disks:
            disk.power_up()
