"""Each gate finds defects planted into our renders, and leaves sound ones alone.

The scripts of ``tests/measure/gates`` say the same of hundreds of photographs.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from retouchd.gates import known_gates

SCRIPTS = Path(__file__).resolve().parents[1] / "measure" / "gates"
OPTIONS = {"brand_colour": {"colours": ("#d4213d", "#00704a", "#1a4fa0")}}
VALIDATED = sorted(
    path.stem for path in SCRIPTS.glob("*.py") if path.stem in known_gates()
)


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder of the scripts as a place to import from."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        if (
            getattr(sys.modules[name], "__file__", None)
            and SCRIPTS in Path(str(sys.modules[name].__file__)).parents
        ):
            del sys.modules[name]


def _load(name: str) -> ModuleType:
    return importlib.import_module(name)


@pytest.mark.usefixtures("scripts")
@pytest.mark.parametrize("name", VALIDATED)
def test_tells_planted_defects_from_sound_pictures(name: str) -> None:
    """Nearly all strong defects are found, and no sound picture is turned down."""
    cases = _load(name).cases(None)
    gate = known_gates()[name](**OPTIONS.get(name, {}))

    found, alarms, rows = _load("planted").measure(gate, cases)

    assert len(rows) >= 8
    assert found >= 0.8, rows
    assert alarms == 0, rows
