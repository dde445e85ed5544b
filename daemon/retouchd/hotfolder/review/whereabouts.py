"""Finds the files of a job again that people may have moved, copied or taken away."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from retouchd.errors import StorageError
from retouchd.hotfolder.archive import leads_out
from retouchd.hotfolder.places import Places
from retouchd.ledger.decidable import Decidable, Kept


class Whereabouts:
    """Where the files of one job lie.

    Args:
        places: the open hot folder.
        job: whose files they are.
        found: files that a person moved, by output.
    """

    def __init__(
        self, places: Places, job: Decidable, found: Mapping[int, Path]
    ) -> None:
        self._places = places
        self._job = job
        self._found = found

    @property
    def root(self) -> Path:
        """The folder in which the results of the job rest."""
        folder = self._places.folder
        roots = {"review": folder.review, "done": folder.out}
        return roots.get(self._job.state, folder.rejected)

    def lies(self, kept: Kept) -> Path | None:
        """Return where *kept* is; ``None``: nowhere that a person may have meant."""
        wanted = self._found.get(kept.output)
        paths = [wanted] if wanted else self._likely(kept)
        return next((path for path in paths if self.is_plain(path)), None)

    def _likely(self, kept: Kept) -> Iterator[Path]:
        """Yield where *kept* was put, also in a root that lies elsewhere now."""
        yield kept.path
        parts = kept.path.parts
        for place, part in enumerate(parts):
            if part == self.root.name:
                yield self.root.joinpath(*parts[place + 1 :])

    def is_plain(self, path: Path) -> bool:
        """Whether *path* is a file inside our folders, no link and behind no link."""
        try:
            root = self._places.root_of(path)
            facts = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError, StorageError):
            return False
        return stat.S_ISREG(facts.st_mode) and not leads_out(root, path.parent)
