"""Which GPU the sessions run on, as its driver names it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from retouchd.models.busy_time import BusyTime

_DRIVER = "libcuda.so.1"
_MANAGEMENT = "libnvidia-ml.so.1"


@dataclass(frozen=True)
class Gpu:
    """One GPU.

    Attributes:
        name: such as ``NVIDIA H200``; the ledger and the price book call it so.
        bus_id: where it sits, such as ``0000:17:00.0``; empty where unknown.
    """

    name: str
    bus_id: str = ""


NAMELESS = Gpu("cuda:0")
"""A device whose driver does not tell; it has no price."""

gpu_busy = BusyTime()
"""The one GPU of this process; all sessions share it."""


@cache
def first_gpu() -> Gpu:
    """Return the device that CUDA counts as its first one, ``NAMELESS`` if unknown.

    CUDA's own order counts, and what CUDA_VISIBLE_DEVICES leaves of it.
    """
    return ask_driver(_DRIVER) or NAMELESS


def ask_driver(library: str) -> Gpu | None:
    """Ask the CUDA driver *library*; ``None``: it is not there or has no device.

    Source: CUDA Driver API, cuDeviceGetName and cuDeviceGetPCIBusId; 0 is success.
    """
    try:
        driver = ctypes.CDLL(library)
        device = ctypes.c_int()
        failed = driver.cuInit(0) or driver.cuDeviceGet(ctypes.byref(device), 0)
        texts = [ctypes.create_string_buffer(256) for _ in range(2)]
        for ask, text in zip(
            (driver.cuDeviceGetName, driver.cuDeviceGetPCIBusId), texts, strict=True
        ):
            failed = failed or ask(text, len(text), device)
    except (OSError, AttributeError):
        return None
    name, bus_id = (text.value.decode("utf-8", "replace") for text in texts)
    return None if failed or not name else Gpu(name, bus_id)


def energy_counter(gpu: Gpu, library: str = _MANAGEMENT) -> Callable[[], float] | None:
    """Return what reads the joules that *gpu* took since its driver was loaded.

    Returns:
        a function that raises OSError where the driver does not answer; ``None``:
        there is no such counter, as before the generation Volta.

    Source: NVML API, nvmlDeviceGetTotalEnergyConsumption, in millijoules; 0 is success.
    """
    handle = ctypes.c_void_p()
    try:
        nvml = ctypes.CDLL(library)
        failed = nvml.nvmlInit_v2() or nvml.nvmlDeviceGetHandleByPciBusId_v2(
            gpu.bus_id.encode(), ctypes.byref(handle)
        )
    except (OSError, AttributeError):
        return None

    def joules() -> float:
        millijoules = ctypes.c_ulonglong()
        code = nvml.nvmlDeviceGetTotalEnergyConsumption(
            handle, ctypes.byref(millijoules)
        )
        if code:
            raise OSError(f"NVML does not tell the energy of {gpu.name}: error {code}")
        return millijoules.value / 1000

    try:
        failed = failed or joules() < 0
    except (OSError, AttributeError):
        return None
    return None if failed else joules
