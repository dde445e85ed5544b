"""Draw the next batch while the network still works on this one."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    Batch = tuple[torch.Tensor, torch.Tensor]


class Ahead:
    """Hands out batches; a batch depends on its iteration, not on who drew it when."""

    def __init__(self, draw: Callable[[int, float], Batch]) -> None:
        self.draw = draw
        self.pool = ThreadPoolExecutor(1)
        self.drawn: tuple[int, Future[Batch]] | None = None

    def take(self, iteration: int, progress: float) -> Batch:
        """Return the batch of *iteration* and begin with the next."""
        if self.drawn is None or self.drawn[0] != iteration:
            self._begin(iteration, progress)
        batch = self.drawn[1].result()
        self._begin(iteration + 1, progress)
        return batch

    def _begin(self, iteration: int, progress: float) -> None:
        self.drawn = iteration, self.pool.submit(self.draw, iteration, progress)
