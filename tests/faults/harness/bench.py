"""One hot folder that is made anew for every case, broken, recovered and judged."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor import Delivery, Verdict, audit, deliveries_in, make_input
from harness.driver import Driver, Life
from harness.shim import Arm, Call, Method
from harness.site import COPY_RULE, THREE_RULE, Site

MOST_RECOVERIES = 4
"""Lives after which a folder must be at rest; one is enough but for a broken ledger."""

HASTY_SETTINGS = {
    "intake": {
        "settle_seconds": 0.004,
        "rescan_seconds": 0.05,
        "return_seconds": 0.02,
        "reserve_mb": 0,
        # A watcher takes half a second to stop.
        "watch": "scan",
    },
    "worker": {"threads": 1, "device": "cpu", "memory_gb": 1.0},
}


@dataclass(frozen=True)
class Shape:
    """How many files are dropped, and how many outputs each has."""

    count: int
    outputs: int

    def __str__(self) -> str:
        return f"{self.count}x{self.outputs}"


THREE_JOBS = Shape(3, 1)
THREE_OUTPUTS = Shape(1, 3)

METHODS: tuple[Method, ...] = ("rename", "link", "reserve")
"""How file systems hand a file out, of those that the daemon can use."""

MAY_BE_HELD: dict[Method, int] = {"rename": 0, "link": 1, "reserve": 0}
"""Jobs in flight that nobody can judge after a crash: where two steps hand them out."""

FOREIGN_MARK = 1_000_000
"""Marks from here on are of files that are not the daemon's; none may be touched."""

EVERY_CASE = [
    (shape, method) for shape in (THREE_JOBS, THREE_OUTPUTS) for method in METHODS
]


