"""Weights are fetched from real servers, also from bad ones; only right ones stay."""

from __future__ import annotations

import hashlib
import io
import threading
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from retouchd.errors import ModelError
from retouchd.models.download import SafeRedirects, fetch
from retouchd.models.manifest import Manifest
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.models.store import part_file, put_weights

CONTENT = bytes(range(256)) * 4000
"""About a megabyte, in which every place looks different from its neighbour."""

Serve = Callable[..., str]


class Manners:
    """How the server behaves; it keeps what it was asked.

    Attributes:
        breaks_after: bytes of one answer after which the connection ends, 0: never.
        knows_ranges: whether it answers a part when it is asked for one.
        claims: Content-Length that it claims, 0: the truth.
        body: what it sends.
        location: where it sends people on to.
        asked: the Range headers that came, ``""`` for none.
    """

    def __init__(self) -> None:
        self.breaks_after = 0
        self.knows_ranges = True
        self.claims = 0
        self.body = CONTENT
        self.location = ""
        self.asked: list[str] = []


@pytest.fixture
def manners() -> Manners:
    """Good ones."""
    return Manners()


@pytest.fixture
def address(manners: Manners) -> Iterator[str]:
    """The address of a real server with *manners*."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            manners.asked.append(wanted)
            if manners.location and self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", manners.location)
                self.end_headers()
                return
            if self.path != "/net.onnx":
                self.send_error(404)
                return
            self._answer(int(wanted[6:-1]) if wanted and manners.knows_ranges else 0)

        def _answer(self, start: int) -> None:
            body = manners.body[start:]
            self.send_response(206 if start else 200)
            if start:
                whole = len(manners.body)
                span = f"bytes {start}-{whole - 1}/{whole}"
                self.send_header("Content-Range", span)
            self.send_header("Content-Length", str(manners.claims or len(body)))
            self.end_headers()
            self.wfile.write(body[: manners.breaks_after or len(body)])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/net.onnx"
    server.shutdown()
    thread.join()
    server.server_close()


def wanted(url: str, content: bytes = CONTENT, **changes: Any) -> Manifest:
    """A manifest whose weights are *content*."""
    values = {
        "name": "theirs",
        "task": "matte",
        "tier": "standard",
        "file": "weights.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "url": url,
        "licence": "MIT",
        "source": "test",
        "input": {"name": "x", "size": 320},
        "output": {"name": "y"},
    }
    return Manifest.model_validate(values | changes)


def silent(_: int) -> None:
    """Take progress and say nothing."""


def test_a_good_server_gives_all_at_once(address: str, tmp_path: Path) -> None:
    """One request without a range; progress ends at the whole size."""
    seen: list[int] = []

    part = fetch(wanted(address), "", tmp_path / "part", seen.append)

    assert part.read_bytes() == CONTENT
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)


def test_what_breaks_off_goes_on_where_it_stopped(
    address: str, manners: Manners, tmp_path: Path
) -> None:
    """Each try asks for the rest only, within a command and in the next one."""
    manners.breaks_after = 300_000
    fetched = fetch(wanted(address), "", tmp_path / "part", silent).read_bytes()
    asked = manners.asked[:]
    manners.breaks_after = 200_000
    with pytest.raises(ModelError, match=r"800,000 of 1,024,000 bytes are here"):
        fetch(wanted(address), "", tmp_path / "other", silent)
    again = fetch(wanted(address), "", tmp_path / "other", silent).read_bytes()

    assert fetched == again == CONTENT
    assert asked == ["", "bytes=300000-", "bytes=600000-", "bytes=900000-"]
    assert manners.asked[-1] == "bytes=1000000-"


def test_a_server_without_ranges_begins_anew(
    address: str, manners: Manners, tmp_path: Path
) -> None:
    """The whole file that it sends takes the place of the part."""
    (tmp_path / "part").write_bytes(CONTENT[:5000])
    manners.knows_ranges = False

    assert fetch(wanted(address), "", tmp_path / "part", silent).read_bytes() == CONTENT


def test_too_short_a_claim_gives_no_file(
    address: str, manners: Manners, tmp_path: Path
) -> None:
    """Ten bytes at a time are not the file; after some tries it says so."""
    manners.claims = 10

    with pytest.raises(ModelError, match="40 of 1,024,000 bytes are here"):
        fetch(wanted(address), "", tmp_path / "part", silent)


def test_too_long_a_claim_does_no_harm(
    address: str, manners: Manners, tmp_path: Path
) -> None:
    """Size and digest of the manifest decide, not what a server says."""
    manners.claims = 2_000_000

    assert fetch(wanted(address), "", tmp_path / "part", silent).read_bytes() == CONTENT


def test_wrong_bytes_are_deleted(
    address: str, manners: Manners, tmp_path: Path
) -> None:
    """Both digests are told, and nothing of it is continued."""
    manners.body = CONTENT[:-1] + b"x"

    with pytest.raises(ModelError, match=r"is not theirs: .* wanted"):
        fetch(wanted(address), "", tmp_path / "part", silent)

    assert not (tmp_path / "part").exists()


def test_more_than_promised_is_not_taken(
    address: str, manners: Manners, tmp_path: Path
) -> None:
    """A server that never ends cannot fill the disk."""
    manners.body = CONTENT * 3

    with pytest.raises(ModelError, match="sends more than"):
        fetch(wanted(address), "", tmp_path / "part", silent)

    assert (tmp_path / "part").stat().st_size == 0


def test_redirects_are_followed_on_the_web_alone(
    address: str, manners: Manners, tmp_path: Path
) -> None:
    """A file of this machine is no answer."""
    moved = wanted(address.replace("net.onnx", "moved"))
    manners.location = address
    assert fetch(moved, "", tmp_path / "part", silent).read_bytes() == CONTENT

    manners.location = "file:///etc/passwd"
    with pytest.raises(ModelError, match="is not allowed"):
        fetch(moved, "", tmp_path / "other", silent)


def test_a_secure_connection_is_not_lost() -> None:
    """From https on to http is refused, from https to https is not.

    An answer that is not followed is closed, as urllib does with those that are.
    """
    answer = io.BytesIO()
    request = urllib.request.Request("https://far.invalid/net.onnx")
    follow = SafeRedirects().redirect_request

    secure, bare = "https://cdn.invalid/net.onnx", "http://cdn.invalid/net.onnx"
    onwards = follow(request, answer, 302, "", Message(), secure)
    with pytest.raises(ModelError, match="sends us on to http:"):
        follow(request, answer, 302, "", Message(), bare)

    assert onwards is not None
    assert answer.closed


def test_refusals_and_silence_are_told(address: str, tmp_path: Path) -> None:
    """The answer of the server, or why there is none, with a way out."""
    gone = wanted(address.replace("net.onnx", "gone.onnx"))
    with pytest.raises(ModelError, match="answers 404"):
        fetch(gone, "", tmp_path / "part", silent)
    with pytest.raises(ModelError, match="Connection refused"):
        fetch(wanted("http://127.0.0.1:1/x"), "", tmp_path / "part", silent)
    with pytest.raises(ModelError, match="names no address"):
        fetch(wanted(""), "", tmp_path / "part", silent)


def test_proxies_of_the_environment_are_used(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy that is set gets the request, and answers in its own way."""
    monkeypatch.setenv("http_proxy", address.replace("/net.onnx", ""))

    with pytest.raises(ModelError, match="answers 404"):
        fetch(wanted("http://far.invalid/net.onnx"), "", tmp_path / "part", silent)


