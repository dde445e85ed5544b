"""What a hot folder asks the worker: rules for this very drop, and costs if wanted."""

from __future__ import annotations

from typing import Any

import pytest

from retouchd.hotfolder.loop import HotFolderLoop
from retouchd.hotfolder.surroundings import Surroundings
from retouchd.jobs.cost_guide import CostGuide, Rates
from retouchd.ledger.folders import Board
from retouchd.ledger.jobs import Journal
from retouchd.rules.escalate import Escalate
from retouchd.rules.schema import Output, Rule
from retouchd.settings import Intake

GUIDE = CostGuide(Rates("EUR"))


@pytest.fixture
def asked(life: Any) -> list[str]:
    """Let the hot folder ask for rules by name: those of hero/ may climb."""
    life.end()
    names: list[str] = []

    def rules(name: str) -> tuple[Rule, ...]:
        names.append(name)
        escalate = Escalate(to="hero") if name.startswith("hero/") else None
        return (Rule(rule="r", escalate=escalate, outputs=(Output(name="a.png"),)),)

    around = Surroundings(
        Journal(life.database),
        Board(life.database),
        life.orders.put,
        rules,
        guide=lambda: GUIDE,
    )
    intake = Intake(settle_seconds=0.05, rescan_seconds=0.1, reserve_mb=0.0)
    life.loop = HotFolderLoop(life.folder, intake, around)
    life.loop.start()
    return names


def test_rules_are_those_of_the_drops_folder(life: Any, asked: list[str]) -> None:
    """A sub-folder may be the name of a goal; only who may climb needs the costs."""
    (life.folder.inbox / "hero").mkdir()
    life.drop("hero/a.jpg")
    climbing = life.next_order()
    life.finish(climbing)
    life.drop("b.jpg")
    plain = life.next_order()
    life.finish(plain)

    assert {"hero/a.jpg", "b.jpg"} <= set(asked)
    assert climbing.rules[0].escalate == Escalate(to="hero")
    assert plain.rules[0].escalate is None
    assert (climbing.guide, plain.guide) == (GUIDE, CostGuide())
