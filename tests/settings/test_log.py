"""What the log looks like, for machines and for people."""

from __future__ import annotations

import io
import json
import logging
from datetime import datetime

import structlog

from retouchd.log import get_logger, printable, set_up

ESCAPE = "evil\x1b[2J\u202egpj.\udcff\n.jpg"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return true."""
        return True


def test_writes_json_where_no_person_looks() -> None:
    """One object a line: event, level, UTC time, facts and bound context."""
    stream = io.StringIO()
    set_up("auto", "info", stream)

    with structlog.contextvars.bound_contextvars(job="J1"):
        get_logger().info("step_done", file=ESCAPE, ms=412)

    text = stream.getvalue()
    line = json.loads(text)
    assert text.count("\n") == 1
    assert text.isascii()
    assert "\x1b" not in text
    assert (line["event"], line["level"], line["job"], line["ms"]) == (
        "step_done", "info", "J1", 412,
    )  # fmt: skip
    assert line["file"] == ESCAPE
    assert datetime.fromisoformat(line["timestamp"]).utcoffset().total_seconds() == 0


def test_a_terminal_gets_colours_but_no_control_characters_of_a_name() -> None:
    """A name of a file cannot steer the terminal or turn text around."""
    stream = Terminal()
    set_up("auto", "info", stream)

    get_logger().info("drop_seen", file=ESCAPE, other="Größe 猫.jpg")

    text = stream.getvalue()
    assert "\x1b[" in text  # our own colours
    assert "\x1b[2J" not in text
    assert not set(text) & {"\u202e", "\udcff"}
    assert "Größe 猫.jpg" in text


def open_drop() -> None:
    """Fail with a name in the message, as libraries do."""
    raise OSError(f"cannot open {ESCAPE}")


def test_an_exception_is_written_with_its_traceback() -> None:
    """Both forms tell where it was raised; its text is escaped too."""
    for form in ("json", "console"):
        stream = io.StringIO()
        set_up(form, "info", stream)
        try:
            open_drop()
        except OSError:
            get_logger().exception("job_raised")

        assert "Traceback" in stream.getvalue()
        assert "\x1b[2J" not in stream.getvalue()


def test_levels_below_the_setting_are_silent() -> None:
    """A level set to warning hides what is less."""
    stream = io.StringIO()
    set_up("json", "warning", stream)

    get_logger().info("nothing")
    get_logger().warning("something")

    assert json.loads(stream.getvalue())["event"] == "something"


def test_libraries_write_into_the_same_log() -> None:
    """Warnings of other packages arrive in the same form, their chatter does not."""
    stream = io.StringIO()
    set_up("json", "debug", stream)

    logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("queue %s", "overflow")

    assert json.loads(stream.getvalue())["event"] == "queue overflow"


def test_names_cannot_steer_a_terminal() -> None:
    """Escapes, bidirectional marks and stray bytes of a name are written out."""
    name = "a\x1b]0;x\x07\u202egpj.\udcff\nb"

    shown = printable(name)

    assert shown == "a\\x1b]0;x\\x07\\u202egpj.\\udcff\nb"
