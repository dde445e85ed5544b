"""F3: the power fails at every durable call; what was promised is still there.

Journal and folders lie on disks of their own: on one disk the journal's fdatasync
would force the folders' renames out as well, and a missing one would go unseen.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.bench import EVERY_CASE, Shape
from harness.replay import Replay
from harness.shim import KILLS, How, Method
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
    points = len(cabinet.bench.live().calls)

    for at in range(1, points + 1):
        for how in KILLS:

            def check(at: int = at, how: How = how) -> None:
                cabinet.reset()
                cabinet.live_and_cut(at, how)
                cabinet.bench.recover()
                cabinet.bench.judge_exact()
                cabinet.bench.must_be_at_rest()

            sweep.run(check, at=at, how=how)

    figures("F3", cuts=sweep.cases, points=points, case=f"{shape} {method}")
    sweep.must_be_right()
