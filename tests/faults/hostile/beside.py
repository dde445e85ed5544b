"""Sidecars that mean harm, each with a sound picture beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from .blocks import packets
from .samples import noise, png_of, sound, zeros

Named = Iterator[tuple[str, bytes]]


def hostile_sidecars() -> Named:
    """Yield names and bytes; a picture and its sidecar come one after the other."""
    for word, ending, content in (*_json_texts(), *_shapes(), *_masks(), *_packets()):
        name = f"side-{word}"
        yield f"{name}.png", sound(".png")
        yield name + ending, content


def _json_texts() -> Iterator[tuple[str, str, bytes]]:
    texts = {
        "deep": b'{"shapes":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
        "deep-label": b'{"shapes":[{"points":[[1,1],[9,9],[1,9]],"label":'
        + b"[" * 900
        + b"]" * 900
        + b"}]}",
        "lists": b'{"shapes":[' + b"[]," * 12_000_000 + b"[]]}",
        "long-number": b'{"shapes":[],"imageWidth":1'
        + b"0" * 4000
        + b',"imageHeight":32}',
        "wide-number": b'{"shapes":[],"imageWidth":1'
        + b"0" * 400
        + b',"imageHeight":32}',
        "digits": b'{"imageWidth":' + b"9" * 9000 + b"}",
        "nan": b'{"shapes":[{"points":[[NaN,1],[Infinity,9],[1,9]]}]}',
        "infinite": b'{"shapes":[{"points":[[1e999,1],[-1e999,9],[1,9]]}]}',
        "huge-points": b'{"shapes":[{"points":[[1'
        + b"0" * 400
        + b",1],[9,9],[1,9]]}]}",
        "no-text": b"\xff\xfe\x00\xd8" + noise(200, 5),
        "cut": b'{"shapes":[{"points":[[1,1],[9,',
        "empty": b"",
        "list": b"[1,2,3]",
        "two-keys": b'{"shapes":[],"shapes":{"a":1}}',
    }
    return ((word, ".json", text) for word, text in texts.items())


def _shape(**parts: Any) -> dict[str, Any]:
    return {"label": "erase:dust", "points": [[4, 4], [20, 4], [20, 20]], **parts}


def _shapes() -> Iterator[tuple[str, str, bytes]]:
    circle = [[5, 5], [1e308, 1e308]]
    points = [[n % 48, n % 31] for n in range(300_000)]
    shapes = {
        "points": [_shape(points=points)],
        "many": [_shape()] * 10_000,
        "too-many": [_shape()] * 10_001,
        "outside": [_shape(points=[[-9, -9], [-5, -9], [-5, -2]])] * 10_000,
        "kinds": [_shape(shape_type="x" * 3_000_000)],
        "kind-list": [_shape(shape_type=["polygon"])],
        "label": [_shape(label="\x1b[2J\u202eevil" * 300_000)],
        "label-map": [_shape(label={"a": 1})],
        "null": [None],
        "words": [_shape(points="ab")],
        "circle": [_shape(shape_type="circle", points=circle)],
        "mask-text": [_shape(shape_type="mask", mask="!!")],
        "mask-jpeg": [_shape(shape_type="mask", mask=_base64(sound(".jpg")))],
        "mask-cut": [_shape(shape_type="mask", mask=_base64(sound(".png")[:60]))],
    }
    for word, listed in shapes.items():
        yield f"shapes-{word}", ".json", json.dumps({"shapes": listed}).encode()
    bomb = _shape(shape_type="mask", points=[[0, 0]], mask=_base64(_flat(9000, 6000)))
    sized = {"imageWidth": 9000, "imageHeight": 6000, "shapes": [bomb] * 60}
    yield "shapes-mask-bombs", ".json", json.dumps(sized).encode()


def _flat(width: int, height: int) -> bytes:
    return png_of(width, height, zeros((width + 1) * height), colour=0)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _masks() -> Iterator[tuple[str, str, bytes]]:
    yield "mask-huge", ".mask.png", _flat(30_000, 20_000)
    yield "mask-large", ".mask.png", _flat(6000, 4000)
    yield "mask-shape", ".mask.png", _flat(30, 60)
    yield "mask-jpeg", ".mask.png", sound(".jpg")
    yield "mask-cut", ".mask.png", sound(".png")[:70]
    yield "mask-empty", ".mask.png", b""


def _packets() -> Iterator[tuple[str, str, bytes]]:
    for word, packet in packets().items():
        yield f"xmp-{word}", ".xmp", packet
    yield "xmp-long", ".xmp", b"<a/>" * 500_000
