"""Chooses the rule for a drop, and says why the others do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from retouchd.rules.schema import Match, Rule
from retouchd.values import Header, Inspection, Origin


def choose(rules: Iterable[Rule], name: str, inspection: Inspection) -> Rule | None:
    """Return the first rule that takes the drop called *name*, in the given order.

    Args:
        rules: the hot folder's rules.
        name: path of the drop below ``in/``, with ``/``.
        inspection: what is known of the drop.
    """
    for rule in rules:
        if not any(_objections(rule.match, name, inspection)):
            return rule
    return None


def why_not(rules: Iterable[Rule], name: str, inspection: Inspection) -> str:
    """Say for each rule, one line each, which condition this drop does not meet."""
    return "\n".join(
        f"{rule.rule}: {next(_objections(rule.match, name, inspection), 'matches')}"
        for rule in rules
    )


def fits_name(match: Match, name: str) -> bool:
    """Tell whether a drop called *name* fits the patterns of *match*, if it has any."""
    return not match.files or any(_names(pattern, name) for pattern in match.files)


def _objections(match: Match, name: str, inspection: Inspection) -> Iterator[str]:
    header, origin = inspection.header, inspection.origin
    if not fits_name(match, name):
        yield f"the name fits none of {', '.join(match.files)}"
    if match.origin and not any(_made(pattern, origin) for pattern in match.origin):
        yield (
            f"the origin is {origin.family}/{origin.name}, "
            f"not one of {', '.join(match.origin)}"
        )
    yield from _about_kind(match, header)
    for measure, value in _measures(header).items():
        least, most = match.bounds(measure)
        if least is not None and value < least:
            yield f"its {measure} is {value:g}, below min_{measure} {least:g}"
        if most is not None and value > most:
            yield f"its {measure} is {value:g}, above max_{measure} {most:g}"


def _about_kind(match: Match, header: Header) -> Iterator[str]:
    """Say what is wrong with the kind.

    Frames are only gathered where a rule asks, and only such a rule takes them; an
    animated GIF or WebP is what the rule takes it for.
    """
    if match.kind == "clip" and header.is_animated:
        return
    if match.kind is not None and match.kind != header.kind:
        yield f"it is a {header.kind}, not a {match.kind}"
    elif match.kind is None and header.kind == "sequence":
        yield "it is a sequence, which only a rule with kind: sequence takes"


def _names(pattern: str, name: str) -> bool:
    """Ignore case; compare the whole path only where *pattern* has a ``/``."""
    subject = name if "/" in pattern else name.rpartition("/")[2]
    return fnmatchcase(subject.casefold(), pattern.casefold())


def _made(pattern: str, origin: Origin) -> bool:
    pattern = pattern.casefold()
    family, name = origin.family.casefold(), origin.name.casefold()
    return pattern in (family, name) or fnmatchcase(f"{family}/{name}", pattern)


def _measures(header: Header) -> dict[str, float]:
    return {
        "long_edge": max(header.width, header.height),
        "short_edge": min(header.width, header.height),
        "megapixels": header.megapixels,
    }
