"""What a worker is asked to do."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retouchd.jobs.cost_guide import CostGuide
from retouchd.rules.schema import Rule
from retouchd.settings import Then
from retouchd.values import Destination, Drop, Region, Tier


@dataclass(frozen=True)
class Order:
    """What a worker is asked to do.

    Attributes:
        job: id of the job.
        drop: the claimed file.
        rules: the hot folder's rules, in the order in which they are tried.
        stages: by destination, the path prefix of the outputs; ``-0.png`` and so on
            is added. Results are staged on the file system where they will lie.
        tier: overrides the tier of the rule (``try --tier``): one attempt at exactly
            this one.
        arrived_at: seconds since the epoch, for the fields of name templates.
        sequence: running number of the drop in its hot folder, likewise.
        spent: the budget is spent, and this is what the hot folder says for rules that
            say nothing themselves; ``None``: enough is left.
        regions: tagged areas beside those of the file (`review fix`).
        guide: what another attempt would cost.
        daemon: whose order it is: a word that no other daemon has, restarted or not.
    """

    job: str
    drop: Drop
    rules: tuple[Rule, ...]
    stages: Mapping[Destination, Path]
    tier: Tier | None = None
    arrived_at: float = field(default_factory=time.time)
    sequence: int = 1
    spent: Then | None = None
    regions: tuple[Region, ...] = ()
    guide: CostGuide = field(default_factory=CostGuide)
    daemon: str = ""
