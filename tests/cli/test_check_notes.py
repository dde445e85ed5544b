"""`check` tells where a better model is missing, without calling it an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_a_rule_that_cannot_climb_here_is_a_note(typed: Any, here: Path) -> None:
    """P6: with file, line, key and what to do; the exit code stays 0."""
    rule = here / "rules" / "large.yaml"
    rule.parent.mkdir()
    rule.write_text(
        "rule: large\nescalate: {to: hero}\nsteps:\n  - upscale: {factor: 2}\n"
        "gates: [sharpness]\noutputs: [{name: a.png}]\n"
    )
    (here / "retouchd.toml").write_text('database = "l/r.db"\nrules_dir = "rules"\n')
    typed("init", "hot", "--rule", "large")

    answer = typed("check")

    assert answer.code == 0
    assert f"note: {rule}:4: steps[0].upscale: there is no model above draft" in (
        answer.out
    )
    assert "retouchd models add" in answer.out
    assert "fine: hot folders (hot)" in answer.out


def test_a_rule_that_speaks_of_a_budget_that_is_not_there_is_a_note(
    typed: Any, here: Path
) -> None:
    """P6: nobody believes in a limit that does not exist."""
    rule = here / "rules" / "web.yaml"
    rule.parent.mkdir()
    rule.write_text("rule: web\nbudget: {then: hold}\noutputs: [{name: a.png}]\n")
    toml = here / "retouchd.toml"
    toml.write_text('database = "l/r.db"\nrules_dir = "rules"\n')
    typed("init", "hot", "--rule", "web")

    without = typed("check")
    toml.write_text(toml.read_text() + '[hot_folders.budget]\namount = "2"\n')
    with_one = typed("check")

    assert (without.code, with_one.code) == (0, 0)
    assert f"note: {rule}:2: budget: the hot folder hot has no budget" in without.out
    assert "note" not in with_one.out


def test_a_rule_whose_gate_judges_clips_alone_is_a_note(typed: Any, here: Path) -> None:
    """P6: stills would pass `flicker` in silence."""
    rule = here / "rules" / "web.yaml"
    rule.parent.mkdir()
    rule.write_text("rule: web\ngates: [flicker]\noutputs: [{name: a.png}]\n")
    (here / "retouchd.toml").write_text('database = "l/r.db"\nrules_dir = "rules"\n')
    typed("init", "hot", "--rule", "web")

    answer = typed("check")

    assert answer.code == 0
    assert f"note: {rule}:2: gates[0].flicker: flicker judges whole clips" in answer.out
    assert "match: {kind: clip}" in answer.out
