"""A process with the daemon loaded, which lives one life after the other in forks.

Started by ``Driver`` with the shim in ``LD_PRELOAD``; reads orders from its standard
input and answers on its standard output, one JSON object a line.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import select
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from harness.life import Prepared, live, prepare
from harness.mutants import MUTANTS
from harness.shim import Arm
from retouchd.errors import RetouchdError
from retouchd.inspect.containers import RawMetadata
from retouchd.inspect.origin import detect
from retouchd.log import set_up

IDLE, ENDED, CRASHED = 0, 75, 70


def serve() -> None:
    """Answer orders until the input ends."""
    _warm_up()
    for line in sys.stdin:
        answer = _live_in_fork(json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _warm_up() -> None:
    """Load now what is loaded at its first use, or every fork would do it anew."""
    np.median([0.0])
    detect(RawMetadata(), {}, "")


@functools.cache
def _prepared(config: Path, _changed: int) -> Prepared:
    """Read settings, rules and models before the fork: forks share them.

    What is here now is left alone by the garbage collector of the forks, or each would
    copy all pages of it.
    """
    prepared = prepare(config)
    gc.freeze()
    return prepared


def _live_in_fork(order: dict[str, Any]) -> dict[str, Any]:
    config = Path(order["config"])
    prepared = _prepared(config, config.stat().st_mtime_ns)
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _be_born(order, prepared)
    status = _wait(child, order["patience"])
    return {"status": status, "seconds": time.monotonic() - began}


def _wait(child: int, patience: float) -> str:
    """Wait for the end of *child*; end it when it lives too long."""
    handle = os.pidfd_open(child)
    try:
        is_over = bool(select.select([handle], [], [], patience)[0])
    finally:
        os.close(handle)
    if not is_over:
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not is_over:
        return "stuck"
    known = {IDLE: "idle", ENDED: "ended", -signal.SIGKILL: "killed"}
    return known.get(code, f"crashed ({code})")


def _be_born(order: dict[str, Any], prepared: Prepared) -> None:
    """Become the daemon; never returns."""
    code = CRASHED
    with contextlib.suppress(BaseException):
        with Path(order["log"]).open("a") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        set_up("json", "debug", sys.stderr)
        code = _life(order, prepared)
        sys.stderr.flush()
    os._exit(code)


def _life(order: dict[str, Any], prepared: Prepared) -> int:
    if order["mutant"]:
        MUTANTS[order["mutant"]]()
    Arm(**order["arm"]).load(order["roots"], order["calls"])
    try:
        live(prepared)
    except RetouchdError:
        traceback.print_exc()
        return ENDED
    except BaseException:  # noqa: BLE001  a fork must not go on as its parent
        traceback.print_exc()
        return CRASHED
    return IDLE


if __name__ == "__main__":
    serve()
