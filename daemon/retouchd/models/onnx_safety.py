"""Looks through an ONNX file before ONNX Runtime sees it.

ONNX Runtime reads files that a model names beside itself, even when the model
comes from memory; a crafted model so reads any file of the machine. The walker
here visits every message in which a tensor or an operator can stand, and refuses
external data and operators that ONNX Runtime does not bring along. Field numbers:
``onnx.proto`` of ONNX 1.21.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retouchd.errors import ModelError
from retouchd.models.runtime import known_operators

ALLOWED_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
LARGEST_MODEL = 2 * 1024**3
_MOST_FIELDS = 3_000_000
_DEEPEST = 48

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# message -> field number -> message found there; everything else holds plain values.
_CHILDREN = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 9: "opset", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse",
        23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
    "opset": {},
}
_DOMAIN_FIELD = {"opset": 1, "node": 7, "function": 10}
_NAME_FIELD = {"node": 4, "function": 1}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14

Operator = tuple[str, str]
"""Domain and name; the domain of ONNX itself is empty."""


@dataclass(frozen=True)
class _Field:
    number: int
    wire: int
    value: int
    body: memoryview


def refuse_unsafe(model: bytes, file: Path) -> None:
    """Raise unless *model* carries all its data itself and uses known operators.

    Args:
        model: the bytes that will be loaded, not another reading of the file.
        file: named in the error.

    Raises:
        ModelError: external data, an unknown operator domain, or no ONNX at all.
    """
    if len(model) > LARGEST_MODEL:
        raise ModelError("larger than 2 GiB", hint="ONNX ends there", file=file)
    try:
        _walk(memoryview(model))
    except _UnsafeError as error:
        raise ModelError(
            str(error),
            hint="export it again as one file of standard operators",
            file=file,
        ) from None


class _UnsafeError(Exception):
    """What is wrong with the model, in one sentence."""


def _walk(model: memoryview) -> None:
    graphs = visited = 0
    waiting = [("model", model, 0)]
    operators: dict[str, set[Operator]] = {"node": set(), "function": set()}
    while waiting:
        message, body, depth = waiting.pop()
        graphs += message == "graph"
        if message in operators:
            operators[message].add(_operator(message, body))
        if depth > _DEEPEST:
            raise _UnsafeError("the graph is nested too deeply")
        for field in _fields(body):
            visited += 1
            if visited > _MOST_FIELDS:
                raise _UnsafeError("the file has too many fields")
            _check(message, field)
            child = _CHILDREN[message].get(field.number)
            if child:
                waiting.append((child, field.body, depth + 1))
    if not graphs:
        raise _UnsafeError("this is no ONNX model: it holds no graph")
    _refuse_unknown(operators["node"] - operators["function"])


def _refuse_unknown(used: set[Operator]) -> None:
    unknown = used - known_operators()
    if unknown:
        name = ascii(".".join(filter(None, min(unknown))))
        raise _UnsafeError(f"it uses the unknown operator {name}")


def _operator(message: str, body: memoryview) -> Operator:
    """Read which operator a node runs, or a function defines; the last word counts."""
    words = {_DOMAIN_FIELD[message]: "", _NAME_FIELD[message]: ""}
    for field in _fields(body):
        if field.number in words:
            words[field.number] = bytes(field.body[:80]).decode("utf-8", "replace")
    domain, name = words.values()
    return "" if domain == "ai.onnx" else domain, name


def _check(message: str, field: _Field) -> None:
    """Refuse what reaches outside the file, and what a parser may read otherwise."""
    number, domain = field.number, _DOMAIN_FIELD.get(message)
    if (number in _CHILDREN[message] or number == domain) and field.wire != _BYTES:
        raise _UnsafeError(f"this is no ONNX model: field {number} of {message}")
    if number == domain:
        name = bytes(field.body[:80]).decode("utf-8", "replace")
        if name not in ALLOWED_DOMAINS:
            raise _UnsafeError(f"it uses operators of the unknown domain {name!r}")
    if message == "tensor" and (
        number == _EXTERNAL_DATA or (number == _DATA_LOCATION and field.value)
    ):
        raise _UnsafeError("it keeps weights in other files (external data)")


def _fields(body: memoryview) -> Iterator[_Field]:
    """Yield the fields of one message; values of no interest are not copied."""
    at, end = 0, len(body)
    while at < end:
        key, at = _varint(body, at)
        wire, value, length = key & 7, 0, 0
        if wire == _VARINT:
            value, at = _varint(body, at)
        elif wire == _BYTES:
            length, at = _varint(body, at)
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise _UnsafeError("this is no ONNX model: unknown kind of field")
        if length > end - at:
            raise _UnsafeError("the file is cut off")
        yield _Field((key & 0xFFFFFFFF) >> 3, wire, value, body[at : at + length])
        at += length


def _varint(body: memoryview, at: int) -> tuple[int, int]:
    """Read a base-128 number; return it and the position behind it."""
    value = shift = 0
    while at < len(body) and shift < 70:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise _UnsafeError("the file is cut off")
