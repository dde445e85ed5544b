"""Puts one staged file under its final name; looks first whether that was done."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from retouchd.delivery.place import Method, other_name, place, sha256_of
from retouchd.errors import HeldError
from retouchd.hotfolder.archive import make_folder
from retouchd.hotfolder.places import Places
from retouchd.ledger.entries import Placed
from retouchd.ledger.jobs import Journal
from retouchd.values import Rendition


class Placing:
    """The last step of every result; used by the one thread of a hot folder.

    Args:
        places: the open hot folder.
        journal: told of each name before it is tried.
        clock: seconds since the epoch.
    """

    def __init__(
        self, places: Places, journal: Journal, clock: Callable[[], float]
    ) -> None:
        self._places = places
        self._journal = journal
        self._clock = clock

    def put(
        self,
        job: str,
        output: tuple[Rendition, Path, bool],
        touched: set[Path],
    ) -> Placed:
        """Move a staged output to its planned name, or to the next free one.

        Args:
            job: its id.
            output: the rendition, its planned path, and whether a link may have been
                begun before a crash.
            touched: folders whose entries change are added.

        Raises:
            OSError: the share failed; calling again is safe.
            HeldError: nobody can tell whether it was delivered before a crash.
        """
        self._places.beat()
        made, final, may_be_linked = output
        traits = self._places.traits[self._places.root_of(final)]
        while not _is_delivered(made, final, may_be_linked=may_be_linked):
            touched |= make_folder(final.parent)
            try:
                if traits.method is Method.LINK:
                    self._journal.linking(job, made.output).result()
                place(made.stage, final, traits.method, traits.names)
            except FileExistsError:
                final = other_name(final)
                self._journal.renamed(job, made.output, final).result()
                may_be_linked = False
        touched |= {final.parent, made.stage.parent}
        return Placed(made, final, self._clock())


def _is_delivered(made: Rendition, final: Path, *, may_be_linked: bool) -> bool:
    """Tell whether *made* already lies at *final*: its stage name is gone.

    Where linking began before a crash, a second name proves the link; without one
    a consumer may have taken the result away, which nobody can tell afterwards.
    """
    try:
        names = os.lstat(made.stage).st_nlink
    except FileNotFoundError:
        return True
    if not may_be_linked:
        return False
    if names == 1 and not os.path.lexists(final):
        raise HeldError(
            "a crash came while this result was handed out: it may or may not "
            "have been delivered",
            hint="look for the result, then release or redeliver the job",
            file=final,
        )
    if names > 1 or sha256_of(final) == made.sha256:
        made.stage.unlink()
        return True
    return False
