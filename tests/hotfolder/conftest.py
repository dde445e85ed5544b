"""A hot folder on a real disk with a real ledger; the worker is played by the test."""

from __future__ import annotations

import hashlib
import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from retouchd.delivery.place import Method, sha256_of
from retouchd.hotfolder.handout import Handout
from retouchd.hotfolder.loop import HotFolderLoop
from retouchd.hotfolder.owner import Patience
from retouchd.hotfolder.ownership import Ownership
from retouchd.hotfolder.places import Places, make_tree
from retouchd.hotfolder.recovery import Unfinished, recover
from retouchd.hotfolder.surroundings import Surroundings
from retouchd.hotfolder.takein import TakeIn
from retouchd.jobs.order import Order
from retouchd.ledger.database import Database
from retouchd.ledger.entries import Entry
from retouchd.ledger.folders import Board
from retouchd.ledger.jobs import Journal
from retouchd.rules.schema import Rule
from retouchd.settings import HotFolder, Intake
from retouchd.values import Outcome, Rendition

NOON = 1_795_348_800.0
"""2026-11-22T12:00:00Z."""

DAY = "2026-11-22"

SETTLE = 2.0


def noon() -> float:
    """Return the moment at which all these tests happen."""
    return NOON


@dataclass
class Desk:
    """One hot folder and everything around it.

    Attributes:
        now: the monotonic clock that the test turns.
    """

    places: Places
    database: Database
    journal: Journal
    now: float = 1000.0
    take_in: TakeIn = field(init=False)
    handout: Handout = field(init=False)

    def __post_init__(self) -> None:
        """Begin as a daemon begins."""
        self.restart()

    @property
    def root(self) -> Path:
        """The hot folder."""
        return self.places.folder.path

    @property
    def claims(self) -> Path:
        """Where claimed drops lie."""
        return self.places.claims

    def restart(self) -> None:
        """Forget everything that is only in memory."""
        self.take_in = TakeIn(self.places, self.journal, SETTLE, clock=noon)
        self.handout = Handout(self.places, self.journal, clock=noon)

    def use(self, method: Method) -> None:
        """Move results by *method*, as on another kind of file system."""
        names = self.root / ".retouchd/names"
        names.mkdir(exist_ok=True)
        traits = {
            root: replace(found, method=method, names=names)
            for root, found in self.places.traits.items()
        }
        self.places = replace(self.places, traits=traits)
        self.restart()

    def drop(self, name: str, content: bytes = b"pixels") -> Path:
        """Put a file into ``in/``."""
        path = self.root / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def settle(self) -> list[Entry]:
        """Let the settle time pass and take in what is quiet then."""
        at_once = self.take_in.take(self.now)
        self.now += SETTLE
        return [*at_once, *self.take_in.take(self.now)]

    def claim(self, name: str = "a.jpg", content: bytes = b"pixels") -> Entry:
        """Drop a file and take it in."""
        self.drop(name, content)
        [entry] = self.settle()
        return entry

    def finish(
        self, entry: Entry, *names: str, conflict: str = "suffix"
    ) -> tuple[Entry, Outcome]:
        """Write results as the worker does; return its outcome."""
        renditions = []
        for number, name in enumerate(names or ("a.png",)):
            stage = self.places.stage_for("out") / f"{entry.job}-1-{number}.png"
            stage.write_bytes(f"{entry.job} {name}".encode())
            renditions.append(
                Rendition(
                    output=number,
                    stage=stage,
                    name=name,
                    sha256=sha256_of(stage),
                    bytes=stage.stat().st_size,
                    width=1,
                    height=1,
                    conflict="fail" if conflict == "fail" else "suffix",
                )
            )
        digest = hashlib.sha256(b"pixels").hexdigest()
        return entry, Outcome(
            job=entry.job, rule="r", sha256=digest, renditions=tuple(renditions)
        )

    def stage(self, entry: Entry, *names: str) -> None:
        """Bring a claimed job to STAGED."""
        self.handout.stage([self.finish(entry, *names)])

    def fail(self, entry: Entry, error: str = "it is broken") -> Outcome:
        """Make the outcome of a job that failed."""
        return Outcome(job=entry.job, error=error, hint="repair it")

    def recover(self) -> Unfinished:
        """Start again after a crash: read the journal and mend."""
        self.restart()
        return recover(self.places, self.journal, NOON, frozenset())

    def roll_forward(self) -> Unfinished:
        """Start again after a crash and finish what was begun."""
        found = self.recover()
        for staged in found.to_deliver:
            self.handout.deliver(staged)
        for failing in found.to_quarantine:
            self.handout.quarantine(*failing)
        self.handout.book()
        return found

    def state(self, entry: Entry) -> str:
        """Return the coarse state of a job; empty: there is no such job."""
        rows = self.database.rows("SELECT state FROM jobs WHERE id = ?", [entry.job])
        return str(rows[0]["state"]) if rows else ""

    def tree(self) -> dict[str, bytes]:
        """Return every file of the hot folder but marker and owner's record."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
            and path.name != "marker.json"
            and path.parent.name != "owner"
        }


@pytest.fixture
def folder(tmp_path: Path) -> HotFolder:
    """An initialised hot folder."""
    made = HotFolder(name="hot", path=tmp_path / "hot", rules=("r",))
    made.path.mkdir()
    make_tree(made)
    return made


@pytest.fixture
def desk(folder: HotFolder, tmp_path: Path) -> Iterator[Desk]:
    """The open hot folder with its ledger."""
    with Database.open(tmp_path / "ledger.db") as database:
        ownership = Ownership("our ledger", Patience(), takeover=False)
        places = Places.open(folder, ownership, 0.0)
        yield Desk(places, database, Journal(database))
        places.close()


@pytest.fixture
def day() -> str:
    """The folder below ``done/`` and ``failed/`` on the day of these tests."""
    return DAY


PATIENCE_SECONDS = 60.0


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something that the thread does."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@dataclass
class Life:
    """A living hot folder; the test plays its worker."""

    folder: HotFolder
    database: Database
    orders: queue.SimpleQueue[Order] = field(default_factory=queue.SimpleQueue)
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        """Begin to live."""
        self.begin()

    def begin(self, reserve_mb: float = 0.0) -> None:
        """Start the thread, as a new daemon does."""
        around = Surroundings(
            Journal(self.database),
            Board(self.database),
            self.orders.put,
            lambda _: self.rules,
        )
        intake = Intake(
            settle_seconds=0.05,
            rescan_seconds=0.1,
            return_seconds=0.05,
            reserve_mb=reserve_mb,
        )
        self.loop = HotFolderLoop(self.folder, intake, around)
        self.loop.start()

    def end(self) -> None:
        """Stop the thread."""
        self.loop.stop()
        self.loop.join(PATIENCE_SECONDS)

    def drop(self, name: str = "a.jpg") -> None:
        """Put a file into ``in/``."""
        (self.folder.inbox / name).write_bytes(b"pixels")

    def next_order(self) -> Order:
        """Return what the worker is asked to do next."""
        return self.orders.get(timeout=PATIENCE_SECONDS)

    def finish(self, order: Order) -> None:
        """Answer an order with one good result."""
        stage = order.stages["out"].with_name(f"{order.stages['out'].name}-0.png")
        stage.write_bytes(b"result")
        made = Rendition(0, stage, "a.png", sha256_of(stage), 6, 1, 1)
        self.loop.accept(Outcome(job=order.job, rule="r", renditions=(made,)))

    def states(self) -> list[str]:
        """Return the state of each job, oldest first."""
        rows = self.database.rows("SELECT state FROM jobs ORDER BY id")
        return [row["state"] for row in rows]

    def board(self) -> str:
        """Return what people read of the hot folder."""
        rows = self.database.rows("SELECT state FROM hot_folders")
        return str(rows[0]["state"]) if rows else ""

    def reason(self) -> str:
        """Return why the hot folder is not watched."""
        return str(self.database.rows("SELECT reason FROM hot_folders")[0]["reason"])


@pytest.fixture
def life(folder: HotFolder, tmp_path: Path) -> Iterator[Life]:
    """A hot folder whose thread runs, and looks for a lost share often."""
    with Database.open(tmp_path / "ledger.db") as database:
        made = Life(folder, database)
        yield made
        made.end()


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait for something that the folder's thread does."""
    return wait_until
