"""The log: structlog, set up once; JSON for machines, colours for people."""

from __future__ import annotations

import logging
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

_TROUBLE = {"warning", "error", "critical"}
_troubles: Counter[tuple[str, str]] = Counter()

# Cc control, Cf format (bidirectional overrides), Cs lone surrogates, Zl/Zp line ends.
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def get_logger() -> FilteringBoundLogger:
    """Return the logger; events are fixed words, facts are keys."""
    return cast("FilteringBoundLogger", structlog.get_logger())


def set_up(
    format: Literal["auto", "json", "console"] = "auto",  # noqa: A002  (the setting's word)
    level: str = "info",
    stream: TextIO | None = None,
) -> None:
    """Send the log of retouchd and of its libraries to *stream*.

    Args:
        format: ``auto`` writes colours on a terminal and JSON lines elsewhere.
        level: lowest level that is written, such as ``info``; libraries start at
            ``warning``.
        stream: standard error where none is given.
    """
    stream = stream or sys.stderr
    on_terminal = stream.isatty()
    people = format == "console" or (format == "auto" and on_terminal)
    renderers = list(_for_people(colors=on_terminal) if people else _for_machines())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, _count, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    _catch_libraries(stream, shared, renderers, level)


def troubles() -> dict[tuple[str, str], int]:
    """Return how often each (event, level) from ``warning`` up was logged."""
    return dict(_troubles)


def _count(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Count troubles where they are told, so that metrics and log agree."""
    if event["level"] in _TROUBLE:
        _troubles[event["event"], event["level"]] += 1
    return event


def _for_people(*, colors: bool) -> Iterator[Processor]:
    yield structlog.processors.format_exc_info
    yield _escape_values
    yield structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback
    )


def _for_machines() -> Iterator[Processor]:
    yield structlog.processors.format_exc_info
    yield structlog.processors.JSONRenderer()  # ASCII only: every odd byte is escaped


def _catch_libraries(
    stream: TextIO, shared: list[Processor], renderers: list[Processor], level: str
) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *renderers,
        ],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))


def _escape_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep names of files from steering the terminal."""
    return {key: _shown(value) for key, value in event.items()}


def _shown(value: object) -> object:
    return value if isinstance(value, bool | int | float | None) else printable(value)


def printable(value: object) -> str:
    """Return *value* as text that cannot steer a terminal.

    Control and bidirectional characters, and bytes of names that are no UTF-8, are
    written as escapes; line ends and tabs stay.
    """
    return re.sub(r"[^\n\t -~]", lambda match: _escaped(match[0]), str(value))


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE:
        return character
    return ascii(character)[1:-1]
