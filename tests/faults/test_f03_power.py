"""F3: the power fails at every durable call; what was promised is still there.

Journal and folders lie on disks of their own: on one disk the journal's fdatasync
would force the folders' renames out as well, and a missing one would go unseen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from auditor import Verdict
from harness.bench import EVERY_CASE, Bench, Shape
from harness.replay import Replay
from harness.shim import KILLS, Call, How, Method
from harness.sweep import Sweep
from mounts.cabinet import Cabinet

pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.long,
    pytest.mark.needs("root", "cc", "mkfs.ext4"),
]


@pytest.mark.parametrize(("shape", "method"), EVERY_CASE, ids=str)
def test_power_cut_at_each_durable_call(
    make_cabinet: Callable[[Shape, Method], Cabinet],
    replay: Replay,
    figures: Callable[..., None],
    shape: Shape,
    method: Method,
) -> None:
    """P1, P2, P3: what the disks kept is enough to deliver everything once."""
    sweep = Sweep(replay, {"shape": shape, "method": method})
    if not sweep.is_asked_for:
        pytest.skip("another case was asked for")
    cabinet = make_cabinet(shape, method)
    cabinet.reset()
    calls = cabinet.bench.live().calls
    may_hold_from = _first_link(calls, cabinet.bench.root)
    held = 0

    for at in range(1, len(calls) + 1):
        for how in KILLS:

            def check(at: int = at, how: How = how) -> None:
                nonlocal held
                cabinet.reset()
                cabinet.live_and_cut(at, how)
                cabinet.bench.recover()
                verdict = _judge(cabinet.bench, may_hold=at >= may_hold_from)
                held += bool(verdict.held)
                cabinet.bench.must_be_at_rest()

            sweep.run(check, at=at, how=how)

    figures(
        "F3",
        cuts=sweep.cases,
        points=len(calls),
        case=f"{shape} {method}",
        cuts_with_held_jobs=held,
    )
    sweep.must_be_right()


def _first_link(calls: Sequence[Call], root: Path) -> float:
    """Return the number of the call that notes the first link of a result, if any.

    From there on a cut leaves the jobs of one group of results to a person: links that
    were not yet forced to disk are undone, and with them the removal of the stages. It
    looks as if somebody had taken the results away between the two. An NFS server
    forces each link to disk before it answers; the disks here do not.
    """
    for number, call in enumerate(calls):  # from 0: the call before it is the note
        if call.name == "link" and Path(call.paths[-1]).is_relative_to(root / "out"):
            return number
    return math.inf


def _judge(bench: Bench, *, may_hold: bool) -> Verdict:
    """See that every job was delivered once, or is held where that cannot be told."""
    verdict = bench.judge()
    assert may_hold or not verdict.held, str(verdict)
    assert verdict.right + verdict.held == bench.shape.count, str(verdict)
    return verdict
