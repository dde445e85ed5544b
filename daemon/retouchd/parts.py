"""Makes parts of the daemon from its settings; commands use them alone too."""

from __future__ import annotations

from retouchd.errors import ConfigError
from retouchd.inspect import Limits
from retouchd.jobs.worker import WorkerPlan
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.book import RuleBook
from retouchd.rules.check import missing_models
from retouchd.settings import Settings


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
    )


def runtime(settings: Settings) -> Runtime:
    """Return where models run under these settings."""
    return Runtime(
        device=settings.worker.device,
        allow_fallback=settings.worker.gpu_fallback,
        gpu_mem_limit=int(settings.worker.gpu_memory_gb * 2**30),
    )


def rule_book(settings: Settings) -> RuleBook:
    """Load all rules that the hot folders name and see that their models are here.

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
    problems = problems or missing_models(book.rules_for(names), shelf, folders)
    if problems:
        raise ConfigError(*problems)
    return book
