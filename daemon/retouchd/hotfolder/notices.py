"""What people read of a hot folder: on the board behind `status`, and in the log."""

from __future__ import annotations

import time

from retouchd.errors import RetouchdError
from retouchd.hotfolder.places import Places
from retouchd.hotfolder.work import Signals
from retouchd.intake.mounts import Mount
from retouchd.intake.scan import LeftInPlace
from retouchd.intake.watch import Method
from retouchd.ledger.folders import Board, FolderState
from retouchd.log import get_logger
from retouchd.settings import HotFolder

log = get_logger()


class Notices:
    """Publishes the state of one hot folder when it changes.

    Attributes:
        watched_by: how changes are noticed.
    """

    def __init__(self, folder: HotFolder, board: Board, signals: Signals) -> None:
        self.watched_by: Method = "scan"
        self._folder = folder
        self._board = board
        self._signals = signals
        self._file_system = ""
        self._left: tuple[LeftInPlace, ...] = ()
        self._shortage = ""
        self._limit = ""
        self._trouble = "", ""

    def opened(self, places: Places, mount: Mount, method: Method) -> None:
        """Tell what the file systems of the root were seen to do."""
        self.watched_by = method
        traits = dict.fromkeys(one.sentence() for one in places.traits.values())
        self._file_system = f"{mount.file_system}: {'; '.join(traits)}"
        log.info(
            "folder_opened",
            hot_folder=self._folder.name,
            epoch=places.owner.epoch,
            file_system=mount.file_system,
            watched_by=method,
            traits={root.name: one.sentence() for root, one in places.traits.items()},
        )

    def turned(self, left: tuple[LeftInPlace, ...], shortage: str) -> None:
        """Take note of one turn: what is left in ``in/``, what space is missing.

        And whether the budget is spent, or was renewed.
        """
        limit = self._signals.allowance.reason
        before = self._left, bool(self._shortage), self._limit
        if (left, bool(shortage), limit) == before:
            return
        if shortage and not self._shortage:
            log.warning(
                "waiting_for_space", hot_folder=self._folder.name, reason=shortage
            )
        self._left, self._shortage, self._limit = left, shortage, limit
        self.publish("waiting for space" if shortage else "", shortage)

    def trouble(self, state: str, error: RetouchdError) -> None:
        """Tell that the folder cannot work; the log says it once for each reason."""
        reason = str(error)
        if (state, reason) != self._trouble:
            event = state.replace(" ", "_")
            log.error(event, hot_folder=self._folder.name, error=reason)
        self._trouble = state, reason
        self.publish(state, reason)

    def publish(self, state: str = "", reason: str = "") -> None:
        """Put the state on the board; without one it is what people decided."""
        if not state:
            self._trouble = "", ""
            state, reason = self._usual()
        self._board.publish(
            FolderState(
                name=self._folder.name,
                path=str(self._folder.path),
                watched_by=self.watched_by,
                state=state,
                reason=reason,
                file_system=self._file_system,
                left_in_place=tuple((one.name, one.reason) for one in self._left),
            ),
            time.time(),
        )

    def _usual(self) -> tuple[str, str]:
        """Return the state of a folder that could work, and why it perhaps does not."""
        allowance = self._signals.allowance
        if self._signals.paused:
            return "paused", ""
        return "over budget" if allowance.holds else "watching", allowance.reason
