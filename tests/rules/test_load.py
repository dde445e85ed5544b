"""What a rule means once it is loaded."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from retouchd.rules.editors import rules_schema
from retouchd.rules.load import available_rules, load_rule, load_rules
from retouchd.settings import shipped_folder
from retouchd.steps import known_steps

WriteRule = Callable[..., Path]

SMALL = 'rule: sample\noutputs: [{name: "{stem}.png"}]\n'
GRADED = """\
rule: sample
steps:
  - grade: {lut: luts/plain.cube}
outputs:
  - {name: "{stem}.png"}
"""
SHIPPED = available_rules([shipped_folder("rules")])


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_rules_load(name: str) -> None:
    """Every rule that ships works as it is, and says first what it is for."""
    path = shipped_folder("rules") / f"{name}.yaml"

    assert load_rule(path).rule == name
    assert path.read_text().startswith("# ")


def test_the_promised_rules_ship() -> None:
    """The demo and ``init`` rely on these names."""
    assert {
        "camera-finish",
        "generator-finish",
        "product-cutout",
        "enlarge",
        "print-master",
        "retouch",
        "web",
    } <= set(SHIPPED)


def test_a_small_rule_has_sensible_defaults(write_rule: WriteRule) -> None:
    """One output is all that a rule must name."""
    rule = load_rule(write_rule(SMALL))

    [output] = rule.outputs
    assert (rule.tier, rule.steps, rule.gates, rule.escalate) == ("draft", (), (), None)
    assert (output.format, output.metadata, output.conflict) == (
        "png",
        "keep",
        "suffix",
    )
    assert not output.size.is_set
    assert rule.review.when == "gate_failed"
    assert rule.sidecar.wait == 0


def test_gates_without_a_word_about_review_send_failures_to_a_person(
    write_rule: WriteRule,
) -> None:
    """A gate that fails is for a person, unless the rule says otherwise."""
    gates = SMALL + "gates: [dimensions: {width: 9}]\n"
    reviews = [
        load_rule(write_rule(text)).review
        for text in (
            gates,
            gates + "review: {sample: 0.1}",
            gates + "review: {when: never}",
        )
    ]

    assert [(review.when, review.sample) for review in reviews] == [
        ("gate_failed", 0),
        ("gate_failed", 0.1),
        ("never", 0),
    ]


def test_an_output_may_keep_the_format_of_the_drop(write_rule: WriteRule) -> None:
    """``{ext}`` leaves the format open until a drop is there."""
    [output] = load_rule(write_rule(SMALL.replace("png", "{ext}"))).outputs

    assert output.format == ""


def test_the_hash_is_of_what_counts(write_rule: WriteRule, tmp_path: Path) -> None:
    """Comments and style leave it alone; options and the bytes of a LUT change it."""
    first = load_rule(write_rule(GRADED)).rule_hash
    restyled = load_rule(
        write_rule(
            "# why\nrule: 'sample'\noutputs: [name: '{stem}.png']\n"
            "steps: [grade: {lut: ./luts/plain.cube, strength: 1.0}]\n"
        )
    ).rule_hash
    weaker = load_rule(
        write_rule(GRADED.replace("cube}", "cube, strength: 0.5}"))
    ).rule_hash
    lut = tmp_path / "luts/plain.cube"
    lut.write_text("# another look\n" + lut.read_text())
    relit = load_rule(write_rule(GRADED)).rule_hash

    assert restyled == first
    assert len({first, weaker, relit}) == 3


def test_a_rule_survives_the_way_to_a_worker(write_rule: WriteRule) -> None:
    """Workers are spawned: rules travel pickled, hash included."""
    rule = load_rule(write_rule(GRADED))

    there = pickle.loads(pickle.dumps(rule))

    assert there == rule
    assert there.rule_hash == rule.rule_hash


def test_the_configured_folder_comes_before_the_shipped_one(
    write_rule: WriteRule, tmp_path: Path
) -> None:
    """A rule of one's own replaces a shipped one of the same name."""
    write_rule("rule: web\ngoal: print\noutputs: [{name: '{stem}.png'}]", "web")

    rules = load_rules([tmp_path, shipped_folder("rules")], ["web", "retouch"])

    assert list(rules) == ["web", "retouch"]
    assert rules["web"].goal == "print"


def test_editors_get_a_schema_with_every_step() -> None:
    """The schema knows each word, its options, and that others are wrong."""
    schema = rules_schema()

    words = schema["properties"]["steps"]["items"]["anyOf"]
    assert set(words[0]["enum"]) == set(known_steps())
    reference = words[1]["properties"]["grade"]["$ref"].removeprefix("#/$defs/")
    assert set(schema["$defs"][reference]["properties"]) == {"lut", "strength"}
    assert not schema["additionalProperties"]
    assert {"rule", "outputs"} <= set(schema["required"])
