"""Which files of a folder belong to which picture; names only, nothing is opened.

A sidecar is ``NAME.EXT.json`` or ``NAME.json`` (exact name first); likewise
``.xmp``, ``.txt``, ``.xml``, ``.mask.png`` and ``_mask.png``. Extensions are compared
without case. ``NAME.EXT.FRAME.json`` belongs to one frame of a clip. A short name that
fits two pictures belongs to neither: guessing would erase the wrong picture's regions
(darktable#13224, osxphotos#210).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ENDINGS = (".json", ".xmp", ".txt", ".xml", ".mask.png", "_mask.png")
_OF_A_FRAME = re.compile(
    r"(?P<clip>.+\.(?:mp4|mov|m4v|mkv|webm|gif|webp))\.(?P<frame>[0-9]{1,9})\.json",
    re.IGNORECASE | re.DOTALL,
)
MASK_ENDINGS = (".mask.png", "_mask.png")


@dataclass(frozen=True)
class Groups:
    """One folder listing, sorted into pictures and what belongs to them.

    Attributes:
        pictures: every other file, with its sidecars, exact names first.
        lonely: sidecars whose picture is not in the listing (yet). Of mask names
            only those stand here; with their picture they are its sidecars.
        ambiguous: sidecars that fit several pictures, with those pictures.
    """

    pictures: Mapping[str, tuple[str, ...]]
    lonely: tuple[str, ...]
    ambiguous: Mapping[str, tuple[str, ...]]


def is_sidecar_name(name: str) -> bool:
    """Whether *name* has the form of a sidecar, whatever else is in its folder."""
    return _root(name) != ""


def sidecar_names(picture_name: str) -> tuple[str, ...]:
    """Return the sidecar names of a picture in lower-case endings, exact ones first.

    ``a.jpg`` gives ``a.jpg.json``, ``a.json``, ``a.jpg.xmp`` and so on.
    """
    roots = dict.fromkeys((picture_name, _stem(picture_name)))
    return tuple(root + ending for ending in ENDINGS for root in roots)


def is_exact(sidecar_name: str, picture_name: str) -> bool:
    """Whether the sidecar is named after the whole name of its picture."""
    return _root(sidecar_name).casefold() == picture_name.casefold()


def ending_of(sidecar_name: str) -> str:
    """Return the ending in lower case, one of ``ENDINGS``; empty: no sidecar."""
    folded = sidecar_name.lower()
    return next((ending for ending in ENDINGS if folded.endswith(ending)), "")


def group(names: Iterable[str]) -> Groups:
    """Sort the names of one folder, without their path, into pictures and sidecars.

    A picture whose own name looks like a mask (``a_mask.png``) counts as ``lonely``
    while the picture it would mask is absent.
    """
    listing = sorted(names)
    others = [name for name in listing if not is_sidecar_name(name)]
    by_root = _by_root(others)
    members: dict[str, list[str]] = {name: [] for name in others}
    lonely: list[str] = []
    ambiguous: dict[str, tuple[str, ...]] = {}
    for name in set(listing).difference(others):
        owners = by_root.get(_root(name)) or by_root.get(_clip(name)) or []
        if len(owners) == 1:
            members[owners[0]].append(name)
        elif owners:
            ambiguous[name] = tuple(owners)
        else:
            lonely.append(name)
    pictures = {
        picture: tuple(sorted(found, key=lambda name: _rank(name, picture)))
        for picture, found in members.items()
    }
    return Groups(pictures, tuple(sorted(lonely)), ambiguous)


def _by_root(pictures: Iterable[str]) -> dict[str, list[str]]:
    """Map whole names to their picture; stems to every picture that has them."""
    exact = {name: [name] for name in pictures}
    by_stem: dict[str, list[str]] = {}
    for name in exact:
        by_stem.setdefault(_stem(name), []).append(name)
    return by_stem | exact


def _rank(name: str, picture: str) -> tuple[bool, int, str]:
    return not is_exact(name, picture), ENDINGS.index(ending_of(name)), name


def _root(name: str) -> str:
    """Return the name without its sidecar ending; empty where it has none."""
    ending = ending_of(name)
    return name[: -len(ending)] if ending else ""


def frame_of(sidecar_name: str) -> int | None:
    """Return the number of the frame of a clip that it tags; ``None``: of none."""
    found = _OF_A_FRAME.fullmatch(sidecar_name)
    return int(found["frame"]) if found else None


def _clip(sidecar_name: str) -> str:
    """Return the name of the clip of which it tags a frame; empty: of none."""
    found = _OF_A_FRAME.fullmatch(sidecar_name)
    return found["clip"] if found else ""


def _stem(name: str) -> str:
    """Return the name without its last extension; a leading dot starts no extension."""
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name
