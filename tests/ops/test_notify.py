"""The datagrams that the service manager receives."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from retouchd.ops.notify import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket that listens as the service manager does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(60)
        yield listener


@pytest.mark.parametrize(
    ("state", "datagram"),
    [("ready", b"READY=1"), ("stopping", b"STOPPING=1"), ("alive", b"WATCHDOG=1")],
)
def test_each_state_is_one_datagram(
    manager: socket.socket, state: str, datagram: bytes
) -> None:
    """A state arrives as the word that sd_notify(3) gives it."""
    notifier = Notifier(manager.getsockname())

    getattr(notifier, state)()

    assert manager.recv(4096) == datagram


def test_reloading_carries_the_time(manager: socket.socket) -> None:
    """A reload names the moment it began, in microseconds of the monotonic clock."""
    before = time.monotonic_ns() // 1000

    Notifier(manager.getsockname()).reloading()

    state, moment = manager.recv(4096).decode().split("\n")
    assert state == "RELOADING=1"
    assert before <= int(moment.removeprefix("MONOTONIC_USEC=")) < before + 5_000_000


def test_status_cannot_smuggle_a_state(manager: socket.socket) -> None:
    """A file name with a line break or undecodable bytes stays within its line."""
    name = b"a\nREADY=1\xff.jpg".decode(errors="surrogateescape")

    Notifier(manager.getsockname()).status(f"works on {name}")

    assert manager.recv(4096) == rb"STATUS=works on a READY=1\udcff.jpg"


def test_abstract_address(tmp_path: Path) -> None:
    """An address that begins with @ is a name without a file."""
    name = f"retouchd-test-{tmp_path.name}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        listener.settimeout(60)

        Notifier(f"@{name}").ready()

        assert listener.recv(4096) == b"READY=1"


def test_without_a_service_manager_nothing_happens(tmp_path: Path) -> None:
    """Neither an empty address nor a manager that went away stops the daemon."""
    Notifier("").ready()
    Notifier(str(tmp_path / "gone")).ready()

    assert list(tmp_path.iterdir()) == []
