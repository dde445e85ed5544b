"""Examines what this machine can do: libraries, formats, GPU, limits of the kernel."""

from __future__ import annotations

import base64
import importlib
import platform
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Literal

from retouchd.media.vips import pyvips
from retouchd.models.runtime import gpu_works, has_nvidia_device
from retouchd.ops.finding import Finding

LIBVIPS_FLOOR = (8, 18, 3)
"""Older ones overflow on hostile files: CVE-2026-69242 (TIFF), CVE-2026-33327."""

INOTIFY_FLOORS = {
    "max_user_watches": 65_536,  # one for each folder below a watched inbox
    "max_user_instances": 128,  # one for each hot folder, beside other programs'
    "max_queued_events": 16_384,  # the kernel's default; fewer lose events in a burst
}

_RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
_LIBRARIES = {"PyOpenColorIO": "opencolorio", "cv2": "opencv-contrib-python-headless"}

# One pixel; libvips may be built without a GIF saver, and none is needed.
_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_SAVERS: dict[str, Callable[[pyvips.Image], bytes]] = {
    "jpeg": lambda picture: picture.jpegsave_buffer(),
    "png": lambda picture: picture.pngsave_buffer(),
    "tiff": lambda picture: picture.tiffsave_buffer(),
    "webp": lambda picture: picture.webpsave_buffer(effort=0),
    "avif": lambda picture: picture.heifsave_buffer(compression="av1", effort=0),
    "gif": lambda _: _GIF,
}


def examine_machine(device: Literal["auto", "cpu", "cuda"]) -> Iterator[Finding]:
    """Examine everything that does not depend on a hot folder.

    Args:
        device: what the settings ask for.
    """
    yield Finding("Python", "ok", platform.python_version())
    yield libvips(tuple(pyvips.version(part) for part in range(3)))
    yield formats()
    yield from libraries()
    yield onnx_runtime(installed_runtimes())
    yield gpu(device, *gpu_works(), present=has_nvidia_device())
    yield from inotify(Path("/proc/sys/fs/inotify"))


def libvips(version: tuple[int, ...]) -> Finding:
    """Compare the *version* that is loaded with the oldest one that is safe."""
    text = ".".join(map(str, version))
    if version >= LIBVIPS_FLOOR:
        return Finding("libvips", "ok", text)
    floor = ".".join(map(str, LIBVIPS_FLOOR))
    return Finding(
        "libvips",
        "problem",
        f"{text} has known holes for hostile files; {floor} closed them",
        'use the bundled one: pip install --upgrade "pyvips[binary]"',
    )


def formats() -> Finding:
    """Write and read a small picture in every format that is accepted."""
    failing = [name for name, save in _SAVERS.items() if not _round_trip(save)]
    if failing:
        return Finding(
            "formats",
            "problem",
            f"libvips cannot handle {', '.join(failing)}",
            'use the bundled libvips: pip install --upgrade "pyvips[binary]"',
        )
    return Finding("formats", "ok", ", ".join(_SAVERS))


def _round_trip(save: Callable[[pyvips.Image], bytes]) -> bool:
    picture = pyvips.Image.black(16, 16, bands=3).copy(interpretation="srgb")
    try:
        # Its average: a header alone may open although no decoder is built in.
        pyvips.Image.new_from_buffer(save(picture), "", fail_on="warning").avg()
    except pyvips.Error:
        return False
    return True


def libraries() -> Iterator[Finding]:
    """Load the compiled libraries that only some steps use."""
    for module, package in _LIBRARIES.items():
        try:
            importlib.import_module(module)
        except ImportError as error:
            hint = f"pip install --force-reinstall {package}"
            yield Finding(package, "problem", f"does not load: {error}", hint)
        else:
            yield Finding(package, "ok", metadata.version(package))


def installed_runtimes() -> dict[str, str]:
    """Return the version of each distribution of ONNX Runtime that is installed."""
    found = {}
    for distribution in metadata.distributions():
        name = distribution.name.lower().replace("_", "-")
        if name in _RUNTIMES:
            found[name] = distribution.version
    return found


def onnx_runtime(installed: Mapping[str, str]) -> Finding:
    """Look for a clash: both distributions write into one folder, the last one wins.

    Args:
        installed: versions by name of distribution.
    """
    text = " and ".join(f"{name} {version}" for name, version in installed.items())
    if len(installed) == 1:
        return Finding("ONNX Runtime", "ok", text)
    return Finding(
        "ONNX Runtime",
        "problem",
        f"{text} overwrite each other" if installed else "is not installed",
        "pip uninstall -y onnxruntime onnxruntime-gpu, then install one of them",
    )


def gpu(
    device: Literal["auto", "cpu", "cuda"],
    works: bool,  # noqa: FBT001  (it comes as the first half of a pair)
    reason: str,
    *,
    present: bool,
) -> Finding:
    """Judge the GPU against what the settings ask for.

    Args:
        device: what the settings ask for.
        works: whether a convolution ran on it.
        reason: the sentence that goes with *works*.
        present: whether the machine shows an NVIDIA device.
    """
    if works or device == "cpu" or (device == "auto" and not present):
        return Finding("GPU", "ok", reason)
    return Finding(
        "GPU",
        "problem" if device == "cuda" else "warning",
        f"{reason}; the processor does the work" if device == "auto" else reason,
        'pip install "retouchd[cuda]"; the driver must be one for CUDA 13'
        if present
        else 'set device = "auto" under [worker]',
    )


def inotify(folder: Path) -> Iterator[Finding]:
    """Compare the kernel's limits in *folder* with what busy hot folders need."""
    for name, floor in INOTIFY_FLOORS.items():
        subject = f"inotify {name}"
        try:
            limit = int((folder / name).read_text())
        except OSError as error:
            text = f"cannot be read: {error.strerror}"
            yield Finding(subject, "warning", text, 'set watch = "scan" under [intake]')
            continue
        if limit >= floor:
            yield Finding(subject, "ok", f"{limit:,}")
        else:
            hint = f"sysctl fs.inotify.{name}={8 * floor}"
            yield Finding(subject, "warning", f"{limit:,} is less than {floor:,}", hint)
