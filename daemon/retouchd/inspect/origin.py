"""Tells what made a file, from the marks that makers leave in it.

Which marks mean what stands in ``origins.toml``. Every mark that is found is kept;
'unknown' is a normal answer, and no mark never means 'camera'.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field

from retouchd.inspect.containers import RawMetadata
from retouchd.inspect.xmp import Properties, Value, fields_of, items_of
from retouchd.values import Origin, Signal

_MAX_SHOWN = 160
_XMP_PLACES = {
    "{http://ns.adobe.com/xap/1.0/}CreatorTool": "xmp:CreatorTool",
    "{http://ns.adobe.com/photoshop/1.0/}Credit": "xmp:Credit",
    "{http://purl.org/dc/elements/1.1/}description": "xmp:description",
    "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType": (
        "xmp:DigitalSourceType"
    ),
    "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}AISystemUsed": "xmp:AISystemUsed",
    "{http://ns.adobe.com/exif/1.0/}UserComment": "exif:UserComment",
}
_AIGC = re.compile(r'"AIGC"|"ContentProducer"|"ServiceProvider"')

_AIGC_PLACES = ("png:AIGC", "clip:aigc")
_AIGC_AMONG_WORDS = (
    *("exif:ImageDescription", "exif:UserComment"),
    *("clip:comment", "clip:description"),
)

Facts = Mapping[str, str]
"""Texts of a file by place, such as ``png:parameters`` or ``exif:Make``."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Condition(_Strict):
    place: str
    pattern: re.Pattern[str]

    def shows_in(self, facts: Facts) -> bool:
        return self.place in facts and bool(self.pattern.search(facts[self.place]))


class _Mark(_Condition):
    confidence: float = Field(ge=0, le=1)
    also: tuple[_Condition, ...] = Field(default=(), alias="with")


class _Entry(_Strict):
    name: str
    family: str = Field(pattern="^(camera|generator|editor)$")
    marks: tuple[_Mark, ...]


def detect(raw: RawMetadata, properties: Properties, name: str) -> Origin:
    """Weigh every mark in a file and name its origin.

    The mark of the highest confidence wins. Where it names a family only (a label
    'generated'), the best mark that names a maker of that family gives the name.

    Args:
        raw: metadata from the raw bytes.
        properties: parsed XMP of the file.
        name: the file's name, without folders; weak evidence.
    """
    facts = facts_of(raw, properties, name)
    families = {entry.name: entry.family for entry in _entries()}
    signals = sorted(_signals(facts), key=lambda signal: -signal.confidence)
    if not signals:
        return Origin()
    strongest = signals[0]
    family = families[strongest.origin]
    named = strongest
    if strongest.origin == family:
        rivals = (s for s in signals if families[s.origin] == family != s.origin)
        named = next(rivals, strongest)
    return Origin(family, named.origin, strongest.confidence, tuple(signals))


def facts_of(raw: RawMetadata, properties: Properties, name: str) -> Facts:
    """Lay the texts of a file out by place; a label by China's TC260 is ``aigc``."""
    facts = {f"png:{keyword}": text for keyword, text in raw.texts.items()}
    facts.update((f"exif:{tag}", text) for tag, text in raw.exif.items())
    facts.update((f"clip:{tag}", text) for tag, text in raw.tags.items())
    for key, place in _XMP_PLACES.items():
        if key in properties:
            facts.setdefault(place, " ".join(_texts(properties[key])))
    if raw.c2pa:
        facts["c2pa"] = raw.c2pa.decode("latin-1")
    facts["name"] = name
    label = _aigc(facts, properties)
    return facts | ({"aigc": label} if label else {})


def _aigc(facts: Facts, properties: Properties) -> str:
    """Find the label of GB 45438-2025 in XMP, a text of its own, or another one."""
    for key, value in properties.items():
        if key.endswith("}AIGC") and "tc260" in key:
            return " ".join(_texts(value))
    for place in _AIGC_PLACES:
        if place in facts:
            return facts[place]
    texts = (facts.get(place, "") for place in _AIGC_AMONG_WORDS)
    return next((text for text in texts if _AIGC.search(text)), "")


def _texts(value: Value) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = list(fields_of(value).values()) or items_of(value)
    return [text for part in parts if part is not value for text in _texts(part)]


def _signals(facts: Facts) -> Iterator[Signal]:
    """Yield one signal per origin and place: its strongest mark there."""
    for entry in _entries():
        seen: dict[str, float] = {}
        for mark in entry.marks:
            if mark.shows_in(facts) and all(c.shows_in(facts) for c in mark.also):
                seen[mark.place] = max(seen.get(mark.place, 0), mark.confidence)
        for place, confidence in seen.items():
            yield Signal(place, _shown(facts, place), entry.name, confidence)


def _shown(facts: Facts, place: str) -> str:
    """Quote a text for people; a C2PA store is no text."""
    if place == "c2pa":
        return "unverified C2PA store"
    return " ".join(facts[place].split())[:_MAX_SHOWN]


@functools.cache
def _entries() -> tuple[_Entry, ...]:
    """Read the shipped table once; a mistake in it fails the tests, not a job."""
    text = resources.files(__package__).joinpath("origins.toml").read_text("utf-8")
    return tuple(
        _Entry.model_validate(entry) for entry in tomllib.loads(text)["origin"]
    )
