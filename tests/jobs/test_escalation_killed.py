"""A worker that dies in a later attempt costs time, never a result."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

from tiered import Bright, Marked, Shade, shelve

from retouchd.rules.escalate import Escalate
from retouchd.rules.schema import Output, Rule


def test_a_death_in_the_second_attempt(
    plan: Any, hire: Any, order: Any, until: Any, tmp_path: Path
) -> None:
    """P3: the job runs once more from its claim, and has one outcome."""
    models = tmp_path / "models"
    shelve(models, "draft", 0.5)
    shelve(models, "standard", 1.0)
    sign = tmp_path / "sign"
    rule = Rule(
        rule="r",
        escalate=Escalate(to="standard"),
        steps=(("shade", Shade()), ("marked", Marked(sign=str(sign), seconds=0.5))),
        gates=(("bright", Bright()),),
        outputs=(Output(name="{stem}-{tier}.png"),),
    )
    crew = hire(replace(plan, models=(models,)))
    crew.pool.submit(replace(order(), rules=(rule,)))
    until(lambda: sign.is_file() and sign.stat().st_size == 2)

    os.kill(crew.pool.worker_pid, signal.SIGKILL)

    outcome = crew.said.get(timeout=30)
    assert outcome.error == ""
    assert outcome.kept_attempt == outcome.attempts  # what was lost counts as one
    assert [made.passed for made in outcome.gate_runs] == [False, True]
    assert outcome.renditions[0].name == "job-standard.png"
    assert sign.stat().st_size == 4
    assert crew.pool.restarts == 1
