"""Pieces of HTML; whatever is not marked safe is escaped."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Sequence

from retouchd.log import printable

_LONG = 40
"""Characters of a cell from which on it is given room."""


class Safe(str):
    """Text that is HTML already: made by this room, never by a file or a person."""

    __slots__ = ()


def safe(text: str) -> Safe:
    """Return *text* as HTML that shows it, whatever it holds."""
    if isinstance(text, Safe):
        return text
    # A line end in a name would pass for a space; bidirectional marks turn text round.
    return Safe(html.escape(printable(text).replace("\n", "\\n")))


def name_of(text: str) -> Safe:
    """Return a name as HTML that may break after an underscore."""
    return Safe(safe(text).replace("_", "_<wbr>"))


def joined(pieces: Iterable[Safe], between: str = "\n") -> Safe:
    """Join pieces of HTML."""
    return Safe(between.join(pieces))


def paragraph(text: str, kind: str = "") -> Safe:
    """Write one paragraph, of the class *kind* where one is named."""
    mark = f' class="{kind}"' if kind else ""
    return Safe(f"<p{mark}>{safe(text)}</p>")


def section(title: str, *pieces: Safe) -> Safe:
    """Write one part of the page under its heading."""
    return Safe(f"<section><h2>{safe(title)}</h2>\n{joined(pieces)}</section>")


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    texts: Collection[int] = (0,),
    total: bool = False,
) -> Safe:
    """Write a table that scrolls sideways where the screen is narrow.

    Args:
        caption: what it shows.
        head: names of the columns.
        rows: their cells, as many as *head* has; the first one names the row.
        texts: numbers of the columns that hold text; the others hold figures.
        total: whether the last row adds up those above.
    """
    names = "".join(
        f'<th scope="col"{_kind(number, texts)}>{safe(name)}</th>'
        for number, name in enumerate(head)
    )
    body = [_row(cells, texts) for cells in rows]
    foot = f"<tfoot>{body.pop()}</tfoot>" if total and body else ""
    return Safe(
        f'<div class="scroll"><table><caption>{safe(caption)}</caption>'
        f"<thead><tr>{names}</tr></thead><tbody>{''.join(body)}</tbody>{foot}"
        "</table></div>"
    )


def _row(cells: Sequence[str], texts: Collection[int]) -> str:
    name, *others = cells
    rest = "".join(
        f"<td{_kind(number, texts, cell)}>{safe(cell)}</td>"
        for number, cell in enumerate(others, 1)
    )
    return f'<tr><th scope="row">{name_of(name)}</th>{rest}</tr>'


def _kind(column: int, texts: Collection[int], cell: str = "") -> str:
    """Return the class of a cell: figures, and texts that want room on a phone."""
    if column not in texts:
        return ' class="n"'
    return ' class="long"' if len(cell) > _LONG else ""
