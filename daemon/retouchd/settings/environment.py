"""The only lines that touch the environment of the process."""

from __future__ import annotations

import os

PREFIX = "RETOUCHD_"
CONFIG_VARIABLE = "RETOUCHD_CONFIG"


def prepare_libvips() -> None:
    """Set the ``VIPS_*`` variables; call it before libvips is loaded.

    One libvips thread for each of our own: parallel jobs beat parallel pixels.
    Values that the user has set stay.
    """
    os.environ.setdefault("VIPS_CONCURRENCY", "1")
    os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")
    os.environ.setdefault("VIPS_DISC_THRESHOLD", "4g")


def silence_onnx_runtime() -> None:
    """Keep ONNX Runtime from reporting to its makers; call it before it is loaded."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def silence_svt_av1() -> None:
    """Keep that encoder's chatter out of our log; call it before one is opened.

    It does not go by FFmpeg's level. Errors are still told.
    """
    os.environ.setdefault("SVT_LOG", "1")


def service_socket() -> str:
    """Return the address at which systemd waits for news; empty outside of a unit."""
    return os.environ.get("NOTIFY_SOCKET", "")


def retouchd_variables() -> dict[str, str]:
    """Return every ``RETOUCHD_*`` variable that is set, by its upper-case name."""
    return {
        name.upper(): value
        for name, value in os.environ.items()
        if name.upper().startswith(PREFIX)
    }
