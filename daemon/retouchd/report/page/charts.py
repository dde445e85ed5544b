"""Bars and columns as inline SVG; their words are HTML, so they never shrink.

Every picture says in words what it shows, for screen readers and clients that show no
SVG. Colours are those of Okabe and Ito (jfly.uni-koeln.de/color), which colour-blind
people tell apart, and stand out from white and from black.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retouchd.report.page.markup import Safe, joined, name_of, safe

COLOURS = {
    "compute": "#0072b2",
    "energy": "#e69f00",
    "credits": "#009e73",
    "people": "#d55e00",
    "waiting": "#cc79a7",
    "approved": "#009e73",
    "rejected": "#d55e00",
    "failed": "#b03a48",
    "in review": "#e69f00",
    "on their way": "#888888",
    "all": "#0072b2",
}

_LEAST = 0.6
"""Least length of a whole bar in hundredths: what is there must be seen."""


@dataclass(frozen=True)
class Bar:
    """One bar, made of parts.

    Attributes:
        name: what it stands for.
        parts: by name, sizes in one unit; names are keys of ``COLOURS``.
        text: its figure in words.
        strong: whether it is the one that the others are compared with.
    """

    name: str
    parts: Mapping[str, float]
    text: str
    strong: bool = False

    @property
    def size(self) -> float:
        """Sum of its parts."""
        return sum(self.parts.values())


def bars(title: str, rows: Sequence[Bar]) -> Safe:
    """Draw bars below one another, on a scale that the longest one fills."""
    longest = max((row.size for row in rows), default=0.0)
    drawn = joined(_bar_row(row, longest) for row in rows)
    return Safe(
        f"<figure>{_title(title, rows)}\n<div class='bars'>{drawn}</div></figure>"
    )


def columns(title: str, points: Sequence[Bar]) -> Safe:
    """Draw columns side by side, one for each moment; the first and last are named."""
    highest = max((point.size for point in points), default=0.0)
    if not points or not highest:
        return Safe("")
    width = 10 * len(points)
    drawn = "".join(
        _column(point, 10 * number, highest) for number, point in enumerate(points)
    )
    top = max(points, key=lambda point: point.size)
    words = f"{title}: highest {top.text} on {top.name}"
    return Safe(
        f"<figure>{_title(title, points)}\n"
        f'<svg class="columns" width="100%" height="120" viewBox="0 0 {width} 100" '
        f'preserveAspectRatio="none" role="img" aria-label="{safe(words)}">'
        f"<title>{safe(words)}</title>{drawn}</svg>\n"
        f'<p class="axis"><span>{safe(points[0].name)}</span>'
        f"<span>highest: {safe(top.text)}, {safe(top.name)}</span>"
        f"<span>{safe(points[-1].name)}</span></p></figure>"
    )


def _title(title: str, rows: Sequence[Bar]) -> Safe:
    """Write the caption with a key of the colours, where there are several."""
    used = dict.fromkeys(
        name for row in rows for name, size in row.parts.items() if size > 0
    )
    keys = ""
    if len(used) > 1:
        keys = "".join(f"<span>{_swatch(name)} {safe(name)}</span>" for name in used)
        keys = f' <span class="keys">{keys}</span>'
    return Safe(f"<figcaption>{safe(title)}{keys}</figcaption>")


def _swatch(name: str) -> str:
    return (
        '<svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">'
        f'<rect width="10" height="10" fill="{COLOURS[name]}"/></svg>'
    )


def _bar_row(row: Bar, longest: float) -> Safe:
    left, drawn = 0.0, ""
    scale = _scale(row, longest, 100)
    for name, size in row.parts.items():
        if size > 0:
            width = size * scale
            drawn += (
                f'<rect x="{left:.2f}" width="{width:.2f}" height="10" '
                f'fill="{COLOURS[name]}"/>'
            )
            left += width
    kind = "row ours" if row.strong else "row"
    words = safe(f"{row.name}: {row.text}")
    return Safe(
        f'<div class="{kind}"><span class="name">{name_of(row.name)}</span>'
        f'<svg class="bar" width="100%" height="16" viewBox="0 0 100 10" '
        f'preserveAspectRatio="none" role="img" aria-label="{words}">'
        f"<title>{words}</title>{drawn}</svg>"
        f'<span class="figure">{safe(row.text)}</span></div>'
    )


def _scale(row: Bar, longest: float, room: float) -> float:
    """Return what one unit of *row* is long, where the longest fills the *room*."""
    if not row.size or not longest:
        return 0.0
    return max(_LEAST, room * row.size / longest) / row.size


def _column(point: Bar, left: float, highest: float) -> str:
    bottom, drawn = 100.0, ""
    scale = _scale(point, highest, 99)
    for name, size in point.parts.items():
        if size > 0:
            height = size * scale
            bottom -= height
            drawn += (
                f'<rect x="{left + 1}" y="{bottom:.2f}" width="8" '
                f'height="{height:.2f}" fill="{COLOURS[name]}"/>'
            )
    return drawn
