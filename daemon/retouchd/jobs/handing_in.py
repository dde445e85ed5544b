"""What comes after the results are written: gates on files, and aids for people."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from retouchd.delivery.place import sync_file
from retouchd.jobs.review_aids import render_review_aids
from retouchd.jobs.story import Story
from retouchd.rules.schema import Rule
from retouchd.values import Picture, Rendition


def hand_in(
    story: Story,
    rule: Rule,
    results: tuple[Rendition, ...],
    pair: tuple[Picture, Picture],
) -> None:
    """Judge the written *results* and make them the renditions of *story*.

    Where a person has to look, they lie where review stages its files, with preview
    and reason beside them.

    Args:
        story: of the job; its attempt is chosen.
        rule: that of the job.
        results: as they were written, in the order of the rule.
        pair: what stands for input and result in the preview.
    """
    _judge(story, rule, results)
    stage = story.order.stages[story.destination]
    results = tuple(_beside(stage, made) for made in results)
    if story.destination == "review":
        reason, runs = story.why_a_person_looks, story.kept.gate_runs
        results += render_review_aids(*pair, reason, runs, stage, len(results))
    story.renditions = results


def _judge(story: Story, rule: Rule, results: tuple[Rendition, ...]) -> None:
    found = (gate.judge_files(results) for gate in rule.picture_gates)
    runs = [replace(run, attempt=story.kept.number) for run in found if run]
    story.gate_runs += runs
    story.kept = replace(story.kept, gate_runs=(*story.kept.gate_runs, *runs))


def _beside(stage: Path, made: Rendition) -> Rendition:
    """Bring *made* to *stage*, which may lie on another file system."""
    path = stage.with_name(made.stage.name)
    if path == made.stage:
        return made
    shutil.move(made.stage, path)
    sync_file(path)
    return replace(made, stage=path)
