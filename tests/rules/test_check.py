"""What this machine lacks for the rules: errors where nothing works, else notes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.book import RuleBook
from retouchd.rules.check import folder_notes, missing_models, still_notes, tier_notes
from retouchd.settings import shipped_folder

WriteRule = Callable[..., Path]

HEAD = "rule: sample\noutputs: [{name: a.png}]\n"
UPSCALE = "steps: [upscale: {factor: 2}]\n"
CLIMBS = "escalate: {to: hero}\n"


@pytest.fixture
def shelf() -> Shelf:
    """The models that ship: drafts alone."""
    return Shelf([shipped_folder("models")], Runtime(device="cpu"))


@pytest.mark.parametrize(
    ("text", "keys", "words"),
    [
        (UPSCALE, [], ""),
        ("steps: [resize: {factor: 2}]\n" + CLIMBS, [], ""),
        (UPSCALE.replace("2}", "2, tier: draft}") + CLIMBS, [], ""),
        (
            "steps: [flatten, upscale: {factor: 2}, remove_background]\n" + CLIMBS,
            ["steps[1].upscale", "steps[2].remove_background"],
            "no model above draft here, up to hero",
        ),
        (
            UPSCALE + "goal: hero\n",
            ["steps[0].upscale"] * 2,
            "no standard model here, as the goal hero asks",
        ),
        (
            UPSCALE + "goal: web\ntier: hero\n",
            ["steps[0].upscale"],
            "no hero model here, as the rule asks",
        ),
    ],
)
def test_a_tier_that_is_not_here_is_a_note(
    shelf: Shelf,
    write_rule: WriteRule,
    tmp_path: Path,
    text: str,
    keys: list[str],
    words: str,
) -> None:
    """P6: per rule and step, with its line and a way out; it is no error."""
    write_rule(HEAD + text)
    book = RuleBook([tmp_path], ["sample"])
    rules = book.as_written(["sample"])

    problems = missing_models(rules, book.goals, shelf, [tmp_path])
    notes = tier_notes(rules, book.goals, shelf, [tmp_path])

    assert problems == []
    assert [note.key for note in notes] == keys
    assert all(note.line and note.hint for note in notes)
    assert words in " ".join(note.message for note in notes)


def test_a_tier_that_a_step_names_must_be_here(
    shelf: Shelf, write_rule: WriteRule, tmp_path: Path
) -> None:
    """Before any file waits for it: nothing stands in for what a step fixes."""
    write_rule(HEAD + UPSCALE.replace("2}", "2, tier: standard}"))
    book = RuleBook([tmp_path], ["sample"])

    [problem] = missing_models(
        book.as_written(["sample"]), book.goals, shelf, [tmp_path]
    )

    assert (problem.line, problem.key) == (3, "steps[0].upscale")
    assert "default of the tier standard" in problem.message


def test_folders_of_goals_are_told_once(
    shelf: Shelf, write_rule: WriteRule, tmp_path: Path
) -> None:
    """However many rules there are; only folders that exist, and that ask for more."""
    write_rule(HEAD + UPSCALE)
    write_rule(HEAD.replace("sample", "other") + UPSCALE, "other")
    write_rule(HEAD.replace("sample", "fixed") + UPSCALE + "tier: draft", "fixed")
    book = RuleBook([tmp_path], ["sample", "other", "fixed"])
    inbox = tmp_path / "in"
    for name in ("Hero", "thumbnail", "others"):
        (inbox / name).mkdir(parents=True)

    found = [
        folder_notes(inbox, book.as_written(names), book.goals, shelf)
        for names in (["sample", "other"], ["fixed"])
    ]

    [note] = found[0]
    assert note.file == str(inbox / "Hero")
    assert "there is no standard model for upscale here" in note.message
    assert found[1] == []


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("match: {kind: clip}\ngates: [flicker]\n", "", ""),
        ('match: {kind: sequence, files: ["a_*"]}\ngates: [frames]\n', "", ""),
        ("gates: [noise]\n", "", ""),
        ("gates: [noise, loudness]\n", "gates[1].loudness", "takes stills too"),
        ("match: {kind: still}\ngates: [flicker]\n", "gates[0].flicker", "but stills"),
    ],
)
def test_a_gate_for_clips_in_a_rule_for_stills_is_a_note(
    write_rule: WriteRule, tmp_path: Path, text: str, key: str, words: str
) -> None:
    """P6: stills would pass it in silence; the note has line and way out."""
    write_rule(HEAD + text)
    book = RuleBook([tmp_path], ["sample"])

    notes = still_notes(book.as_written(["sample"]), book.goals, [tmp_path])

    assert [note.key for note in notes] == ([key] if key else [])
    for note in notes:
        assert words in note.message
        assert "kind: clip" in note.hint
        assert note.line
