"""Directory entries that are no plain file, and names that mean harm."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_ODD = [
    *("-rf", "--help", "-", "a b c", "tab\tname", "new\nline", "carriage\rreturn"),
    *(
        "bell\x07",
        "\x1b[2J\x1b]0;pwned\x07title",
        "\x9b31mred",
        "back\x08space",
        "del\x7fete",
    ),
    *(
        "right\u202egpj.exe",
        "left\u202dright",
        "isolate\u2066x\u2069",
        "mark\u200f",
        "joiner\u200d",
    ),
    *(
        "line\u2028sep",
        "para\u2029sep",
        "bom\ufeff",
        "private\ue000",
        "noncharacter\uffff",
    ),
    *("CON", "aux", "PRN.x", "NUL", "COM1", "lpt9", "con ", "nul.tar.gz"),
    *(
        "semi;colon",
        "$(touch pwned)",
        "`touch pwned`",
        "| touch pwned",
        "&& touch pwned",
    ),
    *(
        "quote's",
        'double"quote',
        "star*",
        "what?",
        "less<more>",
        "back\\slash",
        "colon:here",
    ),
    *(
        "percent%2e%2e%2f",
        "%s%n%x",
        "{stem}",
        "{x.__class__}",
        "[bold]red[bold]",
        "a[page=2]",
    ),
    *(
        "..climb",
        "...",
        "dot.",
        "space ",
        " lead",
        "~tilde",
        "#hash",
        "!bang",
        "=SUM(A1)",
    ),
    *(
        "cafe\u0301",
        "caf\u00e9",
        "\u65e5\u672c\u8a9e",
        "\U0001f9a6",
        "zalgo" + "\u0301" * 60,
    ),
    *("x" * 251, "\u00e9" * 125, "x" * 200 + ".jpg.exe", "'; DROP TABLE jobs; --"),
]

_NOT_TEXT = [
    b"latin-\xe9",
    b"\xff\xfe\xfd",
    b"half-\xf0\x9f\xa6",
    b"over-\xc0\xaf",
    b"surrogate-\xed\xa0\x80",
]


def odd_names() -> list[bytes]:
    """Names of PNG files, as bytes, that some program or other stumbles over."""
    return [
        *(f"{name}.png".encode() for name in _ODD),
        *(name + b".png" for name in _NOT_TEXT),
    ]


def make_entries(inbox: Path, outside: Path) -> dict[str, str]:
    """Put links, pipes, sockets and devices into *inbox*.

    Args:
        inbox: where they are put.
        outside: a folder with a picture ``secret.png`` that must stay as it is.

    Returns:
        by name, a word of the reason for which each is left where it is.
    """
    secret = outside / "secret.png"
    made = dict(_links(inbox, outside, secret))
    os.link(secret, inbox / "hard.png")
    os.mkfifo(inbox / "pipe.png")
    made |= {"hard.png": "hard link", "pipe.png": "regular"}
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(inbox / "socket.png"))
        made["socket.png"] = "regular"
    with suppress(PermissionError):  # only root makes devices
        os.mknod(inbox / "device.png", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        made["device.png"] = "regular"
    return made


def _links(inbox: Path, outside: Path, secret: Path) -> Iterator[tuple[str, str]]:
    targets = {
        "to-secret.png": secret,
        "to-passwd.jpg": Path("/etc/passwd"),
        "to-nothing.png": Path("nowhere.png"),
        "to-itself.png": inbox / "to-itself.png",
        "to-folder": outside,
        "to-zero.png": Path("/dev/zero"),
    }
    for name, target in targets.items():
        (inbox / name).symlink_to(target)
        yield name, "symbolic link"
