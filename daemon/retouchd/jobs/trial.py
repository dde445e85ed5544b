"""A rule on files, by the code of the daemon's jobs, without folders and ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from retouchd.delivery.move import move_without_overwriting
from retouchd.inspect.sidecars import group
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.clips.part_names import remove_parts
from retouchd.jobs.cost_guide import CostGuide
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.jobs.worker import WorkerPlan
from retouchd.media.contact_sheet import contact_sheet
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Match, Rule
from retouchd.values import DESTINATIONS, Drop, Outcome, Tier


@dataclass(frozen=True)
class TrialResult:
    """What became of one file.

    Attributes:
        outputs: the finished files.
        error: why there are none; empty when all went well.
        notes: what the daemon would tell in the job's story.
        doubt: why the daemon would show it to a person; empty: it would not.
    """

    source: Path
    outputs: tuple[Path, ...]
    error: str
    notes: tuple[str, ...] = ()
    doubt: str = ""

    def sentence(self) -> str:
        """Say how it went, each further attempt in a line of its own."""
        if self.error:
            return f"{self.source}: failed: {self.error}"
        lines = [f"{self.source} → {', '.join(str(path) for path in self.outputs)}"]
        lines += [f"  {note}" for note in self.notes]
        if self.doubt:
            lines.append(f"  would wait for a person: {self.doubt}")
        return "\n".join(lines)


class Trial:
    """Runs one rule on files, whatever the rule's own conditions say.

    Args:
        plan: threads, models and limits, as a worker gets them.
        rule: the rule to try.
        out: folder of the results; an older result keeps its name.
        tier: instead of the rule's tier.
        guide: what another attempt would cost.
        told: gets the word of each step as it begins, and how far a clip is; from any
            thread.
    """

    def __init__(
        self,
        plan: WorkerPlan,
        rule: Rule,
        out: Path,
        tier: Tier | None,
        guide: CostGuide,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._rule = rule.model_copy(update={"match": Match()})
        self._out = out
        self._tier = tier
        self._guide = guide
        self._threads = plan.threads
        self._runner = Runner(
            Shelf(plan.models, plan.runtime),
            plan.limits,
            MemoryBudget(plan.memory_bytes),
            progress=lambda begun: told(begun.step),
            threads=plan.threads,
        )
        self._pairs: list[tuple[Path, Path]] = []

    def run(self, files: Sequence[Path]) -> Iterator[TrialResult]:
        """Yield the result of each of *files*, in their order."""
        self._out.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(self._threads) as pool:
            orders = [self._order(n, file) for n, file in enumerate(files, start=1)]
            outcomes = pool.map(self._runner.run, orders)
            for file, outcome in zip(files, outcomes, strict=True):
                yield self._settle(file, outcome)

    def _order(self, number: int, file: Path) -> Order:
        listing = [entry.name for entry in file.parent.iterdir() if entry.is_file()]
        members = group(listing).pictures.get(file.name, ())
        stage = self._out / f".trial-{number}"
        return Order(
            job=f"trial-{number}",
            drop=Drop(
                "try", file.name, file, tuple(file.with_name(name) for name in members)
            ),
            rules=(self._rule,),
            stages=dict.fromkeys(DESTINATIONS, stage),
            tier=self._tier,
            sequence=number,
            guide=self._guide,
        )

    def _settle(self, file: Path, outcome: Outcome) -> TrialResult:
        remove_parts(self._out, outcome.job)
        outputs = []
        for made in outcome.renditions:
            if made.role != "result":  # the contact sheet shows all of them
                made.stage.unlink()
                continue
            wanted = self._out / made.name
            wanted.parent.mkdir(parents=True, exist_ok=True)
            outputs.append(move_without_overwriting(made.stage, wanted))
        if outputs and outcome.inspection and outcome.inspection.header.kind == "still":
            self._pairs.append((file, outputs[0]))
        error = outcome.error
        if error and outcome.hint:
            error = f"{error} ({outcome.hint})"
        return TrialResult(
            file, tuple(outputs), error, outcome.notes, outcome.review_reason
        )

    def contact_sheet(self) -> Path | None:
        """Write a sheet of inputs beside their first results; ``None``: no results."""
        if not self._pairs:
            return None
        sheet = self._out / "before-after.jpg"
        contact_sheet(self._pairs, sheet)
        return sheet
