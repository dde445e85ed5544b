"""One loaded model that any thread may run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retouchd.errors import ModelError
from retouchd.models.busy_time import BusyTime, Stay
from retouchd.models.gpu import first_gpu, gpu_busy
from retouchd.models.manifest import Manifest
from retouchd.models.runtime import RUNTIME_ERRORS, Runtime, create_session

_DTYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}


@dataclass(frozen=True)
class ModelTime:
    """What a thread's runs of a model took.

    Attributes:
        wall_s: seconds inside ONNX Runtime.
        gpu_s: their share of the time in which the GPU was busy; 0 on the processor.
        runs: how many there were.
    """

    wall_s: float = 0.0
    gpu_s: float = 0.0
    runs: int = 0

    def plus(self, other: ModelTime) -> ModelTime:
        """Return both together."""
        return ModelTime(
            self.wall_s + other.wall_s, self.gpu_s + other.gpu_s, self.runs + other.runs
        )


class Session:
    """A model on a device.

    Attributes:
        manifest: what the model is.
        device: where it really runs: ``cpu``, or the name of the GPU.
        on_gpu: whether that is a GPU.
        fell_back: a GPU was asked for and the processor does the work.
    """

    def __init__(self, manifest: Manifest, weights: bytes, runtime: Runtime) -> None:
        """Load *weights*, which were checked against the manifest.

        Raises:
            ModelError: the model does not load, its inputs are not those of the
                manifest, or it does not run on the device that was asked for.
        """
        self.manifest = manifest
        self._native = create_session(weights, runtime, manifest.weights)
        on_gpu = self._native.get_providers()[0] == "CUDAExecutionProvider"
        self.on_gpu = on_gpu
        self.device = first_gpu().name if on_gpu else "cpu"
        self.fell_back = runtime.wants_gpu and not on_gpu
        self._dtypes = self._compare_with_manifest()
        self._mine = threading.local()
        self._busy = gpu_busy if on_gpu else BusyTime()
        # A session has one stream: without the lock a thread would book as device
        # time what it spent waiting for another. On the processor runs go side by side.
        self._turn: Any = threading.Lock() if on_gpu else contextlib.nullcontext()

    def dtype(self, name: str) -> type[np.generic]:
        """Return the type that the input *name* takes."""
        return self._dtypes[name]

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Run the network once; any number of threads may.

        Args:
            inputs: tensors by the names in the manifest, in its layout and range.

        Returns:
            The tensor that the manifest names as output, as it leaves the graph.

        Raises:
            ModelError: the run fails, for instance for lack of memory.
        """
        output = self.manifest.output.name
        with self._turn, self._busy.stay() as stay:
            try:
                result: NDArray[Any] = self._native.run([output], dict(inputs))[0]
            except RUNTIME_ERRORS as error:
                raise ModelError(
                    f"the model {self.manifest.name} fails on {self.device}: {error}",
                    hint="give it more memory or a smaller tile, or another model",
                    model=self.manifest.name,
                    device=self.device,
                ) from error
        self._book(stay)
        return result

    def take(self) -> ModelTime:
        """Return what the calling thread's runs took since it last asked."""
        taken: ModelTime = getattr(self._mine, "time", ModelTime())
        self._mine.time = ModelTime()
        return taken

    def _book(self, stay: Stay) -> None:
        before: ModelTime = getattr(self._mine, "time", ModelTime())
        share = stay.seconds if self.on_gpu else 0.0
        self._mine.time = before.plus(ModelTime(stay.wall_s, share, 1))

    def _compare_with_manifest(self) -> dict[str, type[np.generic]]:
        """Types of the inputs by name; refuse a manifest that means another graph."""
        manifest = self.manifest
        named = {manifest.input.name} | (
            {manifest.mask.name} if manifest.mask else set()
        )
        inputs = {node.name: node.type for node in self._native.get_inputs()}
        outputs = {node.name for node in self._native.get_outputs()}
        if named != set(inputs) or manifest.output.name not in outputs:
            raise ModelError(
                f"the graph of {manifest.name} takes {sorted(inputs)} and gives "
                f"{sorted(outputs)}; its manifest says {sorted(named)} and "
                f"{manifest.output.name!r}",
                hint="correct the names in model.toml",
                file=manifest.weights,
            )
        odd = [kind for kind in inputs.values() if kind not in _DTYPES]
        if odd:
            raise ModelError(
                f"{manifest.name} takes {odd[0]}",
                hint="use float, float16 or uint8",
                file=manifest.weights,
            )
        return {name: _DTYPES[kind] for name, kind in inputs.items()}
