"""Rules change while the daemon runs; broken ones never come into force."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from retouchd.errors import ConfigError
from retouchd.rules.book import RuleBook

WriteRule = Callable[..., Path]

FIRST = "rule: sample\ngoal: hero\noutputs: [{name: a.png}]\n"
SECOND = FIRST.replace("hero", "print")
BROKEN = FIRST.replace("goal", "gaol")


@pytest.fixture
def book(write_rule: WriteRule, tmp_path: Path) -> RuleBook:
    """Hold the first version of one rule."""
    write_rule(FIRST)
    return RuleBook([tmp_path], ["sample"])


def goal(book: RuleBook) -> str:
    """Tell the versions apart."""
    return book.rules_for(["sample"])[0].goal


def test_a_changed_rule_comes_into_force(book: RuleBook, write_rule: WriteRule) -> None:
    """The next look finds the new version."""
    write_rule(SECOND)

    problems = book.refresh()

    assert problems == []
    assert goal(book) == "print"


def test_a_broken_version_is_refused_once_and_the_last_good_stays(
    book: RuleBook, write_rule: WriteRule
) -> None:
    """Work goes on under the old rule until the new one is mended."""
    write_rule(BROKEN)

    [problem] = book.refresh()
    again = book.refresh()

    assert problem.key == "gaol"
    assert again == []
    assert goal(book) == "hero"

    write_rule(SECOND)

    assert book.refresh() == []
    assert goal(book) == "print"


def test_a_rule_that_vanished_stays_in_force(book: RuleBook, tmp_path: Path) -> None:
    """A deleted file is told once; drops go on being finished."""
    (tmp_path / "sample.yaml").unlink()

    [problem] = book.refresh()

    assert "no rule 'sample'" in problem.message
    assert book.refresh() == []
    assert goal(book) == "hero"


def test_an_untouched_rule_is_not_read_again(book: RuleBook) -> None:
    """Looking costs a stat, no more."""
    before = book.rules_for(["sample"])

    book.refresh()

    assert book.rules_for(["sample"])[0] is before[0]


def test_a_changed_lut_gives_a_new_hash(write_rule: WriteRule, tmp_path: Path) -> None:
    """A rule is what it says and what its files hold."""
    write_rule(FIRST + "steps: [grade: {lut: luts/plain.cube}]")
    book = RuleBook([tmp_path], ["sample"])
    [before] = book.rules_for(["sample"])
    lut = tmp_path / "luts/plain.cube"
    lut.write_text("# another look\n" + lut.read_text())

    problems = book.refresh()

    assert problems == []
    assert book.rules_for(["sample"])[0].rule_hash != before.rule_hash


def test_a_rule_that_appears_in_an_earlier_folder_takes_over(
    write_rule: WriteRule, tmp_path: Path
) -> None:
    """One's own rule replaces the shipped one without a restart."""
    own = tmp_path / "own"
    own.mkdir()
    write_rule(FIRST)
    book = RuleBook([own, tmp_path], ["sample"])
    (own / "sample.yaml").write_text(SECOND)

    book.refresh()

    assert goal(book) == "print"


def test_an_edit_of_equal_length_is_noticed(
    book: RuleBook, write_rule: WriteRule
) -> None:
    """Size alone would miss it; the time of change tells."""
    path = write_rule(FIRST.replace("hero", "web\n"))
    os.utime(path, ns=(1, 1))

    book.refresh()

    assert goal(book) == "web"


def test_the_start_refuses_a_broken_rule(write_rule: WriteRule, tmp_path: Path) -> None:
    """There is no last good version yet."""
    write_rule(BROKEN)

    with pytest.raises(ConfigError, match="gaol"):
        RuleBook([tmp_path], ["sample"])
