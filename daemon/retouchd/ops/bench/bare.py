"""The bare model calls: the same tiles through ONNX Runtime, and nothing else.

Runs as a process of its own, so that the daemon's and its own state do not meet:
``python -m retouchd.ops.bench.bare TASK SCALE THREADS PICTURES MODELS``.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from retouchd.errors import RetouchdError
from retouchd.inspect.kind import Limits, examine
from retouchd.media.pixels import to_array
from retouchd.media.still import decode
from retouchd.models.matting import estimate_matte
from retouchd.models.runtime import Runtime
from retouchd.models.session import Session
from retouchd.models.shelf import Shelf
from retouchd.models.tiles import enlarge
from retouchd.settings import shipped_folder
from retouchd.values import Task

Inputs = Mapping[str, NDArray[Any]]


class RecordingSession(Session):
    """A session that remembers what it was given, and runs each shape only once."""

    def __init__(self, inner: Session) -> None:
        super().__init__(
            inner.manifest, inner.manifest.weights.read_bytes(), Runtime("cpu")
        )
        self.seen: list[Inputs] = []
        self._answers: dict[tuple[int, ...], NDArray[Any]] = {}

    def run(self, inputs: Inputs) -> NDArray[Any]:
        """Keep a copy of *inputs*; answer with any result of the same shape."""
        self.seen.append({name: np.copy(value) for name, value in inputs.items()})
        shape = inputs[self.manifest.input.name].shape
        if shape not in self._answers:
            self._answers[shape] = super().run(inputs)
        return self._answers[shape]


@dataclass(frozen=True)
class Recording:
    """A warm session and what it was given, picture by picture."""

    session: Session
    tiles: list[list[Inputs]]


@dataclass(frozen=True)
class BareCalls:
    """What to measure in a fresh process.

    Attributes:
        task: ``upscale`` or ``matte``, by the default model of the tier draft.
        scale: of the model for ``upscale``; 0 for others.
        threads: pictures at the same time, as many as the daemon's worker has.
        pictures: folder of JPEGs.
        models: a folder of models before the shipped ones.
    """

    task: Task
    scale: int
    threads: int
    pictures: Path
    models: Path | None

    def seconds(self) -> float:
        """Return the wall seconds of all calls together.

        Raises:
            RetouchdError: the process ended without a figure; it has said why.
        """
        words = [self.task, self.scale, self.threads, self.pictures, self.models or ""]
        done = subprocess.run(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-m", __name__, *map(str, words)],
            check=False,
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode != 0:
            raise RetouchdError(
                f"the bare calls of the model for {self.task} cannot be measured",
                hint="see the error above; `retouchd models verify` checks all models",
            )
        return float(done.stdout.split()[-1])


def record(shelf: Shelf, task: Task, scale: int, pictures: Path) -> Recording:
    """Run the product's own code once, to learn each picture's tiles and to warm up."""
    session = RecordingSession(shelf.open(shelf.choose(task, scale=scale)))
    tiles = []
    for path in sorted(pictures.glob("*.jpg")):
        pixels = to_array(decode(path, examine(path, Limits()).header).image)
        if task == "upscale":
            enlarge(session, pixels)
        else:
            estimate_matte(session, pixels)
        tiles.append(session.seen)
        session.seen = []
    return Recording(session, tiles)


def replay(recording: Recording, threads: int) -> float:
    """Run the recorded tiles, a thread per picture; return wall seconds."""

    def one_picture(tiles: list[Inputs]) -> None:
        for inputs in tiles:
            Session.run(recording.session, inputs)

    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one_picture, recording.tiles))
    return time.perf_counter() - begun


def main() -> None:
    """Measure as the command line says and print the seconds."""
    task, scale, threads, pictures, models = sys.argv[1:]
    folders = [Path(models)] if models else []
    shelf = Shelf((*folders, shipped_folder("models")), Runtime("cpu"))
    try:
        recording = record(shelf, cast("Task", task), int(scale), Path(pictures))
    except RetouchdError as error:
        sys.exit(f"error: {error}")
    sys.stdout.write(f"{replay(recording, int(threads))}\n")


if __name__ == "__main__":
    main()
