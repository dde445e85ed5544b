"""The program of a worker process: closes its sandbox, then loads what it works with.

``python -m retouchd.jobs.spawn_main HANDLE``. Until the sandbox is closed only the
standard library and files without imports of their own are loaded: libraries start
threads when they are imported, and those would stay outside.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection

from retouchd.jobs.messages import Ready
from retouchd.jobs.sandbox import Confinement, confine


@dataclass(frozen=True)
class Opening:
    """The first message to a worker.

    Attributes:
        import_paths: ``sys.path`` of the pool's process.
        confinement: what the worker may reach.
    """

    import_paths: tuple[str, ...]
    confinement: Confinement


def main(handle: int) -> None:
    """Lock this process in, say how, then serve."""
    link = Connection(handle)
    try:
        opening: Opening = link.recv()
        sys.path[:] = opening.import_paths
        protection = confine(opening.confinement, opening.import_paths)
        link.send(Ready(protection))
        if opening.confinement.is_required and not protection.is_enough:
            return
        plan = link.recv()  # loads the libraries
    except (EOFError, OSError):
        return  # nobody waits any more
    from retouchd.jobs.worker import serve  # noqa: PLC0415  (inside the sandbox only)

    serve(link, plan)


if __name__ == "__main__":
    main(int(sys.argv[1]))
