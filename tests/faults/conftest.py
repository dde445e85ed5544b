"""Faults: what every test here may use, and what may not be skipped."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from harness import process
from harness.bench import Bench, Shape
from harness.driver import Driver
from harness.figures import Figures
from harness.replay import Replay
from harness.review import KINDS
from harness.shim import Method
from harness.site import Site
from harness.sweep import Sweep
from mounts.cabinet import DISK_MEGABYTES, Cabinet
from mounts.disk import Loop

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent

FIGURES = pytest.StashKey[Figures]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options of this folder."""
    group = parser.getgroup("faults")
    group.addoption("--long", action="store_true", help="run the full sizes")
    group.addoption("--replay", default="", help="KEY=VALUE,...: one case again")


def pytest_configure(config: pytest.Config) -> None:
    """Begin a table of figures."""
    config.stash[FIGURES] = Figures(REPOSITORY / "build/faults.jsonl")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave the long tests out unless they are asked for."""
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine cannot do, and say what is missing."""
    for marker in item.iter_markers("needs"):
        missing = [name for name in marker.args if not _is_here(name)]
        if missing:
            pytest.skip(f"needs {', '.join(missing)}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Iterator[None]:
    """Turn a skip into a failure where everything was to be installed."""
    report = (yield).get_result()
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, in CI: {report.longrepr}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the figures of this run."""
    lines = config.stash[FIGURES].lines()
    if lines:
        terminalreporter.section("figures")
    for line in lines:
        terminalreporter.write_line(line)


def _is_here(name: str) -> bool:
    """Tell whether a tool or a Debian package is installed; ``root``: we are it."""
    if name == "root":
        return os.geteuid() == 0
    listings = [*Path("/var/lib/dpkg/info").glob(f"{name}:*.list")]
    listings += [Path(f"/var/lib/dpkg/info/{name}.list")]
    return bool(shutil.which(name)) or any(path.exists() for path in listings)


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Make sites: ``make_site(base=None, roots=, rule=, settings=)``."""
    made: list[Site] = []

    def make(base: Path | None = None, **options: Any) -> Site:
        made.append(Site(base or tmp_path / f"site-{len(made)}", **options))
        return made[-1]

    yield make
    for one in made:
        one.kill_all()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """One hot folder with the rule that copies; its daemons are killed afterwards."""
    return make_site()


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait for something that another process does."""
    return process.until


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Report a row of the table: ``figures("F4", kills=200, lost=0)``."""
    began = time.monotonic()

    def add(fault: str, **numbers: object) -> None:
        request.config.stash[FIGURES].add(fault, began, numbers)

    return add


@pytest.fixture
def replay(request: pytest.FixtureRequest) -> Replay:
    """Print how to run one case again when it fails; see ``Replay``."""
    asked = request.config.getoption("--replay")
    return Replay(
        request.node.nodeid, asked, is_long=request.config.getoption("--long")
    )


@pytest.fixture
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether the full sizes were asked for."""
    return bool(request.config.getoption("--long"))


@pytest.fixture
def memory_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where fsync costs nothing; else an ordinary one."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="retouchd-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """The loaded daemon, of which every case takes a fork."""
    with Driver(tmp_path_factory.mktemp("driver")) as made:
        yield made


@pytest.fixture
def make_bench(driver: Driver, memory_path: Path) -> Callable[..., Bench]:
    """Make a hot folder to break: ``make_bench(shape, method, kind)``, of ``KINDS``."""

    def make(shape: Shape, method: Method = "rename", kind: str = "results") -> Bench:
        return KINDS[kind](driver, memory_path / f"{shape}-{method}", shape, method)

    return make


@pytest.fixture
def sweep(request: pytest.FixtureRequest, replay: Replay) -> Sweep:
    """The cases of one parametrized test; see ``Sweep``."""
    made = Sweep(replay, dict(request.node.callspec.params))
    if not made.is_asked_for:
        pytest.skip("another case was asked for")
    return made


@pytest.fixture
def make_cabinet(
    driver: Driver, tmp_path: Path
) -> Iterator[Callable[[Shape, Method], Cabinet]]:
    """Make benches on disks; the disks go away afterwards, whatever happens."""
    with ExitStack() as mounted:

        def make(shape: Shape, method: Method) -> Cabinet:
            folders, journal = (
                mounted.enter_context(Loop(tmp_path / name, DISK_MEGABYTES))
                for name in ("folders", "journal")
            )
            bench = Bench(
                driver,
                tmp_path / "site",
                shape,
                method,
                root=folders.point / "hot",
                state=journal.point / "state",
            )
            return Cabinet(bench, (folders, journal))

        yield make
