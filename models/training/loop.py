"""One training loop for all draft models: time budget, EMA, resume.

The learning rate follows a cosine over *time*, not over iterations, so a slow machine
ends as well annealed as a fast one, only after fewer steps.
"""

from __future__ import annotations

import copy
import logging
import math
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOG = logging.getLogger("training")


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train."""

    minutes: float
    """Total time budget, time before a resume included."""
    learning_rate: float
    """Peak rate of Adam; reached after the first 2 % of the time."""
    checkpoint: Path
    """File that holds the state; read when it exists, replaced about each minute."""
    seed: int = 20261122
    """Seeds the weights and, with the iteration count, the sampling."""
    ema: float = 0.998
    """Decay of the averaged weights that are exported."""
    clip: float = 1.0
    """Largest gradient norm."""


def talk() -> None:
    """Send progress lines to standard output."""
    logging.basicConfig(stream=sys.stdout, format="%(asctime)s %(message)s")
    LOG.setLevel(logging.INFO)


class Trainer:
    """Trains one network and keeps its averaged twin."""

    def __init__(self, net: nn.Module, plan: Plan) -> None:
        self.plan = plan
        self.net = net.to(memory_format=torch.channels_last)
        self.average = (
            copy.deepcopy(self.net).eval().requires_grad_(requires_grad=False)
        )
        self.optimiser = torch.optim.Adam(self.net.parameters(), betas=(0.9, 0.99))
        self.iteration = 0
        self.seconds = 0.0
        if plan.checkpoint.exists():
            self._load()

    @property
    def progress(self) -> float:
        """Share of the time budget that is spent, 0..1."""
        return min(1.0, self.seconds / max(1.0, self.plan.minutes * 60))

    def run(
        self, loss_of: Callable[[nn.Module, int, float], torch.Tensor]
    ) -> nn.Module:
        """Train until the budget is spent.

        Args:
            loss_of: takes the network, the iteration and the progress 0..1; returns
                a scalar loss.

        Returns:
            The averaged network, in eval mode.
        """
        shown = saved = self.seconds
        while self.progress < 1:
            start = time.monotonic()
            loss = self._step(loss_of)
            self.seconds += time.monotonic() - start
            if self.seconds - shown > 15:
                shown = self.seconds
                LOG.info("%d s, step %d, loss %.5f", shown, self.iteration, loss)
            if self.seconds - saved > 60:
                saved = self.seconds
                self.save()
        self.save()
        return self.average

    def save(self) -> None:
        """Write the checkpoint; a reader never sees half a file."""
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "iteration": self.iteration,
            "seconds": self.seconds,
        }
        draft = self.plan.checkpoint.with_suffix(".part")
        torch.save(state, draft)
        draft.replace(self.plan.checkpoint)

    def _load(self) -> None:
        state = torch.load(self.plan.checkpoint, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.iteration, self.seconds = state["iteration"], state["seconds"]

    def _step(self, loss_of: Callable[[nn.Module, int, float], torch.Tensor]) -> float:
        self.net.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.learning_rate * rate_share(self.progress)
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(self.net, self.iteration, self.progress)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), self.plan.clip)
        self.optimiser.step()
        self.iteration += 1
        self._follow()
        return float(loss.detach())

    @torch.no_grad()
    def _follow(self) -> None:
        # a short memory at first, or the random start would linger in the average
        decay = min(self.plan.ema, self.iteration / (self.iteration + 20))
        pairs = zip(
            self.average.state_dict().values(),
            self.net.state_dict().values(),
            strict=True,
        )
        for mean, value in pairs:
            if mean.dtype.is_floating_point:
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)


def rate_share(progress: float) -> float:
    """Warm up linearly over 2 % of the budget, then fall as a cosine to 1 %."""
    warm = min(1.0, 0.05 + progress / 0.02)
    return warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
