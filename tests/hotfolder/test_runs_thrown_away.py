"""Work whose result is thrown away was work all the same."""

from __future__ import annotations

import errno
from typing import Any

from retouchd.values import Outcome, StepRun


def test_every_run_of_a_job_is_booked_once(life: Any, until: Any) -> None:
    """P8: a second look, a full disk and the run that counts are three attempts."""
    life.drop()

    for cpu_s, trouble in (
        (1.0, Outcome("", error="cut off", retryable=True)),
        (2.0, Outcome("", error="full", retryable=True, errno=errno.ENOSPC)),
        (4.0, Outcome("", error="no picture")),
    ):
        order = life.next_order()
        runs = (StepRun("decode", cpu_s=cpu_s),)
        known = {"job": order.job, "step_runs": runs}
        life.loop.accept(Outcome(**(vars(trouble) | known)))
    until(lambda: life.states() == ["failed"])

    booked = life.database.rows("SELECT attempt, cpu_s FROM step_runs ORDER BY id")
    assert [tuple(row.values()) for row in booked] == [(1, 1.0), (2, 2.0), (3, 4.0)]
    [job] = life.database.rows("SELECT attempts FROM jobs")
    assert job["attempts"] == 3
    charged = life.database.rows(
        "SELECT measured FROM job_charges WHERE item = 'cpu_core' ORDER BY id"
    )
    assert [row["measured"] for row in charged] == ["1", "2", "4"]
