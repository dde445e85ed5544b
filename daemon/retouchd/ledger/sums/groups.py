"""Adds up jobs by every grouping that a report may ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import add

from retouchd.ledger.lines import NAMELESS, PER_RUN
from retouchd.ledger.sums.job_facts import JobFacts, Verdict
from retouchd.ledger.sums.shares import Run, split, weights_of
from retouchd.ledger.sums.tallies import Tally, bucket_of
from retouchd.values import TIERS

PER_JOB = ("hot_folder", "rule", "origin", "kind", "day")
"""Groupings by what the row of a job says."""

DIMENSIONS = (*PER_JOB, *PER_RUN, "person")
"""All groupings; in each of them the money adds up to the same total."""

Tallies = dict[str, dict[str, Tally]]
"""By dimension and group."""

_Names = tuple[str, ...]

_AROUND = {"decode", "gates", "encode", "overhead", "trial", "unfinished"}
"""Runs that edit nothing."""

_MILLISECOND = timedelta(milliseconds=1)


def add_up(jobs: Iterable[JobFacts]) -> Tallies:
    """Add *jobs* up by each of ``DIMENSIONS``."""
    made: Tallies = {name: defaultdict(Tally) for name in DIMENSIONS}
    whole: dict[_Names, Tally] = defaultdict(Tally)
    money: dict[_Names, Tally] = defaultdict(Tally)
    for job in jobs:
        common = _common(job)
        names = tuple(job.row[name] or NAMELESS for name in PER_JOB)
        _book(whole[names], common, job.runs, job.verdicts, _pixels_of(job))
        for charge in job.charges:
            whole[names].book(charge, of_a_clip=bool(job.clip_us))
        _book_runs(made, money, job, common)
        _book_people(made["person"], job, common)
    _spread(made, PER_JOB, whole)
    _spread(made, PER_RUN, money)
    return {name: dict(groups) for name, groups in made.items()}


def _spread(
    made: Tallies, dimensions: Sequence[str], tallies: dict[_Names, Tally]
) -> None:
    """Add what was added up by several *dimensions* at once to each of them."""
    for names, tally in tallies.items():
        for dimension, name in zip(dimensions, names, strict=True):
            made[dimension][name].add(tally)


def _book_runs(
    made: Tallies, money: dict[_Names, Tally], job: JobFacts, common: _Common
) -> None:
    """Cut *job* by what its runs say, and its charges by what caused them."""
    causes: dict[_Names, list[Run]] = {}  # names in the order of PER_RUN
    for run in job.runs:
        cause: _Names = (
            run.model or NAMELESS,
            run.tier or NAMELESS,
            run.step or NAMELESS,
        )
        causes.setdefault(cause, []).append(run)
    causes = causes or {(NAMELESS,) * len(PER_RUN): []}
    for charge in job.charges:
        for cause, share in split(charge, weights_of(charge, causes)).items():
            money[cause].book(share, of_a_clip=bool(job.clip_us))
    for number, dimension in enumerate(PER_RUN):
        groups: dict[str, list[Run]] = {}
        for cause, runs in causes.items():
            groups.setdefault(cause[number], []).extend(runs)
        for name, runs in groups.items():
            _book(made[dimension][name], common, runs, job.verdicts, _pixels(runs))


def _pixels(runs: Iterable[Run]) -> tuple[int, int]:
    """Return the pixels that *runs* saw and made."""
    return sum(run.pixels_in for run in runs), sum(run.pixels_out for run in runs)


def _pixels_of(job: JobFacts) -> tuple[int, int]:
    return job.row["pixels_in"], job.row["pixels_out"]


def _book_people(made: dict[str, Tally], job: JobFacts, common: _Common) -> None:
    """Give each person the reviews and their cost; nobody in particular, the rest."""
    verdicts: dict[str, list[Verdict]] = {NAMELESS: []}
    for one in job.verdicts:
        verdicts.setdefault(one.reviewer or NAMELESS, []).append(one)
    for person, own in verdicts.items():
        is_rest = person == NAMELESS
        runs, pixels = (job.runs, _pixels_of(job)) if is_rest else ((), (0, 0))
        _book(made[person], common, runs, own, pixels)
    seconds = {
        person: sum(one.seconds_us for one in own) for person, own in verdicts.items()
    }
    for charge in job.charges:
        whose = seconds if charge.key[0] == "people" else {NAMELESS: 1}
        for person, share in split(charge, whose).items():
            made[person].book(share, of_a_clip=bool(job.clip_us))


@dataclass(frozen=True, slots=True)
class _Common:
    """What of a job counts in each of its groups.

    Attributes:
        states: the first of ``tallies.COUNTS``.
        escalated: attempts at a higher tier.
        wait, start: buckets of the durations; ``None``: there is none.
        clip_us: how long its clip runs.
    """

    states: tuple[int, ...]
    escalated: set[int]
    arrived: str
    delivered: str
    ended: str
    wait: int | None
    start: int | None
    clip_us: int


def _common(job: JobFacts) -> _Common:
    """Take the times; a clock that was set back leaves none that could be told."""
    escalated = _escalated(job.runs)
    arrived, delivered = job.row["arrived_at"] or "", job.row["delivered_at"] or ""
    edited = _first_edit(job)
    is_delivered = job.row["state"] in {"delivered", "done"} and delivered >= arrived
    return _Common(
        states=_states(job, escalated=bool(escalated)),
        escalated=escalated,
        arrived=arrived,
        delivered=delivered,
        ended=job.row["ended_at"] or "",
        wait=_bucket(arrived, delivered) if arrived and is_delivered else None,
        start=_bucket(arrived, edited) if arrived and edited >= arrived else None,
        clip_us=job.clip_us,
    )


def _book(
    tally: Tally,
    job: _Common,
    runs: Sequence[Run],
    verdicts: Iterable[Verdict],
    pixels: tuple[int, int],
) -> None:
    """Add to *tally* what of *job* is in its group; *pixels* in and out."""
    work = _work(job, runs, pixels)
    counts = (*job.states, *_looks(verdicts), *work, job.clip_us)
    tally.counts = list(map(add, tally.counts, counts))
    for run in runs:
        if run.gpu_us:
            tally.devices.add(run.device)
    if job.arrived:
        _time(tally, job)


def _states(job: JobFacts, *, escalated: bool) -> tuple[int, ...]:
    """Count a job by what became of it, in the order of ``tallies.COUNTS``."""
    state, approved = job.row["state"], bool(job.row["approved"])
    finished = job.row["parent"] is None and (
        approved or state in {"rejected", "failed"}
    )
    first_pass = finished and approved and not _was_rejected(job.verdicts)
    return (
        1,
        state in {"delivered", "done"},
        approved,
        state == "rejected",
        state == "review",
        state == "failed",
        state in {"waiting", "held"},
        finished,
        first_pass,
        first_pass and not escalated,
    )


def _was_rejected(verdicts: Iterable[Verdict]) -> bool:
    """Whether a rejection stands, or an order to refine, that was not undone."""
    made: list[str] = []
    for one in verdicts:
        if one.verdict == "undo" and made:
            made.pop()
        else:
            made.append(one.verdict)
    return "reject" in made or "fix" in made


def _looks(verdicts: Iterable[Verdict]) -> tuple[int, int, int]:
    """Count reviews, microseconds that people told, and those that were estimated."""
    reviews = given = estimated = 0
    for one in verdicts:
        reviews += 1
        given += 0 if one.estimated else one.seconds_us
        estimated += one.seconds_us if one.estimated else 0
    return reviews, given, estimated


def _work(
    job: _Common, runs: Sequence[Run], pixels: tuple[int, int]
) -> tuple[int, ...]:
    """Count attempts, escalations, pixels and busy microseconds."""
    attempts = {run.attempt for run in runs}
    cpu_us = gpu_us = 0
    for run in runs:
        cpu_us += run.cpu_us
        gpu_us += run.gpu_us
    return len(attempts), len(attempts & job.escalated), *pixels, cpu_us, gpu_us


def _escalated(runs: Sequence[Run]) -> set[int]:
    """Return the attempts in which a step ran at a higher tier than in one before."""
    highest: dict[str, int] = {}
    found = set()
    if len({run.attempt for run in runs}) < 2:  # the usual case, and quick
        return set()
    for run in sorted(runs, key=lambda run: run.attempt):
        if run.tier in TIERS:
            tier = TIERS.index(run.tier)
            if tier > highest.setdefault(run.step, tier):
                highest[run.step] = tier
                found.add(run.attempt)
    return found


def _time(tally: Tally, job: _Common) -> None:
    tally.begin = min(tally.begin, job.arrived)
    tally.end = max(tally.end, job.ended)
    if job.start is not None:
        tally.starts.append(job.start)
    if job.wait is not None:
        tally.waits.append(job.wait)
        tally.first = min(tally.first, job.arrived)
        tally.last = max(tally.last, job.delivered)


def _first_edit(job: JobFacts) -> str:
    starts = [
        run.started_at for run in job.runs if run.started_at and run.step not in _AROUND
    ]
    return min(starts, default=job.row["started_at"] or "")


def _bucket(begin: str, end: str) -> int:
    taken = datetime.fromisoformat(end) - datetime.fromisoformat(begin)
    return bucket_of(taken // _MILLISECOND)
