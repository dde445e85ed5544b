"""Makes parts of the daemon from its settings; commands use them alone too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from retouchd.errors import ConfigError, InputError, Problem
from retouchd.inspect import Limits
from retouchd.jobs.accounts import Accounts
from retouchd.jobs.budget import HEADROOM
from retouchd.jobs.energy import Energy, Watts, processor_energy
from retouchd.jobs.limits import StepLimits
from retouchd.jobs.sandbox import Confinement
from retouchd.jobs.worker import WorkerPlan
from retouchd.media.clips.proving import prove
from retouchd.media.fingerprint_file import file_beside
from retouchd.models.runtime import Runtime, has_nvidia_device
from retouchd.models.shelf import Shelf
from retouchd.rules.book import RuleBook
from retouchd.rules.check import (
    budget_notes,
    folder_notes,
    missing_models,
    still_notes,
    tier_notes,
)
from retouchd.rules.schema import Rule
from retouchd.settings import Settings
from retouchd.settings.machine import granted_memory

_LIBRARY_BYTES = 2 * 1024**3
"""For interpreter, libraries, models and the stacks of threads, generously."""


def worker_plan(settings: Settings) -> WorkerPlan:
    """Return what a worker is told under these settings."""
    worker = settings.worker
    return WorkerPlan(
        threads=worker.thread_count,
        models=settings.models_folders,
        runtime=runtime(settings),
        limits=Limits(
            megapixels=settings.limits.megapixels,
            file_bytes=int(settings.limits.file_mb * 1e6),
        ),
        memory_bytes=worker.memory_bytes,
        max_jobs=worker.max_jobs,
        max_seconds=worker.max_hours * 3600,
        max_resident_bytes=worker.max_resident_bytes,
        step_limits=StepLimits(
            settings.limits.step_seconds, settings.limits.step_factor
        ),
        confinement=confinement(settings),
        fingerprints=file_beside(settings.database),
        encoder=settings.video.encoder,
    )


def confinement(settings: Settings) -> Confinement:
    """Return what a worker may reach under these settings."""
    folders = settings.hot_folders
    device = settings.worker.device
    # A model may be a link to where weights are kept; a rule's files may not be here
    # yet: the pool adds those that the orders name.
    manifests = Shelf(settings.models_folders, Runtime(device="cpu")).manifests()
    linked = {
        place.resolve() for one in manifests for place in (one.folder, one.weights)
    }
    return Confinement(
        readable=(
            *settings.models_folders,
            *sorted(linked),
            *settings.rules_folders,
            *(folder.private / "claims" for folder in folders),
            file_beside(settings.database),
        ),
        # Outputs on another file system are staged there, below an id of the root.
        writable=tuple(
            stage
            for folder in folders
            for stage in (
                folder.private / "tmp",
                folder.out / folder.private.name,
                folder.review / folder.private.name,
            )
        ),
        for_gpu=device == "cuda"
        or settings.video.encoder == "nvenc"
        or (device == "auto" and has_nvidia_device()),
        memory_bytes=min(
            granted_memory(), HEADROOM * settings.worker.memory_bytes + _LIBRARY_BYTES
        ),
        is_required=settings.require_sandbox,
    )


def runtime(settings: Settings) -> Runtime:
    """Return where models run under these settings."""
    return Runtime(
        device=settings.worker.device,
        allow_fallback=settings.worker.gpu_fallback,
        gpu_mem_limit=int(settings.worker.gpu_memory_gb * 2**30),
    )


def accounts(settings: Settings) -> Accounts:
    """Return what keeps account of CPU time and energy under these settings."""
    assumed = settings.energy
    watts = Watts(assumed.watts_per_core, assumed.watts_per_gpu)
    return Accounts(Energy(watts, processor_energy()))


def rule_book(settings: Settings) -> RuleBook:
    """Load all rules that the hot folders name and see that they can run here.

    Their models must be here, and the hardware encoders that they would use must work.

    Raises:
        ConfigError: with every problem of every rule and model.
    """
    names = [name for folder in settings.hot_folders for name in folder.rules]
    folders = settings.rules_folders
    shelf = Shelf(settings.models_folders, Runtime(device="cpu"))
    problems = shelf.problems()
    try:
        book = RuleBook(folders, names)
    except ConfigError as error:
        raise ConfigError(*error.problems, *problems) from error
    # A model that is broken is missing as well; once is enough.
    problems = problems or missing_models(
        book.as_written(names), book.goals, shelf, folders
    )
    problems = [*problems, *encoder_problems(settings, book.as_written(names))]
    if problems:
        raise ConfigError(*problems)
    return book


def model_problems(settings: Settings, book: RuleBook) -> list[Problem]:
    """Return what is wrong with the models now, as far as manifests tell.

    For a daemon that runs: weights are compared with their digests when a worker
    loads them.
    """
    names = [name for folder in settings.hot_folders for name in folder.rules]
    shelf = Shelf(settings.models_folders, Runtime(device="cpu"))
    rules = book.as_written(names)
    missing = missing_models(rules, book.goals, shelf, settings.rules_folders)
    return [*shelf.broken_manifests(), *missing]


def encoder_problems(settings: Settings, rules: Iterable[Rule]) -> list[Problem]:
    """Try out the hardware encoders that *rules* would use."""
    outputs = [output for rule in rules for output in rule.outputs]
    wanted = [
        output.clip_encoding(output.container, settings.video.encoder)
        for output in outputs
        if output.container
    ]
    problems = []
    for one in {one.encoder: one for one in wanted if one.is_hardware}.values():
        try:
            prove(one)
        except InputError as error:
            problems.append(Problem(error.message, error.hint, key="video.encoder"))
    return problems


def notes_on(book: RuleBook, settings: Settings) -> list[Problem]:
    """List what rules and goals wish for and do not get: tiers, budgets, gates."""
    shelf = Shelf(settings.models_folders, Runtime(device="cpu"))
    names = [name for folder in settings.hot_folders for name in folder.rules]
    rules = book.as_written(names)
    notes = tier_notes(rules, book.goals, shelf, settings.rules_folders)
    notes += still_notes(rules, book.goals, settings.rules_folders)
    for folder in settings.hot_folders:
        if folder.budget is None:
            rules = book.as_written(folder.rules)
            notes += budget_notes(folder.name, rules, settings.rules_folders)
        with contextlib.suppress(OSError):  # that it is away is told by others
            rules = book.as_written(folder.rules)
            notes += folder_notes(folder.inbox, rules, book.goals, shelf)
    return notes
