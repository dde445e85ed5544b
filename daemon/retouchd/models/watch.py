"""Notices that models came, went or changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from retouchd.models.manifest import FILE_NAME

Stamp = tuple[tuple[str, int, int], ...]
"""Path, nanosecond of the last change and size."""


class ModelWatch:
    """Looks at manifests and their folders; weights are too large to be read again.

    Args:
        folders: each holds one folder per model.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._seen = self._look()

    def changed(self) -> bool:
        """Whether anything is not as it was at the last look."""
        before, self._seen = self._seen, self._look()
        return self._seen != before

    def _look(self) -> Stamp:
        return tuple(
            stamp
            for folder in self._folders
            for manifest in sorted(folder.glob(f"*/{FILE_NAME}"))
            # The folder as well: its time changes when weights are put into it.
            for path in (manifest, manifest.parent)
            for stamp in _stamp(path)
        )


def _stamp(path: Path) -> Iterator[tuple[str, int, int]]:
    try:
        status = path.stat()
    except OSError:  # gone for the moment; its return is a change
        return
    yield str(path), status.st_mtime_ns, status.st_size
