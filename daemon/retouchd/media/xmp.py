"""Rewrites the XMP packet that an output carries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers.expat import ExpatError

from defusedxml import DefusedXmlException, minidom

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMLNS = "http://www.w3.org/2000/xmlns/"
_DC = "http://purl.org/dc/elements/1.1/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_XMP_NOTE = "http://ns.adobe.com/xmp/note/"
_XMP_RIGHTS = "http://ns.adobe.com/xap/1.0/rights/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"

_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_MADE_BY_AI = "trainedAlgorithmicMedia"

_ANY = "*"

_MOST_MARKS = 50_000

# True of the dropped file, false of the output: the framing, the tagged regions, the
# look before the retouch, the gain map and parts of the packet that libvips leaves out.
_STALE = {
    (_TIFF, "Orientation"),
    (_TIFF, "ImageWidth"),
    (_TIFF, "ImageLength"),
    (_EXIF, "PixelXDimension"),
    (_EXIF, "PixelYDimension"),
    (_XMP, "Thumbnails"),
    (_XMP_NOTE, "HasExtendedXMP"),
    (_IPTC_EXT, "ImageRegion"),
    ("http://www.metadataworkinggroup.com/schemas/regions/", _ANY),
    ("http://ns.microsoft.com/photo/1.2/", "RegionInfo"),
    ("http://ns.apple.com/faceinfo/1.0/", _ANY),
    ("http://ns.adobe.com/hdr-gain-map/1.0/", _ANY),
    ("http://ns.google.com/photos/1.0/container/", _ANY),
}

_RIGHTS = {
    (_DC, "rights"),
    (_DC, "creator"),
    (_PHOTOSHOP, "Credit"),
    (_XMP_RIGHTS, _ANY),
    (_IPTC_EXT, "DigitalSourceType"),  # how a picture was made must stay known
}

_EMPTY = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    f'<rdf:RDF xmlns:rdf="{_RDF}"></rdf:RDF></x:xmpmeta>'
)


def carried_xmp(
    xmp: bytes, *, rights_only: bool = False, source_type: str = "", tool: str = ""
) -> bytes:
    """Return the packet for an output: what is no longer true of it is left out.

    Args:
        xmp: packet of the dropped file; an unreadable one counts as empty.
        rights_only: keep creator, credit, copyright, terms and digital source type.
        source_type: name or URI from IPTC's digital source types to record; a picture
            that already says it was made by AI as a whole goes on saying so.
        tool: recorded as creator tool beside *source_type* where no tool is named yet.

    Returns:
        The packet, or nothing where it would say nothing.
    """
    document = _parse(xmp)
    if rights_only:
        _prune(document, lambda ns, name: not _listed(_RIGHTS, ns, name))
    else:
        _prune(document, lambda ns, name: _listed(_STALE, ns, name))
    if source_type:
        _record_source(document, source_type, tool)
    if not any(True for _ in _properties(document)):
        return b""
    return "".join(child.toxml() for child in document.childNodes).encode()


def is_bearable(xmp: bytes) -> bool:
    """Whether a packet may be parsed: each of its tags and attributes takes about 1 KB.

    10,000 tagged regions stay below the bound.
    """
    return xmp.count(b"<") + xmp.count(b"=") <= _MOST_MARKS


def _parse(xmp: bytes) -> Any:
    """Read a packet; without a readable one, begin an empty one."""
    if not is_bearable(xmp):
        return minidom.parseString(_EMPTY)
    packet: Any = xmp.rstrip(b"\0 \r\n\t")  # bytes: the packet names its encoding
    try:
        document = minidom.parseString(packet)
        document.toxml()  # nested too deep to be written is as good as unreadable
    except (ExpatError, DefusedXmlException, RecursionError, ValueError):
        return minidom.parseString(_EMPTY)
    if not document.getElementsByTagNameNS(_RDF, "RDF"):
        return minidom.parseString(_EMPTY)
    return document


def _properties(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (description, property) for every property, element or attribute."""
    for rdf in document.getElementsByTagNameNS(_RDF, "RDF"):
        for description in [n for n in rdf.childNodes if n.nodeType == n.ELEMENT_NODE]:
            for attribute in list(description.attributes.values()):
                if attribute.namespaceURI not in (_XMLNS, _RDF, None):
                    yield description, attribute
            for child in list(description.childNodes):
                if child.nodeType == child.ELEMENT_NODE:
                    yield description, child


def _prune(document: Any, unwanted: Callable[[str, str], bool]) -> None:
    for description, entry in _properties(document):
        if unwanted(entry.namespaceURI or "", entry.localName):
            _remove(description, entry)


def _remove(description: Any, entry: Any) -> None:
    if entry.nodeType == entry.ATTRIBUTE_NODE:
        description.removeAttributeNode(entry)
    else:
        description.removeChild(entry)


def _listed(names: set[tuple[str, str]], namespace: str, name: str) -> bool:
    return (namespace, name) in names or (namespace, _ANY) in names


def _record_source(document: Any, source_type: str, tool: str) -> None:
    """Write the digital source type; what was all made by AI goes on saying so.

    An own description with its own prefixes fits into any packet.
    """
    found = {(e.namespaceURI, e.localName): (d, e) for d, e in _properties(document)}
    uri = source_type if "://" in source_type else _SOURCE_TYPES + source_type
    old = found.get((_IPTC_EXT, "DigitalSourceType"))
    if old is not None:
        if _text(old[1]).rsplit("/", 1)[-1] == _MADE_BY_AI:
            uri = _text(old[1])
        _remove(*old)
    description = document.createElementNS(_RDF, "rdf:Description")
    description.setAttributeNS(_XMLNS, "xmlns:rdf", _RDF)
    description.setAttributeNS(_RDF, "rdf:about", "")
    description.setAttributeNS(_XMLNS, "xmlns:Iptc4xmpExt", _IPTC_EXT)
    description.setAttributeNS(_IPTC_EXT, "Iptc4xmpExt:DigitalSourceType", uri)
    if tool and (_XMP, "CreatorTool") not in found:
        description.setAttributeNS(_XMLNS, "xmlns:xmp", _XMP)
        description.setAttributeNS(_XMP, "xmp:CreatorTool", tool)
    document.getElementsByTagNameNS(_RDF, "RDF")[0].appendChild(description)


def _text(entry: Any) -> str:
    """Return the value of a simple property, as attribute, resource or text."""
    if entry.nodeType == entry.ATTRIBUTE_NODE:
        return str(entry.value).strip()
    resource = entry.getAttributeNS(_RDF, "resource")
    words = [n.data for n in entry.childNodes if n.nodeType == n.TEXT_NODE]
    return str(resource or "".join(words)).strip()
