"""Does what commands ask of the running daemon."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from retouchd.errors import RetouchdError
from retouchd.hotfolder.loop import HotFolderLoop
from retouchd.hotfolder.retry import send_again
from retouchd.hotfolder.review.desk import Wanted
from retouchd.jobs.pool import Pool
from retouchd.ledger.held import HeldJobs, Word
from retouchd.ledger.jobs import Journal
from retouchd.ledger.requests import Request, Requests
from retouchd.ledger.reviews import Reviews


class Answers:
    """Answers the requests of commands; never waits for a share.

    Args:
        requests: where they are asked and answered.
        journal: of all hot folders.
        loops: the hot folders.
        pool: where their jobs run.
    """

    def __init__(
        self,
        requests: Requests,
        journal: Journal,
        loops: Sequence[HotFolderLoop],
        pool: Pool,
    ) -> None:
        self._requests = requests
        self._journal = journal
        self._pool = pool
        self._loops = {loop.folder.name: loop for loop in loops}

    def give(self) -> None:
        """Answer everything that was asked since the last call."""
        for request in self._requests.open():
            try:
                answer = self._do(request)
            except RetouchdError as error:
                answer = {"error": str(error)}
            if answer is not None:
                self._answer(request, answer)

    def _answer(self, request: Request, answer: Mapping[str, Any]) -> None:
        self._requests.answer(request, answer, time.time())

    def _do(self, request: Request) -> Mapping[str, Any] | None:
        """Do what was asked; ``None``: a folder's thread answers when it is done."""
        match request.what:
            case "pause" | "resume":
                return self._pause(request)
            case "work":
                return self._work()
            case "retry":
                self._retry(request)
            case "release" | "redeliver" as word:
                self._decide(request, word)
            case "review":
                self._judge(request)
            case _:
                return {"error": f"this daemon does not know {request.what!r}"}
        return None

    def _pause(self, request: Request) -> Mapping[str, Any]:
        wanted = request.arguments["hot_folders"]
        chosen = [loop for name, loop in self._loops.items() if name in wanted]
        for loop in chosen:
            loop.pause(paused=request.what == "pause")
        return {"hot_folders": [loop.folder.name for loop in chosen]}

    def _work(self) -> Mapping[str, Any]:
        """Tell what no row in the ledger says: what runs now, and how locked in."""
        protection = self._pool.protection
        return {
            "running": self._pool.running(),
            "sandbox": asdict(protection) if protection else None,
        }

    def _retry(self, request: Request) -> None:
        job = request.arguments["job"]
        failed = self._journal.failed_job(job)
        loop = self._loop(failed.hot_folder)

        def errand(places: Any) -> None:
            try:
                name = send_again(places, failed)
                answer = {"job": job, "dropped": name}
                loop.wake()
            except RetouchdError as error:
                answer = {"error": str(error)}
            except OSError as error:
                self._answer(request, {"error": str(error)})
                raise  # the folder is opened anew, and sends the rest
            self._answer(request, answer)

        loop.run_errand(errand)

    def _decide(self, request: Request, word: Word) -> None:
        """Let a person's word on a held job be carried out by its folder."""
        job = request.arguments["job"]
        held = HeldJobs(self._journal.database).find(job)
        loop = self._loop(held.entry.hot_folder)
        loop.decide(job, word, lambda answer: self._answer(request, answer))

    def _judge(self, request: Request) -> None:
        """Let a verdict be carried out by the folder that holds the result."""
        wanted = Wanted.read(request.arguments)
        job = Reviews(self._journal.database).find(wanted.job)
        loop = self._loop(job.entry.hot_folder)
        loop.judge(wanted, lambda answer: self._answer(request, answer))

    def _loop(self, hot_folder: str) -> HotFolderLoop:
        if hot_folder not in self._loops:
            raise RetouchdError(
                f"its hot folder {hot_folder!r} is not in the configuration",
                hint="add it again and start the daemon anew",
            )
        return self._loops[hot_folder]
