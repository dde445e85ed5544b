"""Fetches weights: resumes what broke off, and keeps only what is exactly right.

urllib is enough here: it knows the proxies of the environment and follows redirects.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import re
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from retouchd import __version__
from retouchd.errors import FULL, ModelError, StorageError
from retouchd.models.manifest import Manifest

Progress = Callable[[int], None]
"""Is told how many bytes are here."""

_BLOCK = 1 << 18
_TRIES = 4
_SILENCE_SECONDS = 30.0
_PARTIAL = 206

_BROKEN = (
    urllib.error.URLError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
)
"""What a server or network does that may go well at the next try."""


class SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from a secure place to an open one."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """Refuse to lose the secure connection, and schemes that are no web."""
        scheme = urllib.parse.urlsplit(newurl).scheme
        if scheme not in ("http", "https") or (req.type == "https" != scheme):
            fp.close()  # urllib closes it only where it follows
            raise ModelError(
                f"the server sends us on to {newurl}",
                hint="fetch the file yourself and use --mirror",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(manifest: Manifest, mirror: str, part: Path, progress: Progress) -> Path:
    """Fetch the weights of *manifest* into *part* and verify them.

    Args:
        manifest: says address, size and digest.
        mirror: a folder, or an address that ends in the name of the file; empty: the
            official address.
        part: what an earlier try has left is continued.
        progress: told of every block.

    Returns:
        *part*, complete.

    Raises:
        ModelError: nothing can be fetched, or it is not the right file; a wrong one
            is deleted.
        StorageError: there is no room.
    """
    local = _in_folder(manifest, mirror)
    try:
        if local:
            shutil.copyfile(local, part)
        else:
            _download(_address(manifest, mirror), manifest, part, progress)
    except OSError as error:
        if error.errno in FULL:
            raise StorageError(
                "there is no room for the weights",
                hint=f"{manifest.name} needs {manifest.bytes / 1e6:.0f} MB",
                file=part.parent,
                errno=error.errno or errno.ENOSPC,
            ) from error
        raise
    _verify(manifest, part, str(local or _address(manifest, mirror)))
    progress(manifest.bytes)
    return part


def file_names(manifest: Manifest) -> tuple[str, ...]:
    """Return the names under which a mirror may hold the weights, the best first."""
    official = urllib.parse.unquote(
        urllib.parse.urlsplit(manifest.url).path.rpartition("/")[2]
    )
    own = f"{manifest.name}/{manifest.file}"
    return tuple(name for name in (official, own, f"{manifest.name}.onnx") if name)


def _in_folder(manifest: Manifest, mirror: str) -> Path | None:
    if not mirror or _is_address(mirror):
        return None
    folder = Path(mirror)
    for name in file_names(manifest):
        if (folder / name).is_file():
            return folder / name
    raise ModelError(
        f"the mirror does not hold {' or '.join(file_names(manifest))}",
        hint=f"fetch it from {manifest.url} on a machine that can, and put it there",
        file=folder,
    )


def _is_address(text: str) -> bool:
    return re.match(r"https?://", text) is not None


def _address(manifest: Manifest, mirror: str) -> str:
    if mirror:
        return f"{mirror.rstrip('/')}/{urllib.parse.quote(file_names(manifest)[0])}"
    if not _is_address(manifest.url):
        raise ModelError(
            f"{manifest.name} names no address",
            hint=f"get it from {manifest.source} and use `retouchd models add`",
        )
    return manifest.url


def _download(address: str, manifest: Manifest, part: Path, progress: Progress) -> None:
    """Try until the file is whole; each try goes on where the last one ended."""
    here = _size(part)
    problem = ""
    for _ in range(_TRIES):
        before = here
        try:
            _receive(address, manifest, part, progress)
            problem = "the connection ends too early"
        except urllib.error.HTTPError as error:
            raise _refused(address, error) from error
        except _BROKEN as error:
            problem = str(getattr(error, "reason", error)) or type(error).__name__
        here = _size(part)
        if here >= manifest.bytes:
            return
        if here == before:  # no use in trying where nothing comes
            break
    raise ModelError(
        f"fetching {address} fails: {problem}; {here:,} of {manifest.bytes:,} bytes "
        "are here",
        hint="run the command again: it goes on where it stopped; behind a proxy set "
        "https_proxy, without a network use --mirror",
    )


def _refused(address: str, error: urllib.error.HTTPError) -> ModelError:
    error.close()
    return ModelError(
        f"{address} answers {error.code} {error.reason}",
        hint="the address may have changed: fetch the file yourself and use --mirror",
    )


def _receive(address: str, manifest: Manifest, part: Path, progress: Progress) -> None:
    here = _size(part)
    if here >= manifest.bytes:
        return
    headers = {"User-Agent": f"retouchd/{__version__}", "Accept-Encoding": "identity"}
    if here:
        headers["Range"] = f"bytes={here}-"
    request = urllib.request.Request(address, headers=headers)  # noqa: S310  (http only)
    opener = urllib.request.build_opener(SafeRedirects)
    with opener.open(request, timeout=_SILENCE_SECONDS) as answer:
        goes_on = answer.status == _PARTIAL and _begins_at(answer, here)
        with part.open("ab" if goes_on else "wb") as file:
            _copy(answer, file, manifest, progress)


def _begins_at(answer: Any, here: int) -> bool:
    said = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return bool(said and int(said[1]) == here)


def _copy(answer: Any, file: IO[bytes], manifest: Manifest, progress: Progress) -> None:
    """Write what comes; more than was promised is not taken."""
    here = file.tell()
    while block := answer.read(_BLOCK):
        here += len(block)
        if here > manifest.bytes:
            file.truncate(0)
            raise ModelError(
                f"{answer.url} sends more than the {manifest.bytes:,} bytes of "
                f"{manifest.name}",
                hint="that is another file; check address or mirror",
            )
        file.write(block)
        progress(here)


def _verify(manifest: Manifest, part: Path, origin: str) -> None:
    size = _size(part)
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if (size, digest) == (manifest.bytes, manifest.sha256):
        return
    part.unlink()
    raise ModelError(
        f"{origin} is not {manifest.name}: {size:,} bytes with sha256 {digest}, "
        f"wanted {manifest.bytes:,} with {manifest.sha256}",
        hint="it was deleted; try again, or fetch it from another place with --mirror",
    )


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
