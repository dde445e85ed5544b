"""Tells the service manager how the daemon is doing."""

from __future__ import annotations

import contextlib
import socket
import time

_START_MICROSECONDS = 60_000_000


class Notifier:
    """Sends states to the socket that the service manager listens on.

    Source: sd_notify(3), section "Notes" on the plain protocol: one datagram of
    ``NAME=value`` lines; a leading ``@`` stands for the abstract name space.
    """

    def __init__(self, address: str) -> None:
        """Take the *address*; empty (no service manager): every call does nothing."""
        # The kernel writes abstract names with a leading zero byte.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def ready(self) -> None:
        """Say that recovery is over and the hot folders are watched."""
        self._send("READY=1")

    def starting(self) -> None:
        """Ask for another minute: recovery and the first looks take their time."""
        self._send(f"EXTEND_TIMEOUT_USEC={_START_MICROSECONDS}")

    def reloading(self) -> None:
        """Say that rules and settings are read anew; ``ready`` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Say that nothing new is claimed and the work in hand is finished."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Hold the watchdog off; call it only when every part has made progress."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Show one line of *text* in ``systemctl status``."""
        self._send(f"STATUS={' '.join(text.split())}")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # A manager that does not listen is no reason to stop: it has its own timeouts.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line,
        ):
            line.settimeout(1.0)
            # Names of files come in with undecodable bytes as surrogates.
            line.sendto(message.encode(errors="backslashreplace"), self._address)
