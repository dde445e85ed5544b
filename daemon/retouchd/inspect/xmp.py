"""Parses XMP packets: namespaces by URI, no DTD, no entities, bounded in size.

Source of the forms: XMP specification part 1 (ISO 16684-1), section 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from retouchd.media.xmp import is_bearable

Value: TypeAlias = "str | list[Value] | dict[str, Value]"
"""A text, the items of a bag, sequence or alternative, or fields by ``{uri}name``."""

Properties: TypeAlias = Mapping[str, Value]

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_MAX_DEPTH = 16


class XmpError(ValueError):
    """A packet that cannot be read; callers turn it into a warning."""


def parse(packet: bytes, limit: int) -> Properties:
    """Read the properties of a packet, those of all its descriptions together.

    Args:
        packet: the bytes of the packet; empty gives no properties.
        limit: most bytes that are looked at.

    Raises:
        XmpError: larger than *limit*, too many tags, not XML, a DTD or entities,
            nested too deep.
    """
    if len(packet) > limit:
        raise XmpError(f"larger than {limit:,} bytes")
    if not is_bearable(packet):
        raise XmpError("more tags than can be read")
    text = packet.strip(b"\x00 \r\n\t")
    if not text:
        return {}
    try:
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise XmpError(f"not readable XML: {error}") from error
    found: dict[str, Value] = {}
    for rdf in root.iter(f"{RDF}RDF"):
        for description in rdf.findall(f"{RDF}Description"):
            found.update(_fields(description, 0))
    return found


def text_of(value: Value | None) -> str:
    """Return a text, or the first text among items; empty where there is none."""
    if isinstance(value, list):
        return text_of(value[0]) if value else ""
    return value if isinstance(value, str) else ""


def items_of(value: Value | None) -> list[Value]:
    """Return the items of a list; a single value counts as a list of one."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def fields_of(value: Value | None) -> dict[str, Value]:
    """Return the fields of a structure; none where it is something else."""
    return value if isinstance(value, dict) else {}


def _value(element: Element, depth: int) -> Value:
    if depth > _MAX_DEPTH:
        raise XmpError(f"nested deeper than {_MAX_DEPTH}")
    if len(element) == 1 and element[0].tag in {f"{RDF}{n}" for n in _CONTAINERS}:
        return [_value(item, depth + 1) for item in element[0]]
    if len(element) == 1 and element[0].tag == f"{RDF}Description":
        return _fields(element[0], depth + 1)
    resource = element.get(f"{RDF}resource")
    if resource is not None:
        return resource
    return _fields(element, depth + 1) or (element.text or "").strip()


_CONTAINERS = ("Bag", "Seq", "Alt")


def _fields(element: Element, depth: int) -> dict[str, Value]:
    fields: dict[str, Value] = {
        name: value
        for name, value in element.attrib.items()
        if not name.startswith((RDF, _XML)) and name.startswith("{")
    }
    fields.update((child.tag, _value(child, depth + 1)) for child in element)
    return fields
