"""Hears what people put into a hot folder, where the kernel sees every change."""

from __future__ import annotations

from retouchd.hotfolder.work import Signals
from retouchd.intake.mounts import mount_of
from retouchd.intake.watch import Method, Watcher, method_for
from retouchd.log import get_logger
from retouchd.settings import HotFolder, Intake

log = get_logger()


def listen(
    folder: HotFolder, intake: Intake, signals: Signals, method: Method
) -> Watcher | None:
    """Watch ``in/``, and ``review/`` where that can be watched too.

    Args:
        folder: settings of the hot folder.
        intake: says whether events are wanted at all.
        signals: set by what is heard.
        method: how ``in/`` is to be watched.

    Returns:
        the running watcher; ``None``: there are no events, the scans alone must do.
    """
    if method == "scan":
        return None

    def dropped() -> None:
        signals.changed.set()
        signals.alarm.set()

    def moved() -> None:
        signals.moved.set()
        signals.alarm.set()

    def overflowed() -> None:
        log.warning("events_lost", hot_folder=folder.name)
        moved()
        dropped()

    hears_review = method_for(mount_of(folder.review), intake.watch) == "inotify"
    also = {folder.review: moved} if hears_review else {}
    try:
        return Watcher(folder.inbox, dropped, overflowed, also)
    except OSError as error:
        log.warning(
            "inotify_unavailable",
            hot_folder=folder.name,
            error=str(error),
            hint="raise fs.inotify.max_user_watches; the folder is scanned instead",
        )
        return None
