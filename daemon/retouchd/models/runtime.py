"""Where networks run: the processor or a CUDA device, proven and never assumed."""

from __future__ import annotations

import base64
import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from retouchd.errors import ModelError
from retouchd.settings import silence_onnx_runtime

silence_onnx_runtime()

import onnxruntime as ort  # noqa: E402  (reads the environment when it is imported)
from onnxruntime.capi import onnxruntime_pybind11_state as _native  # noqa: E402

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_SILENT, _WARNING = 4, 2

RUNTIME_ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    *(
        value
        for value in vars(_native).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ),
)
"""Whatever ONNX Runtime raises; its classes share no base of their own."""

# One 1x1 convolution, opset 17: x (1,1,8,8) -> y. A device that runs it has its
# driver, CUDA, cuDNN and ONNX Runtime in agreement.
_ONE_CONVOLUTION = base64.b64decode(
    "CAgSADpjCg8KAXgKAXcSAXkiBENvbnYSAWcqEwgBCAEIAQgBEAEiBAAAAEBCAXdaGwoBeBIWChQI"
    "ARIQCgIIAQoCCAEKAggICgIICGIbCgF5EhYKFAgBEhAKAggBCgIIAQoCCAgKAggIQgQKABAR"
)


@dataclass(frozen=True)
class Runtime:
    """Where models run.

    Attributes:
        device: ``cpu``, ``cuda``, or ``auto``: CUDA where it really works.
        allow_fallback: asked for ``cuda`` and not getting it is an error unless set.
        gpu_mem_limit: bytes of the arena on the device; 0: no limit.
    """

    device: Literal["auto", "cpu", "cuda"] = "auto"
    allow_fallback: bool = False
    gpu_mem_limit: int = 0

    @property
    def wants_gpu(self) -> bool:
        """Whether sessions shall be asked to run on the device."""
        return self.device == "cuda" or (self.device == "auto" and gpu_works()[0])


def create_session(model: bytes, runtime: Runtime, file: Path) -> Any:
    """Make a session on the device that *runtime* asks for.

    Args:
        model: bytes that ``onnx_safety`` has passed.
        runtime: where to run; check ``get_providers`` for where it landed.
        file: named in the error.

    Raises:
        ModelError: the model does not load, or not on the device.
    """
    on_gpu = runtime.wants_gpu
    try:
        with _quiet():
            session = _load(model, _providers(runtime, on_gpu=on_gpu))
    except RUNTIME_ERRORS as error:
        raise ModelError(
            f"ONNX Runtime refuses it: {error}", hint="export it again", file=file
        ) from error
    # Otherwise a failing run moves to the processor by itself and only prints so.
    session.disable_fallback()
    landed = session.get_providers()[0]
    if on_gpu and landed != _CUDA and not runtime.allow_fallback:
        raise ModelError(
            f"it would run on {landed}, not on the GPU",
            hint="run `retouchd doctor`, or allow the processor: allow_fallback = true",
            file=file,
        )
    return session


@cache
def known_operators() -> frozenset[tuple[str, str]]:
    """Every operator that ONNX Runtime brings along, as (domain, name).

    Left out is ``EPContext``, which loads a compiled network from a file it names.
    """
    schemas = _native.get_all_operator_schema()
    known = frozenset((schema.domain, schema.name) for schema in schemas)
    return known - {("com.microsoft", "EPContext")}


@cache
def gpu_works() -> tuple[bool, str]:
    """Try one convolution on the GPU, once per process.

    Returns:
        Whether it ran there, and a sentence that says why or why not. ONNX Runtime's
        own list of providers names CUDA on machines that have none.
    """
    if not has_nvidia_device():
        return False, "no NVIDIA device node in /dev"
    if _CUDA not in ort.get_available_providers():
        return (
            False,
            "this ONNX Runtime has no CUDA; onnxruntime-gpu has it",
        )
    try:
        with _quiet() as said:
            session = _load(_ONE_CONVOLUTION, _providers(Runtime("cuda"), on_gpu=True))
            if session.get_providers()[0] == _CUDA:
                session.run(None, {"x": np.zeros((1, 1, 8, 8), np.float32)})
                return True, f"ONNX Runtime {ort.__version__} runs on CUDA"
    except RUNTIME_ERRORS as error:
        return False, f"CUDA fails: {error}"
    return False, f"CUDA does not load: {said.getvalue().strip() or 'no reason given'}"


def has_nvidia_device() -> bool:
    """Whether the machine shows an NVIDIA device at all."""
    nodes = [*Path("/dev").glob("nvidia[0-9]*"), *Path("/dev").glob("dxg")]
    return bool(nodes)


def _providers(runtime: Runtime, *, on_gpu: bool) -> list[Any]:
    """CUDA options: the heuristic search costs 2 ms a new shape, the exhaustive 600."""
    if not on_gpu:
        return [_CPU]
    options = {
        "cudnn_conv_algo_search": "HEURISTIC",
        "arena_extend_strategy": "kSameAsRequested",
        "do_copy_in_default_stream": "1",
    }
    if runtime.gpu_mem_limit:
        options["gpu_mem_limit"] = str(runtime.gpu_mem_limit)
    return [(_CUDA, options), _CPU]


def _load(model: bytes, providers: list[Any]) -> Any:
    """One thread per run and no spinning: jobs run side by side instead."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = True
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    if len(providers) > 1 and hasattr(ort, "preload_dlls"):
        ort.preload_dlls()
    return ort.InferenceSession(model, options, providers=providers)


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Keep ONNX Runtime from writing to the terminal; yields what it printed."""
    said = io.StringIO()
    ort.set_default_logger_severity(_SILENT)
    try:
        with contextlib.redirect_stdout(said):
            yield said
    finally:
        ort.set_default_logger_severity(_WARNING)
