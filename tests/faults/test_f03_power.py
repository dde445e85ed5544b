"""F3: the power fails at every durable call; what was promised is still there.

Journal and folders lie on disks of their own: on one disk the journal's fdatasync
would force the folders' renames out as well, and a missing one would go unseen.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from auditor import Verdict
from harness.bench import EVERY_CASE, Bench, Shape
from harness.replay import Replay
from harness.shim import KILLS, How, Method
from harness.sweep import Sweep
from mounts.cabinet import Cabinet

pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.long,
    pytest.mark.needs("root", "cc", "mkfs.ext4"),
]

HELD_WITH: frozenset[Method] = frozenset({"link"})
"""Methods after which a cut leaves jobs to a person: those of one group of results.

Links that were not yet forced to disk are undone, and with them the removal of the
stages: it looks as if somebody had taken the results away between the two. An NFS
server forces each link to disk before it answers; the disks here do not.
"""


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
    points = len(cabinet.bench.live().calls)
    held = 0

    for at in range(1, points + 1):
        for how in KILLS:

            def check(at: int = at, how: How = how) -> None:
                nonlocal held
                cabinet.reset()
                cabinet.live_and_cut(at, how)
                cabinet.bench.recover()
                verdict = _judge(cabinet.bench)
                held += bool(verdict.held)
                cabinet.bench.must_be_at_rest()

            sweep.run(check, at=at, how=how)

    figures(
        "F3",
        cuts=sweep.cases,
        points=points,
        case=f"{shape} {method}",
        cuts_with_held_jobs=held,
    )
    sweep.must_be_right()


def _judge(bench: Bench) -> Verdict:
    """See that every job was delivered once, or is held where that cannot be told."""
    verdict = bench.judge()
    assert not verdict.held or bench.method in HELD_WITH, str(verdict)
    assert verdict.right + verdict.held == bench.shape.count, str(verdict)
    return verdict
