"""Seeded damage to sound bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator

from .samples import FORMATS, sound

_EDGES = (
    b"\0",
    b"\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\x01",
)


def mutants(seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and bytes without end; the same for the same *seed*."""
    number = 0
    while True:
        ending = FORMATS[number % len(FORMATS)]
        yield f"m{seed}-{number:06d}{ending}", mutant(ending, seed, number)
        number += 1


def mutant(ending: str, seed: int, number: int) -> bytes:
    """Damage a sound picture in one to eight places."""
    chance = random.Random(f"{seed}-{number}")
    data = bytearray(sound(ending))
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        _damage(data, chance)
    return bytes(data)


def _damage(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(4, max(5, len(data)))
    kind = chance.randrange(6)
    if kind == 0:
        data[at % len(data)] ^= 1 << chance.randrange(8)
    elif kind == 1:
        data[at % len(data)] = chance.randrange(256)
    elif kind == 2:
        edge = chance.choice(_EDGES)
        data[at : at + len(edge)] = edge
    elif kind == 3:
        del data[at : at + chance.randrange(1, 40)]
    elif kind == 4:
        data[at:at] = data[at : at + chance.randrange(1, 200)]
    else:
        data[at:at] = chance.randbytes(chance.randrange(1, 9))
