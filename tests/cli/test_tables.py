"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest

from retouchd.cli import commands
from retouchd.gates import known_gates
from retouchd.rules.load import available_rules
from retouchd.settings import shipped_folder
from retouchd.steps import known_steps

Type = Callable[..., Any]


def every_command() -> Iterator[tuple[str, str, click.Command]]:
    """Yield each group, or command, with the words and commands below it."""
    context = click.Context(commands)
    for group in commands.list_commands(context):
        holder = commands.get_command(context, group)
        assert holder is not None
        for name, command in getattr(holder, "commands", {"": holder}).items():
            yield group, name, command


@pytest.mark.parametrize(
    "words",
    [
        ["jobs", "list"],
        ["models", "list"],
        ["prices", "list"],
        ["prices", "list", "--all"],
        ["report"],
        ["whatif"],
        ["rules", "list"],
        ["doctor"],
        ["status"],
    ],
    ids=" ".join,
)
def test_every_table_is_json_too(after_a_run: Type, words: list[str]) -> None:
    """A table for people and the same facts for programs."""
    table = after_a_run(*words)
    answer = after_a_run(*words, "--json")

    assert (table.code, answer.code) == (0, 0)
    assert json.loads(answer.out)
    assert table.out != answer.out


def test_every_command_that_lists_offers_json() -> None:
    """A new table cannot forget it."""
    options = {
        f"{group} {name}": {option for one in command.params for option in one.opts}
        for group, name, command in every_command()
    }

    tables = [name for name in options if name.endswith(("list", "show"))]
    tables += ["status ", "doctor ", "report ", "whatif ", "prices set"]

    assert [name for name in tables if "--json" not in options[name]] == []


def test_every_command_explains_itself(typed: Type) -> None:
    """--help is a sentence and names every argument; nothing is left blank."""
    for group, name, command in every_command():
        answer = typed(group, *([name] if name else []), "--help")

        assert answer.code == 0
        assert command.help, f"{group} {name} has no help"
        assert command.get_short_help_str(200)


def test_one_job_has_its_whole_story(after_a_run: Type) -> None:
    """Events, steps, deliveries and costs of one job, by chapter."""
    listed = json.loads(after_a_run("jobs", "list", "--state", "done", "--json").out)

    table = after_a_run("jobs", "show", listed[0]["id"])
    story = json.loads(after_a_run("jobs", "show", listed[0]["id"], "--json").out)

    assert {"job", "events", "steps", "deliveries", "costs"} <= story.keys()
    assert story["deliveries"][0]["path"].endswith("lowres_watch.webp")
    assert "lowres_watch.webp" in table.out


def test_failed_job_is_listed_with_its_reason(after_a_run: Type) -> None:
    """The list says why, not only that."""
    [job] = json.loads(after_a_run("jobs", "list", "--state", "failed", "--json").out)

    assert job["source"] == "broken_upload.jpg"
    assert "damaged" in job["error"]


@pytest.mark.parametrize("command", ["show", "retry"])
def test_unknown_job_is_wrong_usage(after_a_run: Type, command: str) -> None:
    """A wrong id is answered with the command that lists the right ones."""
    words = ["jobs", "show"] if command == "show" else ["retry"]

    answer = after_a_run(*words, "01ARZ3NDEKTSV4RRFFQ69G5FAV")

    if command == "show":
        assert answer.code == 2
        assert "retouchd jobs list" in answer.err
    else:
        assert answer.code == 1
        assert "the daemon is not running (start `retouchd run`" in answer.err


@pytest.mark.parametrize(
    "by", ["hot_folder", "rule", "origin", "kind", "model", "tier", "day"]
)
def test_report_adds_up_in_every_grouping(after_a_run: Type, by: str) -> None:
    """Both jobs are counted, one delivered and one failed."""
    report = json.loads(after_a_run("report", "--by", by, "--format", "json").out)

    total = report["total"]
    assert (total["jobs"], total["delivered"], total["failed"]) == (2, 1, 1)


def test_report_speaks_csv_and_html(after_a_run: Type) -> None:
    """One line per group and a total; a page that stands alone."""
    rows = list(
        csv.DictReader(io.StringIO(after_a_run("report", "--format", "csv").out))
    )
    page = after_a_run("report", "--format", "html").out

    assert rows[0]["jobs"] == "2"
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "http" not in page.partition("<body")[0]


