"""Every mistake in a rule is one problem with file, line, key and a way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from retouchd.errors import ConfigError, Problem
from retouchd.rules.load import load_rule, load_rules

WriteRule = Callable[..., Path]

SOUND = """\
rule: sample
match:
  files: ["*.jpg"]
  origin: [camera, "generator/*"]
  min_long_edge: 600
tier: draft
goal: print
steps:
  - resize: {long_edge: 3000}
  - grade: {lut: luts/plain.cube, strength: 0.8}
  - flatten
gates:
  - dimensions: {min_long_edge: 100}
outputs:
  - {name: "{stem}.png"}
  - name: "web/{stem}.webp"
    long_edge: 1600
    quality: 82
review: {when: gate_failed, sample: 0.05}
"""


def problems_of(path: Path) -> tuple[Problem, ...]:
    """Load the rule and return what is wrong with it."""
    with pytest.raises(ConfigError) as caught:
        load_rule(path)
    return caught.value.problems


def test_the_sound_rule_is_sound(write_rule: WriteRule) -> None:
    """The table below begins with something that loads."""
    rule = load_rule(write_rule(SOUND))

    assert [word for word, _ in rule.steps] == ["resize", "grade", "flatten"]


@pytest.mark.parametrize(
    ("right", "wrong", "line", "key", "words"),
    [
        # the rule itself
        ("rule: sample", "rule: other", 1, "rule", "rename the file"),
        ("rule: sample", "rule: A/b", 1, "rule", "of the form"),
        ("rule: sample\n", "", 1, "rule", "is missing"),
        ("tier: draft", "teir: draft", 6, "teir", "tier?"),
        ("tier: draft", "tier: drafty", 6, "tier", "draft?"),
        ("tier: draft", "tier: 3", 6, "tier", "draft, standard, hero"),
        ("steps:", "stpes:", 8, "stpes", "steps?"),
        # match
        ("min_long_edge", "min_longedge", 5, "match.min_longedge", "min_long_edge?"),
        ("edge: 600", "edge: 0", 5, "match.min_long_edge", "at least 1"),
        ("edge: 600", "edge: wide", 5, "match.min_long_edge", "a whole number"),
        ("edge: 600", "edge: 6\n  max_long_edge: 5", 2, "match", "exchange the two"),
        ("files: [", "kind: movie\n  files: [", 3, "match.kind", "still, clip"),
        ('["*.jpg"]', "[[a]]", 3, "match.files[0]", "text"),
        ('["*.jpg"]', "[]\n  kind: sequence", 2, "match", "which names are frames"),
        # sequence
        ("goal: print", "sequence: {rate: 25}", 7, "sequence", "kind: sequence"),
        ("goal: print", "sequence: {rate: 0}", 7, "sequence.rate", "at least 1"),
        ("goal: print", "sequence: {fps: 25}", 7, "sequence.fps", "rate"),
        # budget, escalate, review
        ("goal: print", "budget: hold", 7, "budget", "a group of keys"),
        ("goal: print", "budget: {then: stop}", 7, "budget.then", "draft only, hold"),
        ("goal: print", "budget: {than: hold}", 7, "budget.than", "then?"),
        (
            "goal: print",
            "goal: a clean picture",
            7,
            "goal",
            "belong in a comment",
        ),
        ("goal: print", "goal: pirnt", 7, "goal", "did you mean print?"),
        ("goal: print", "escalate: hero", 7, "escalate", "a group of keys"),
        ("goal: print", "escalate: {to: draft}", 7, "escalate.to", "standard, hero"),
        ("goal: print", "escalate: {too: hero}", 7, "escalate.too", "to?"),
        (
            "tier: draft",
            "tier: hero\nescalate: {to: standard}",
            7,
            "escalate",
            "name a higher tier",
        ),
        *(
            (
                "goal: print",
                f"escalate: {{to: hero, max_cost: {cost}}}",
                7,
                "escalate.max_cost",
                "such as 0.40",
            )
            for cost in ("0", "-1", "many", "true", ".nan", "1e7", "0.0000000000001")
        ),
        ("gate_failed", "gates_failed", 19, "review.when", "gate_failed?"),
        ("0.05", "5", 19, "review.sample", "at most 1"),
        # steps and gates
        ("resize:", "rezise:", 9, "steps[0].rezise", "resize?"),
        ("  - flatten", "  - flaten", 11, "steps[2].flaten", "flatten?"),
        (
            "{long_edge: 3000}",
            "{longedge: 3000}",
            9,
            "steps[0].resize.longedge",
            "long_edge?",
        ),
        ("long_edge: 3000", "long_edge: big", 9, "steps[0].resize.long_edge", "whole"),
        ("3000}", "3000, factor: 2}", 9, "steps[0].resize", "give one of"),
        ("3000}", "3000, model: x}", 9, "steps[0].resize.model", "unknown key"),
        ("{long_edge: 3000}", "3000", 9, "steps[0].resize", "a group of keys"),
        ("0.8", "8", 10, "steps[1].grade.strength", "at most 1"),
        ("plain.cube", "gone.cube", 10, "steps[1].grade.lut", "no such file"),
        ("  - flatten", "  - {flatten: , crop: }", 11, "steps[2]", "one thing"),
        ("  - flatten", "  - 5", 11, "steps[2]", "one thing"),
        (
            "flatten",
            "remove_background: {background: x.png}",
            11,
            "steps[2].remove_background.background",
            "no such file",
        ),
        (
            "flatten",
            "remove_background: {background: [1]}",
            11,
            "steps[2].remove_background.background",
            "transparent",
        ),
        ("dimensions:", "dimension:", 13, "gates[0].dimension", "dimensions?"),
        # outputs
        ("quality: 82", "qualty: 82", 18, "outputs[1].qualty", "quality?"),
        ("quality: 82", "quality: 101", 18, "outputs[1].quality", "at most 100"),
        ("quality: 82", "depth: 16", 18, "outputs[1].depth", "16 bits"),
        ("quality: 82", "factor: 2", 16, "outputs[1]", "give one of"),
        ("quality: 82", "metadata: all", 18, "outputs[1].metadata", "keep, rights"),
        ('name: "web/', 'nmae: "web/', 16, "outputs[1].nmae", "name?"),
        ("web/{stem}.webp", "{stem}.png", 14, "outputs", "two outputs"),
        ("{stem}.png", "{steam}.png", 15, "outputs[0].name", "stem?"),
        ("{stem}.png", "{stem.__class__}.png", 15, "outputs[0].name", "unknown field"),
        ("{stem}.png", "{stem!r}.png", 15, "outputs[0].name", "unknown field"),
        ("{stem}.png", "{}.png", 15, "outputs[0].name", "unknown field"),
        ("{stem}.png", "{stem.png", 15, "outputs[0].name", "unmatched brace"),
        ("{stem}.png", "{{stem}}.png", 15, "outputs[0].name", "unmatched brace"),
        ("{stem}.png", "/etc/{stem}.png", 15, "outputs[0].name", "absolute"),
        ("{stem}.png", "a/../../{stem}.png", 15, "outputs[0].name", "leaves"),
        ("{stem}.png", "a\\\\{stem}.png", 15, "outputs[0].name", "backslash"),
        ("{stem}.png", "a\\0{stem}.png", 15, "outputs[0].name", "control"),
        ("{stem}.png", ".{stem}.png", 15, "outputs[0].name", "leading dot"),
        ("{stem}.png", "a//{stem}.png", 15, "outputs[0].name", "empty part"),
        ("{stem}.png", "{stem}.gif", 15, "outputs[0].name", ".png"),
        ("{stem}.png", "{stem}", 15, "outputs[0].name", "no format"),
    ],
)
def test_names_file_line_key_and_way_out(
    write_rule: WriteRule, right: str, wrong: str, line: int, key: str, words: str
) -> None:
    """One mistake gives exactly one problem."""
    assert right in SOUND
    path = write_rule(SOUND.replace(right, wrong, 1))

    [problem] = problems_of(path)

    assert (problem.file, problem.line, problem.key) == (str(path), line, key)
    assert words in str(problem)
    assert problem.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a rule"),
        ("- a list", "is not a rule"),
        (
            "rule: sample\nsteps: {resize: {factor: 2}}\noutputs: [{name: a.png}]",
            "a list",
        ),
        ("rule: sample\noutputs: []", "is empty"),
        ("rule: sample", "outputs: is missing"),
        ("rule: sample\nmatch:\noutputs: [{name: a.png}]", "a group of keys"),
        ("rule: sample\noutputs:\n  name: a.png", "a list"),
    ],
)
def test_a_rule_of_the_wrong_shape_is_explained(
    write_rule: WriteRule, text: str, words: str
) -> None:
    """Half a rule leads to a whole one."""
    [problem] = problems_of(write_rule(text))

    assert words in str(problem)
    assert problem.line
    assert problem.hint


def test_a_bad_lut_is_named_with_its_line(
    write_rule: WriteRule, tmp_path: Path
) -> None:
    """The rule points at the table, and the table's own mistake is told."""
    (tmp_path / "luts/plain.cube").write_text("LUT_3D_SIZE 2\n0 0 oops\n")

    [problem] = problems_of(write_rule(SOUND))

    assert "plain.cube:2" in str(problem)


def test_reports_all_mistakes_of_all_files_at_once(
    write_rule: WriteRule, tmp_path: Path
) -> None:
    """A person mends everything in one go."""
    text = SOUND.replace("tier: draft", "tier: x").replace("resize:", "rezise:")
    write_rule(text.replace("82", "0"))
    write_rule("rule: other\noutputs: 5", "other")

    with pytest.raises(ConfigError) as caught:
        load_rules([tmp_path], ["sample", "gone", "other"])

    keys = [problem.key for problem in caught.value.problems]
    assert keys == ["tier", "steps[0].rezise", "outputs[1].quality", "", "outputs"]


def test_a_rule_that_is_not_there_names_the_nearest(
    write_rule: WriteRule, tmp_path: Path
) -> None:
    """A misspelt name in a hot folder's list is found out."""
    write_rule(SOUND)

    with pytest.raises(ConfigError, match="did you mean sample"):
        load_rules([tmp_path], ["smaple"])
