"""What a network that was never used here will use: it works on a window of noise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from retouchd.jobs.accounts import OVERHEAD
from retouchd.jobs.cost_guide import CostGuide
from retouchd.jobs.meter import CpuShares, measured
from retouchd.jobs.story import Story
from retouchd.jobs.tried import DoneStep, Tried
from retouchd.ledger.seen_usage import TRIAL, Use
from retouchd.models.manifest import Manifest
from retouchd.models.session import Session
from retouchd.models.shelf import Shelf
from retouchd.models.trial_window import (
    Window,
    pixels_to_enlarge,
    trial_window,
    work_on_window,
)
from retouchd.step import ModelStep
from retouchd.timestamps import utc
from retouchd.values import StepRun


@dataclass(frozen=True)
class _Trial:
    """What a network used on one window.

    Attributes:
        use: for that window.
    """

    window: Window
    use: Use

    def windows(self, manifest: Manifest, done: DoneStep) -> float:
        """Return how many such windows *done* is for *manifest*.

        One that cuts out sees the whole picture at once, and one that fills holes sees
        them in about as many pieces as the network before it.
        """
        if manifest.task != "upscale" or done.before is None:
            return max(1, done.model_runs)
        image, area = done.before.image, done.enlargement
        pixels = pixels_to_enlarge(manifest, image.height, image.width, area)
        return pixels / self.window.pixels


class ModelTrials:
    """Tries networks, each once in the life of a worker.

    Args:
        shelf: the models.
        shares: measures the work.
    """

    def __init__(self, shelf: Shelf, shares: CpuShares) -> None:
        self._shelf = shelf
        self._shares = shares
        self._lock = threading.Lock()
        self._known: dict[str, _Trial] = {}

    def learn(
        self,
        models: Mapping[int, Manifest],
        tried: Tried,
        story: Story,
        guide: CostGuide,
        begin: Callable[[str, float, float], None],
    ) -> CostGuide:
        """Return a guide that knows what *models* would use for the job of *story*.

        A trial is real work, so it is booked on the job that needs it; the story tells
        what came of it.

        Args:
            models: by number of the step that would run with it.
            tried: the attempt that would be followed by another one.
            story: of the job.
            guide: which does not know them.
            begin: told of each trial: word, megapixels, seconds for each.

        Raises:
            ModelError: one of them does not load or run.
        """
        for number, manifest in models.items():
            done, megapixels = tried.steps[number], trial_window(manifest).pixels / 1e6
            begin(TRIAL, megapixels, ModelStep.seconds_per_megapixel)
            trial, made = self._trial_of(manifest)
            story.step_runs += [replace(run, attempt=tried.number) for run in made]
            window, count = trial.window, trial.windows(manifest, done)
            story.notes.append(
                f"{manifest.name} was never used here: a trial on {window.width} x "
                f"{window.height} pixels took {_said(trial.use)}, and {done.word} is "
                f"{count:.3g} times as much"
            )
            # The step's own work is about what it was; with the smaller network's in
            # it, which is on the safe side.
            use = trial.use.times(count).plus(_use_of(done.run))
            guide = guide.knowing(manifest.name, done.run, use)
        return guide

    def _trial_of(self, manifest: Manifest) -> tuple[_Trial, tuple[StepRun, ...]]:
        """Return the trial of a network, and what is to be booked if it is made now."""
        with self._lock:
            known = self._known.get(manifest.sha256)
            if known is not None:
                return known, ()
            loading, session = self._load(manifest)
            window, run = self._run(session)
            trial = self._known[manifest.sha256] = _Trial(window, _use_of(run))
            return trial, (loading, run)

    def _load(self, manifest: Manifest) -> tuple[StepRun, Session]:
        """Load the network, and on a GPU let it choose its kernels."""
        with measured(self._shares) as reading:
            session = self._shelf.open(manifest)
            if session.on_gpu:
                work_on_window(session)
            spent = session.take()
        run = StepRun(
            OVERHEAD,
            device=session.device,
            wall_ms=reading.wall_ms,
            cpu_s=reading.cpu_s,
            gpu_s=spent.gpu_s,
            started_at=utc(reading.started_at),
        )
        return run, session

    def _run(self, session: Session) -> tuple[Window, StepRun]:
        manifest = session.manifest
        with measured(self._shares) as reading:
            window = work_on_window(session)
        spent = session.take()
        megapixels = window.pixels / 1e6
        run = StepRun(
            TRIAL,
            model=manifest.name,
            model_sha256=manifest.sha256,
            device=session.device,
            wall_ms=reading.wall_ms,
            cpu_s=reading.cpu_s,
            gpu_s=spent.gpu_s,
            model_s=spent.wall_s,
            megapixels_in=megapixels,
            megapixels_out=megapixels * manifest.scale**2,
            started_at=utc(reading.started_at),
        )
        return window, run


def _use_of(run: StepRun) -> Use:
    return Use(run.cpu_s, run.gpu_s, run.joules or 0.0)


def _said(use: Use) -> str:
    gpu = f" and {use.gpu_s:.3g} s of the GPU" if use.gpu_s else ""
    return f"{use.cpu_s:.3g} s of a processor{gpu}"