def test_report_shows_other_prices_beside_the_booked_ones(
    after_a_run: Type, tmp_path: Path
) -> None:
    """The booked cost stays; the second figure follows the file."""
    book = tmp_path / "dear.toml"
    book.write_text(
        '[[prices]]\nprovider = "x"\nitem = "cpu_core"\nunit = "cpu_second"\n'
        'price = "1000"\nsource = "made up"\n'
    )

    plain = json.loads(after_a_run("report", "--json").out)
    repriced = json.loads(after_a_run("report", "--json", "--prices", book).out)

    assert plain["total"]["total"] == repriced["total"]["total"]
    assert Decimal(str(repriced["total"]["repriced"])) > 10


def test_own_price_comes_into_force(typed: Type) -> None:
    """`prices set` works before the first run, and ends the price before it."""
    typed("init", "hot", "--rule", "web")
    own = ["prices", "set", "local", "cpu_core", "cpu_hour"]

    typed(*own, "0.03")
    answer = typed(*own, "0.04", "--json")
    in_force = json.loads(typed("prices", "list", "--json").out)
    every = json.loads(typed("prices", "list", "--all", "--json").out)

    assert json.loads(answer.out)[0]["price"] == "0.04"
    assert [p["price"] for p in in_force if p["provider"] == "local"] == ["0.04"]
    assert [p["price"] for p in every if p["provider"] == "local"] == ["0.03", "0.04"]


def test_price_book_is_imported(typed: Type, here: Path) -> None:
    """Every [[prices]] table of the file is then in force."""
    typed("init", "hot", "--rule", "web")
    (here / "own.toml").write_text(
        '[[prices]]\nprovider = "local"\nitem = "electricity"\nunit = "kWh"\n'
        'price = "0.24"\ncurrency = "EUR"\nsource = "the bill"\n'
    )

    answer = typed("prices", "import", "own.toml")

    assert (answer.code, answer.out) == (0, "1 prices are in force\n")
    assert '"0.24"' in typed("prices", "list", "--json").out


def test_tampered_weights_are_found(typed: Type, here: Path) -> None:
    """`models verify` compares every byte with the digest of the manifest."""
    model = here / "models" / "own"
    model.mkdir(parents=True)
    shipped = shipped_folder("models") / "matte"
    for name in ("model.toml", "weights.onnx"):
        (model / name).write_bytes((shipped / name).read_bytes())
    (here / "retouchd.toml").write_text('database = "x.db"\nmodels_dir = "models"\n')
    sound = typed("models", "verify")

    with (model / "weights.onnx").open("r+b") as weights:
        weights.seek(1000)
        weights.write(b"\x00\xff")
    answer = typed("models", "verify")

    assert sound.code == 0
    assert answer.code == 2
    assert "model.toml" in answer.err
    assert "sha256" in answer.err


def test_models_are_listed_with_their_licence(typed: Type) -> None:
    """What a model may be used for stands beside its name."""
    models = json.loads(typed("models", "list", "--json").out)

    assert {"upscale", "matte", "inpaint"} == {one["task"] for one in models}
    assert all(one["licence"] for one in models)


def test_schema_knows_every_step_gate_and_key(typed: Type) -> None:
    """An editor can complete everything that the shipped rules use."""
    schema = json.loads(typed("rules", "schema").out)

    steps = _words(schema["properties"]["steps"])
    assert steps.keys() == known_steps().keys()
    assert _words(schema["properties"]["gates"]).keys() == known_gates().keys()
    for word, step in known_steps().items():
        name = steps[word]["$ref"].rpartition("/")[2]
        assert schema["$defs"][name]["properties"].keys() == step.model_fields.keys()


def _words(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part["items"]["anyOf"][1]["properties"]
    return found


def test_rules_are_listed_and_checked(typed: Type) -> None:
    """Every shipped rule is there and sound."""
    shipped = shipped_folder("rules")

    listed = json.loads(typed("rules", "list", "--json").out)
    checked = typed("rules", "check", *sorted(shipped.glob("*.yaml")))

    assert [one["rule"] for one in listed] == available_rules([shipped])
    assert (checked.code, checked.out) == (0, f"fine: {len(listed)} rules\n")


def test_doctor_needs_no_configuration(typed: Type) -> None:
    """It is the first thing to run on a new machine."""
    answer = typed("doctor", "--json")

    subjects = {one["subject"]: one["verdict"] for one in json.loads(answer.out)}
    assert answer.code == 0
    assert subjects["libvips"] == "ok"
    assert "GPU" in subjects


def test_status_before_the_first_run(typed: Type) -> None:
    """Nothing has happened: that is no error."""
    typed("init", "hot", "--rule", "web")

    answer = typed("status")

    assert answer.code == 0
    assert answer.out.startswith("daemon: not running")
