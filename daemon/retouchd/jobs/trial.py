"""A rule on files, by the code of the daemon's jobs, without folders and ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from retouchd.delivery.move import move_without_overwriting
from retouchd.inspect.sequences import frames_among
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

_MOST_TOLD = 8
"""Results that are named one by one."""


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
        told = [str(path) for path in self.outputs]
        if len(told) > _MOST_TOLD:
            told = [*told[: _MOST_TOLD - 2], f"({len(told)} files in all)", told[-1]]
        lines = [f"{self.source} → {', '.join(told)}"]
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
        self._takes_sequences = rule.match.kind == "sequence"
        all_frames = Match(kind="sequence", files=("*",))
        match = all_frames if self._takes_sequences else Match()
        self._rule = rule.model_copy(update={"match": match})
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
            encoder=plan.encoder,
        )
        self._pairs: list[tuple[Path, Path]] = []

    def run(self, files: Sequence[Path]) -> Iterator[TrialResult]:
        """Yield the result of each of *files*, in their order.

        Under a rule for sequences a frame stands for all that lie beside it.
        """
        self._out.mkdir(parents=True, exist_ok=True)
        drops = {drop.path: drop for drop in map(self._drop, files)}
        with ThreadPoolExecutor(self._threads) as pool:
            orders = [self._order(n, one) for n, one in enumerate(drops.values(), 1)]
            outcomes = pool.map(self._runner.run, orders)
            for file, outcome in zip(drops, outcomes, strict=True):
                yield self._settle(file, outcome)

    def _drop(self, file: Path) -> Drop:
        listing = [entry.name for entry in file.parent.iterdir() if entry.is_file()]
        frames = frames_among(file.name, listing) if self._takes_sequences else ()
        first = frames[0] if frames else file.name
        members = (*frames[1:], *group(listing).pictures.get(first, ()))
        path = file.with_name(first)
        return Drop("try", first, path, tuple(map(file.with_name, members)))

    def _order(self, number: int, drop: Drop) -> Order:
        stage = self._out / f".trial-{number}"
        return Order(
            job=f"trial-{number}",
            drop=drop,
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