@pytest.mark.parametrize("name", ["net.onnx", "theirs/weights.onnx", "theirs.onnx"])
def test_a_mirror_may_be_a_folder(tmp_path: Path, name: str) -> None:
    """The file may have the name of the address or that of the model."""
    mirror = tmp_path / "mirror"
    (mirror / name).parent.mkdir(parents=True)
    manifest = wanted("https://far.invalid/path/net.onnx?download=1")
    with pytest.raises(ModelError, match=r"net\.onnx or theirs/weights\.onnx"):
        fetch(manifest, str(mirror), tmp_path / "part", silent)
    (mirror / name).write_bytes(CONTENT)

    assert fetch(manifest, str(mirror), tmp_path / "p", silent).read_bytes() == CONTENT


def test_a_mirror_may_be_an_address(address: str, tmp_path: Path) -> None:
    """The name of the file is added to it."""
    manifest = wanted("https://far.invalid/path/net.onnx")
    mirror = address.replace("net.onnx", "")

    assert fetch(manifest, mirror, tmp_path / "p", silent).read_bytes() == CONTENT


@pytest.mark.parametrize("is_ours", [True, False])
def test_fetched_weights_come_to_their_manifest(
    shelve: Any, upscaler: Any, tmp_path: Path, is_ours: bool
) -> None:
    """In our folder they join it; from the shipped folder both come to ours."""
    content = upscaler().SerializeToString()
    shipped = shelve(content, url="https://far.invalid/net.onnx", licence="MIT")
    (shipped / "made" / "weights.onnx").unlink()
    ours = shipped if is_ours else tmp_path / "ours"
    [manifest] = Shelf([shipped], Runtime("cpu")).manifests()
    part = part_file(ours, manifest)
    part.write_bytes(content)

    put_weights(ours, manifest, part)

    shelf = Shelf([ours, shipped], Runtime("cpu"))
    assert shelf.problems() == []
    assert shelf.choose("upscale").folder == ours / "made"
    assert not part.exists()
