"""Where metrics are served: a Unix socket or a port of this machine alone."""

from __future__ import annotations

import ipaddress
from pathlib import Path

_HINT = 'set "unix:/run/retouchd/metrics.sock" or "127.0.0.1:9464"'
SocketAddress = Path | tuple[str, int]


def parse_listen(text: str) -> SocketAddress | None:
    """Read ``unix:PATH`` or ``HOST:PORT``; an empty text means nowhere.

    Raises:
        ValueError: (what is wrong, what to do): neither form, or a host that others
            can reach; metrics tell names of folders and rules and ask for no password.
    """
    if not text:
        return None
    if text.startswith("unix:"):
        path = Path(text.removeprefix("unix:"))
        if not path.is_absolute():
            raise ValueError(f"the socket {str(path)!r} is not an absolute path", _HINT)
        return path
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not (host and port.isdecimal() and 0 < int(port) < 65_536):
        raise ValueError(f"{text!r} is neither a socket nor HOST:PORT", _HINT)
    if not _is_loopback(host):
        raise ValueError(f"{host!r} can be reached from other machines", _HINT)
    return host, int(port)


def check_listen(text: str) -> str:
    """Return *text* where ``parse_listen`` can read it.

    Raises:
        ValueError: see ``parse_listen``.
    """
    parse_listen(text)
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
