"""Configuration: the one reader of the environment and of ``retouchd.toml``."""

from __future__ import annotations

from retouchd.settings.budget import Budget, Then
from retouchd.settings.energy import Energy
from retouchd.settings.environment import (
    prepare_libvips,
    service_socket,
    silence_onnx_runtime,
    silence_svt_av1,
)
from retouchd.settings.listen import SocketAddress, parse_listen
from retouchd.settings.load import find_config, load_settings
from retouchd.settings.review import Review
from retouchd.settings.schema import (
    HotFolder,
    Intake,
    Limits,
    Log,
    Metrics,
    Settings,
    Worker,
)
from retouchd.settings.shipped import shipped_folder
from retouchd.settings.video import Video

__all__ = [
    "Budget",
    "Energy",
    "HotFolder",
    "Intake",
    "Limits",
    "Log",
    "Metrics",
    "Review",
    "Settings",
    "SocketAddress",
    "Then",
    "Video",
    "Worker",
    "find_config",
    "load_settings",
    "parse_listen",
    "prepare_libvips",
    "service_socket",
    "shipped_folder",
    "silence_onnx_runtime",
    "silence_svt_av1",
]