class Bench:
    """Breaks and judges one hot folder, case by case.

    Attributes:
        more_rule: lines that the rule has besides its outputs.

    Args:
        driver: lives the lives.
        base: configuration, rules and the templates of a fresh folder.
        shape: what is dropped.
        method: what the file system is made to offer.
        root: the hot folder; below *base* where none is named.
        state: folder of the journal; likewise. On another disk for power cuts.
    """

    more_rule = ""

    def __init__(
        self,
        driver: Driver,
        base: Path,
        shape: Shape,
        method: Method = "rename",
        root: Path | None = None,
        state: Path | None = None,
    ) -> None:
        self.driver = driver
        self.shape = shape
        self.method = method
        self.state = state or base / "state"
        self.site = Site(
            base,
            roots=[root or base / "hot"],
            rule=(COPY_RULE if shape.outputs == 1 else THREE_RULE) + self.more_rule,
            settings=HASTY_SETTINGS | {"database": str(self.state / "retouchd.db")},
        )
        self._template = base / "template"
        self.state.mkdir(exist_ok=True)
        self._must_be_idle(self.live())
        self.inputs = self.site.drop(shape.count)
        self._happened()
        # The name of the first result is taken already.
        self._foreign: list[Delivery] = []
        self.intrude("p00001.png")
        shutil.copytree(self.root, self._template / "root")
        shutil.copytree(self.state, self._template / "state")

    def _happened(self) -> None:
        """Let happen what comes before the life that is broken."""

    @property
    def root(self) -> Path:
        """The hot folder."""
        return self.site.root

    def reset(self) -> None:
        """Make folder and journal as before the first drop was taken in."""
        for folder, name in ((self.root, "root"), (self.state, "state")):
            _empty(folder)
            shutil.copytree(self._template / name, folder, dirs_exist_ok=True)
        self._foreign = self._foreign_in(deliveries_in(self.root))

    def intrude(self, name: str = "p00001-2.png") -> None:
        """Put a file of somebody else into ``out/``, unless that name is taken.

        The name is the one that the first result will have or has been promised.
        """
        path = self.root / "out" / name
        if not path.exists():
            make_input(path, FOREIGN_MARK + len(self._foreign))
        self._foreign = self._foreign_in(deliveries_in(self.root))

    @staticmethod
    def _foreign_in(deliveries: Sequence[Delivery]) -> list[Delivery]:
        return [one for one in deliveries if (one.mark or 0) >= FOREIGN_MARK]

    def live(self, arm: Arm | None = None, *, mutant: str = "") -> Life:
        """Live one life; ``at``, ``how`` and so on by *arm*."""
        arm = arm or Arm()
        arm = Arm(arm.at, arm.how, arm.error, self.method)
        roots = [self.root, self.state]
        return self.driver.run(self.site.config, roots, arm, mutant=mutant)

    def recover(self, *, mutant: str = "") -> list[Life]:
        """Live on, unharmed, until all is done.

        Raises:
            AssertionError: the daemon does not come to rest.
        """
        lives: list[Life] = []
        while not lives or lives[-1].status != "idle":
            assert len(lives) < MOST_RECOVERIES, [life.status for life in lives]
            lives.append(self.live(mutant=mutant))
            # The service manager restarts what ended; nothing else may happen.
            assert lives[-1].status in ("idle", "ended"), lives[-1].status
        return lives

    def judge(self, deliveries: Sequence[Delivery] | None = None) -> Verdict:
        """Ask the auditor, and ask SQLite whether the journal is sound.

        Raises:
            AssertionError: something is lost, duplicated, half or left lying about.
        """
        lying = deliveries_in(self.root)
        if deliveries is None:
            deliveries = lying
            assert self._foreign_in(lying) == self._foreign, "a file of others changed"
        verdict = audit(
            self.inputs,
            root=self.root,
            deliveries=[one for one in deliveries if (one.mark or 0) < FOREIGN_MARK],
            outputs=self.shape.outputs,
        )
        assert verdict.is_clean, str(verdict)
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        return verdict

    def judge_exact(
        self,
        deliveries: Sequence[Delivery] | None = None,
        *,
        may_be_held: int | None = None,
    ) -> Verdict:
        """Judge, and see that everything was delivered but what must be held.

        Args:
            deliveries: what a consumer saw; ``None``: what lies there now.
            may_be_held: at most so many jobs; ``None``: as after a kill.

        Raises:
            AssertionError: likewise.
        """
        most = MAY_BE_HELD[self.method] if may_be_held is None else may_be_held
        verdict = self.judge(deliveries)
        assert verdict.held <= most, str(verdict)
        assert verdict.right + verdict.held == self.shape.count, str(verdict)
        return verdict

    def must_be_at_rest(self, *, mutant: str = "") -> None:
        """Recover once more and see that nothing changes.

        Raises:
            AssertionError: a file or a job changed.
        """
        before = self._snapshot()
        self._must_be_idle(self.live(mutant=mutant))
        after = self._snapshot()
        assert after == before, f"a second recovery changed {_changes(before, after)}"

    def rows(self, sql: str) -> list[Any]:
        """Ask the journal."""
        with closing(sqlite3.connect(self.state / "retouchd.db")) as db:
            return db.execute(sql).fetchall()

    def seen(self, calls: Sequence[Call]) -> Counter[str]:
        """Count durable calls by name and by the places they touch."""
        return Counter(
            " ".join([call.name, *map(self._place_of, call.paths)]) for call in calls
        )

    def _place_of(self, path: str) -> str:
        if Path(path).is_relative_to(self.state):
            return "journal"
        parts = Path(path).relative_to(self.root).parts
        top = parts[1:2] if parts[:1] == (".retouchd",) else parts[:1]
        return top[0] if top else "root"

    def _must_be_idle(self, life: Life) -> None:
        assert life.status == "idle", f"{life.status}: see {life.log}"

    def _snapshot(self) -> dict[str, Any]:
        """Everything that a recovery could change: files, jobs, deliveries, events."""
        paths = {
            path.relative_to(self.root): path for path in sorted(self.root.rglob("*"))
        }
        # The owner's record is every daemon's own; claims and stages are the jobs'.
        found: dict[str, Any] = {
            str(name): _facts(path)
            for name, path in paths.items()
            if ".retouchd" not in name.parts or {"claims", "tmp"} & set(name.parts)
        }
        for table in ("jobs", "deliveries", "events"):
            found[table] = self.rows(f"SELECT * FROM {table} ORDER BY 1, 2")
        return found


def _facts(path: Path) -> tuple[int, ...]:
    facts = path.lstat()
    if path.is_dir():
        return (0,)
    return (facts.st_ino, facts.st_size, facts.st_mtime_ns)


def _changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    names = sorted(
        name for name in before | after if before.get(name) != after.get(name)
    )
    return ", ".join(names)


def _empty(folder: Path) -> None:
    """Remove all but *folder* itself, which may be a mount point."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
