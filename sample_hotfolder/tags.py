"""What cameras, generators and people write beside the pixels."""

import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyvips

PNG_HEAD = 8 + 25
"""Bytes before the second chunk: the signature and IHDR."""

CAMERA = {
    "ifd0-Make": "NIKON CORPORATION",
    "ifd0-Model": "NIKON Z 6_2",
    "ifd0-Software": "Ver.01.70",
    "ifd0-DateTime": "2026:05:17 16:42:08",
    "ifd2-DateTimeOriginal": "2026:05:17 16:42:08",
    "ifd2-ExposureTime": "1/250",
    "ifd2-FNumber": "56/10",
    "ifd2-ISOSpeedRatings": "200",
    "ifd2-FocalLength": "28/1",
    "ifd2-ColorSpace": "1",
}

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{body}</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""

MWG = """
<rdf:Description rdf:about=""
 xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
 xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#">
 <mwg-rs:Regions rdf:parseType="Resource">
  <mwg-rs:AppliedToDimensions stDim:w="{width}" stDim:h="{height}"
   stDim:unit="pixel"/>
  <mwg-rs:RegionList><rdf:Bag><rdf:li rdf:parseType="Resource">
   <mwg-rs:Name>{name}</mwg-rs:Name>
   <mwg-rs:Area stArea:x="{x:.6f}" stArea:y="{y:.6f}"
    stArea:w="{w:.6f}" stArea:h="{h:.6f}" stArea:unit="normalized"/>
  </rdf:li></rdf:Bag></mwg-rs:RegionList>
 </mwg-rs:Regions>
</rdf:Description>
"""

GENERATED = """
<rdf:Description rdf:about=""
 xmlns:iptcExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
 <iptcExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/\
trainedAlgorithmicMedia</iptcExt:DigitalSourceType>
 <iptcExt:DigImageGUID>{job}</iptcExt:DigImageGUID>
</rdf:Description>
"""


@dataclass(frozen=True)
class Box:
    """A rectangle in whole pixels of the upright picture."""

    left: int
    top: int
    width: int
    height: int


def camera_fields(image: pyvips.Image, orientation: int, xmp: str = "") -> pyvips.Image:
    """Return *image* with the EXIF of a camera, and an XMP packet if given."""
    tagged = image.copy()
    for name, value in CAMERA.items():
        tagged.set_type(pyvips.GValue.gstr_type, f"exif-{name}", value)
    tagged.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    if xmp:
        tagged.set_type(pyvips.GValue.blob_type, "xmp-data", xmp.encode())
    return tagged


def region_xmp(box: Box, size: tuple[int, int], name: str) -> str:
    """Return an MWG region for a picture that is stored with orientation 6.

    MWG counts in the stored frame (width and height of *size*) from the centre of
    the area. The stored frame is the upright one turned left by a quarter.
    """
    width, height = size
    upright_x = (box.left + box.width / 2) / height
    upright_y = (box.top + box.height / 2) / width
    area = {"x": upright_y, "y": 1 - upright_x}
    area |= {"w": box.height / width, "h": box.width / height}
    return XMP.format(body=MWG.format(width=width, height=height, name=name, **area))


def add_midjourney_text(png: bytes, prompt: str, author: str, job: str) -> bytes:
    """Return *png* with the text chunks that Midjourney writes, raw UTF-8 in tEXt."""
    fields = {
        "Description": f"{prompt} Job ID: {job}",
        "Author": author,
        "Creation Time": "Sun, 17 May 2026 09:14:25 GMT",
        "XML:com.adobe.xmp": XMP.format(body=GENERATED.format(job=job)),
    }
    chunks = [
        png_chunk(b"tEXt", key.encode("latin-1") + b"\0" + text.encode())
        for key, text in fields.items()
    ]
    return png[:PNG_HEAD] + b"".join(chunks) + png[PNG_HEAD:]


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Return one chunk: length, kind, body, checksum."""
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check


def write_labelme(path: Path, box: Box, label: str, size: tuple[int, int]) -> None:
    """Write one rectangle as LabelMe does, beside the picture it belongs to."""
    corners = [
        [float(box.left), float(box.top)],
        [float(box.left + box.width), float(box.top + box.height)],
    ]
    shape: dict[str, Any] = {
        "label": label,
        "points": corners,
        "group_id": None,
        "description": "",
        "shape_type": "rectangle",
        "flags": {},
        "mask": None,
    }
    record: dict[str, Any] = {
        "version": "5.5.0",
        "flags": {},
        "shapes": [shape],
        "imagePath": path.name.removesuffix(".json"),
        "imageData": None,
        "imageHeight": size[1],
        "imageWidth": size[0],
    }
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def write_warm_lut(path: Path, size: int = 17) -> None:
    """Write the brand look: lifted warm shadows, soft contrast, calmer greens."""
    lines = ['TITLE "Warm"', f"LUT_3D_SIZE {size}", ""]
    steps = [i / (size - 1) for i in range(size)]
    for blue in steps:
        for green in steps:
            for red in steps:
                graded = warm(red, green, blue)
                lines.append(" ".join(f"{v:.6f}" for v in graded))
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def warm(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Return one colour in the brand look; all values are encoded, 0..1."""
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    lifted = [
        c + 0.10 * (c * c * (3 - 2 * c) - c) + 0.06 * (c - luma)
        for c in (red, green, blue)
    ]
    gains = (0.045, 0.008, -0.050)
    bell = 4 * luma * (1 - luma)
    shifted = [c + gain * bell for c, gain in zip(lifted, gains, strict=True)]
    shadow = 0.022 * (1 - luma) ** 4
    r, g, b = shifted[0] + shadow * 1.2, shifted[1] + shadow, shifted[2] + shadow * 0.9
    return clip(r), clip(g), clip(b)


def clip(value: float) -> float:
    """Return *value* within 0..1."""
    return min(max(value, 0.0), 1.0)
