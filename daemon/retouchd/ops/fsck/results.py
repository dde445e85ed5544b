"""Looks among delivered files for the results of a job whose row is lost."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from retouchd.delivery.naming import clean
from retouchd.settings import HotFolder

_COMPARED = 60
"""Characters of a stem that are compared: names of results may be cut."""


class Results:
    """All files that were handed out of one hot folder and still lie there."""

    def __init__(self, folder: HotFolder) -> None:
        self._roots = (folder.out, folder.review, folder.rejected)

    def of(self, source: str) -> Path | None:
        """Return a file that could be a result of *source*, judged by its name.

        A name that contains the stem of the source counts, because the rule of that
        time is not known. Digits beside it make it another number: ``a1`` is not in
        ``a10``.
        """
        stem = _folded(clean(PurePosixPath(source).stem))[:_COMPARED]
        return next((path for name, path in self._files if _contains(name, stem)), None)

    @cached_property
    def _files(self) -> list[tuple[str, Path]]:
        return [(_folded(path.name), path) for path in self._walk()]

    def _walk(self) -> Iterator[Path]:
        for root in self._roots:
            for place, folders, files in os.walk(root):
                folders[:] = [name for name in folders if name != ".retouchd"]
                yield from (Path(place) / name for name in files)


def _folded(text: str) -> str:
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", text).casefold()


def _contains(name: str, stem: str) -> bool:
    place = name.find(stem)
    while place >= 0:
        before, after = name[:place][-1:], name[place + len(stem) :][:1]
        longer = (before.isdigit() and stem[:1].isdigit()) or (
            after.isdigit() and stem[-1:].isdigit()
        )
        if not longer:
            return True
        place = name.find(stem, place + 1)
    return False
