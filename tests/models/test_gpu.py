"""The time of a device is divided fairly; the device has a name."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retouchd.ledger.prices import DEFAULT_BOOK, read_price_book
from retouchd.models.busy_time import BusyTime
from retouchd.models.gpu import Gpu, ask_driver, energy_counter
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf

DRIVER = r"""
#include <string.h>
int cuInit(unsigned flags) { return STATUS; }
int cuDeviceGet(int *device, int number) { *device = 3; return number; }
int cuDeviceGetName(char *name, int room, int device) {
    strncpy(name, device == 3 ? "NVIDIA H200" : "another", room); return 0; }
int cuDeviceGetPCIBusId(char *id, int room, int device) {
    strncpy(id, "0000:17:00.0", room); return 0; }
static int there;
int nvmlInit_v2(void) { return STATUS; }
int nvmlDeviceGetHandleByPciBusId_v2(const char *id, void **handle) {
    *handle = &there; return strcmp(id, "0000:17:00.0") ? 6 : 0; }
int nvmlDeviceGetTotalEnergyConsumption(void *handle, unsigned long long *mj) {
    *mj = 91500ULL; return handle == &there ? 0 : 1; }
"""
"""What retouchd calls of CUDA's driver and of NVML, with their signatures."""


def _library(folder: Path, status: int = 0) -> str:
    source, made = folder / f"driver{status}.c", folder / f"driver{status}.so"
    source.write_text(DRIVER.replace("STATUS", str(status)))
    subprocess.run(["cc", "-shared", "-fPIC", "-o", made, source], check=True)
    return str(made)


def test_sessions_side_by_side_share_the_time_of_their_device(
    shelve: Any, upscaler: Any
) -> None:
    """P8: two real sessions on one device are never busy for longer than it was."""
    shelve(upscaler(), name="one")
    shelf = Shelf([shelve(upscaler(), name="two")], Runtime("cpu"))
    sessions = [shelf.open(one) for one in shelf.manifests()]
    device = BusyTime()
    x = np.random.default_rng(0).random((1, 3, 256, 256), np.float32)
    together = threading.Barrier(2)
    shares: list[float] = []
    walls: list[float] = []

    def work(session: Any) -> None:
        together.wait()
        begun = time.perf_counter()
        for _ in range(20):
            with device.stay():
                session.run({"x": x})
        walls.append(time.perf_counter() - begun)
        shares.append(device.take())

    threads = [threading.Thread(target=work, args=(one,)) for one in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(shares) == pytest.approx(device.seconds, rel=1e-9)
    assert device.seconds <= max(walls) + 0.01
    assert sum(shares) < 0.9 * sum(walls)


def test_overlap_is_halved_and_a_run_alone_counts_whole() -> None:
    """P8: alone until another comes, then half and half."""
    device = BusyTime()
    inside, leave = threading.Event(), threading.Event()
    other = []

    def second() -> None:
        with device.stay() as stay:
            inside.set()
            leave.wait(60)
        other.append(stay)

    with device.stay() as first:
        time.sleep(0.05)
        thread = threading.Thread(target=second)
        thread.start()
        inside.wait(60)
        time.sleep(0.05)
    leave.set()
    thread.join()

    assert first.wall_s >= 0.1
    assert first.seconds == pytest.approx(first.wall_s - other[0].seconds, abs=0.02)
    assert first.seconds + other[0].seconds == pytest.approx(device.seconds)


@pytest.mark.needs("cc")
def test_the_device_is_called_as_its_driver_calls_it(tmp_path: Path) -> None:
    """A GPU has the name that the price book knows, not its number."""
    gpu = ask_driver(_library(tmp_path))

    assert gpu == Gpu("NVIDIA H200", "0000:17:00.0")
    price = read_price_book(DEFAULT_BOOK).find(gpu.name, "gpu_second")
    assert price is not None
    assert price.item == "H200"


@pytest.mark.needs("cc")
def test_the_energy_of_the_device_is_read_in_joules(tmp_path: Path) -> None:
    """NVML counts millijoules of the very device that CUDA uses."""
    library = _library(tmp_path)

    counter = energy_counter(Gpu("NVIDIA H200", "0000:17:00.0"), library)

    assert counter is not None
    assert counter() == 91.5
    assert energy_counter(Gpu("cuda:0"), library) is None


@pytest.mark.needs("cc")
def test_a_driver_that_fails_is_no_device(tmp_path: Path) -> None:
    """P6: a device that does not answer has no name, no energy, and stops nothing."""
    library = _library(tmp_path, status=100)

    assert ask_driver(library) is None
    assert energy_counter(Gpu("NVIDIA H200", "0000:17:00.0"), library) is None
    assert ask_driver(str(tmp_path / "none.so")) is None
