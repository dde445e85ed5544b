"""Real clients that copy a file into an inbox, and the servers they need."""

from __future__ import annotations

import ftplib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from harness.process import until
from writers.manners import Desk

SERVER_SECONDS = 20.0

SMB_CONF = """
[global]
    server role = standalone server
    map to guest = Bad User
    smb ports = {port}
    interfaces = lo
    bind interfaces only = yes
    disable netbios = yes
    load printers = no
    server min protocol = SMB2
    private dir = {state}
    lock directory = {state}
    state directory = {state}
    cache directory = {state}
    pid directory = {state}
    ncalrpc dir = {state}/ncalrpc
    log file = {state}/log
[in]
    path = {inbox}
    guest ok = yes
    read only = no
    force user = root
"""


class Servers:
    """An FTP server and a Samba whose roots are one inbox; gone with the context.

    Args:
        inbox: what clients see.
        state: scratch space of the servers.
    """

    def __init__(self, inbox: Path, state: Path) -> None:
        self._inbox = inbox
        self._state = state
        self._ended = ExitStack()
        self.ftp_port = free_port()
        self.smb_port = free_port()

    def __enter__(self) -> Self:
        self._state.mkdir()
        conf = self._state / "smb.conf"
        facts = {"port": self.smb_port, "state": self._state, "inbox": self._inbox}
        conf.write_text(SMB_CONF.format(**facts))
        samba = ["smbd", "--foreground", "--no-process-group"]
        samba += ["--configfile", str(conf), "--log-basename", str(self._state)]
        ftp = [sys.executable, "-W", "ignore", "-m", "pyftpdlib", "--write"]
        ftp += ["--interface", "127.0.0.1", "--port", str(self.ftp_port)]
        ftp += ["--directory", str(self._inbox)]
        for command, port in ((samba, self.smb_port), (ftp, self.ftp_port)):
            self._ended.enter_context(_serving(command, port, self._state))
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.close()

    def ftp(self) -> ftplib.FTP:
        """Return a connection for one client."""
        client = ftplib.FTP(timeout=SERVER_SECONDS)
        client.connect("127.0.0.1", self.ftp_port)
        client.login()
        return client


@contextmanager
def _serving(command: list[str], port: int, state: Path) -> Iterator[None]:
    """Run *command* in a process group of its own until the context ends."""
    with (state / "servers.log").open("ab") as log:
        # smbd ends by a signal to its whole process group, which must not be ours.
        server = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True
        )
    try:
        until(lambda: _answers(port), f"{command[0]} on port {port}", SERVER_SECONDS)
        assert server.poll() is None, (state / "servers.log").read_text()
        yield
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(SERVER_SECONDS)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def rsync(desk: Desk, _: Servers) -> None:
    """Copy by rsync: a hidden name, then a rename; slowed down."""
    _rsync(desk)


def rsync_inplace(desk: Desk, _: Servers) -> None:
    """Copy by rsync straight into the file; slowed down."""
    _rsync(desk, "--inplace")


def _rsync(desk: Desk, *options: str) -> None:
    _run("rsync", "--bwlimit=12", *options, str(desk.source), str(desk.target))


def cp(desk: Desk, _: Servers) -> None:
    """Copy by cp, with the times of the source."""
    _run("cp", "--preserve", str(desk.source), str(desk.target))


def ftp(desk: Desk, servers: Servers) -> None:
    """Upload by FTP, with pauses; the file has its last name from the start."""
    with servers.ftp() as client:
        desk.began()
        _upload(client, f"STOR {desk.target.name}", desk, desk.pieces())
        client.quit()


def ftp_resumed(desk: Desk, servers: Servers) -> None:
    """Upload by FTP, lose the connection half way, come back and append the rest."""
    first, *rest = desk.pieces()
    desk.began()
    with servers.ftp() as client:
        _upload(client, f"STOR {desk.target.name}", desk, [first])
    with servers.ftp() as client:
        _upload(client, f"APPE {desk.target.name}", desk, rest)
        client.quit()


def _upload(
    client: ftplib.FTP, command: str, desk: Desk, pieces: Iterator[bytes] | list[bytes]
) -> None:
    client.voidcmd("TYPE I")
    with client.transfercmd(command) as connection:
        desk.touched()
        for piece in pieces:
            connection.sendall(piece)
            desk.blink()
    client.voidresp()
    desk.touched()


def smbclient(desk: Desk, servers: Servers) -> None:
    """Upload by SMB in one go."""
    _smb(f"put {desk.source} {desk.target.name}", servers)


def smbclient_slow(desk: Desk, servers: Servers) -> None:
    """Upload by SMB with pauses longer than a file must rest, the file held open."""

    def feed() -> Iterator[bytes]:
        for piece in desk.pieces():
            yield piece
            time.sleep(1.2 * desk.settle)
        desk.ends()

    _smb(f"put - {desk.target.name}", servers, feed())


def _smb(command: str, servers: Servers, feed: Iterable[bytes] = ()) -> None:
    with subprocess.Popen(
        [
            "smbclient",
            "//127.0.0.1/in",
            "-N",
            "-p",
            str(servers.smb_port),
            "-c",
            command,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    ) as client:
        assert client.stdin
        for piece in feed:
            client.stdin.write(piece)
        said, _ = client.communicate(timeout=120)
    assert client.returncode == 0, said.decode(errors="replace")


def _run(*command: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


CLIENTS: dict[str, Callable[[Desk, Servers], None]] = {
    "rsync": rsync,
    "rsync --inplace": rsync_inplace,
    "cp": cp,
    "FTP": ftp,
    "FTP, resumed": ftp_resumed,
    "smbclient": smbclient,
    "smbclient, slow": smbclient_slow,
}
"""Every client under its name."""
