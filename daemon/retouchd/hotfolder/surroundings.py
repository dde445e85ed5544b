"""What a hot folder needs of the daemon around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from retouchd.jobs.cost_guide import CostGuide
from retouchd.jobs.order import Order
from retouchd.ledger.folders import Board
from retouchd.ledger.jobs import Journal
from retouchd.rules.schema import Rule
from retouchd.settings import Review


@dataclass(frozen=True)
class Surroundings:
    """What a hot folder needs of the daemon around it.

    Attributes:
        journal: of all hot folders.
        board: where people read how each hot folder is.
        submit: gives an order to the worker pool.
        rules: returns the rules of this hot folder as they hold now for the drop of
            this name below ``in/``.
        takeover: whether to take the root over at once from a daemon that is silent.
        guide: returns what work costs, for jobs that may try again.
        times: what the verdicts of people cost that nobody timed.
    """

    journal: Journal
    board: Board
    submit: Callable[[Order], None]
    rules: Callable[[str], tuple[Rule, ...]]
    takeover: bool = False
    guide: Callable[[], CostGuide] = CostGuide
    times: Review = field(default_factory=Review)
