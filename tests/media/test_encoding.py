"""Outputs hold the pixels, the profile and the metadata that were asked for."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import retouchd
from retouchd.errors import StorageError
from retouchd.media.colour import ICC, srgb_profile, to_srgb, with_profile
from retouchd.media.encoding import Encoding, encode
from retouchd.media.metadata import in_photoshop_wrapper, rights_exif, upright_exif
from retouchd.media.pixels import from_array, to_array
from retouchd.media.still import open_image
from retouchd.media.vips import pyvips
from retouchd.values import Metadata, Picture

FORMATS = ["jpeg", "png", "webp", "avif", "tiff"]

XMP = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 tiff:Orientation="6" photoshop:Credit="Agency" photoshop:City="Wien">
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">(c) J\xc3\xb6rg</rdf:li></rdf:Alt>
</dc:rights><dc:subject><rdf:Bag><rdf:li>mug</rdf:li></rdf:Bag></dc:subject>
<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList/></mwg-rs:Regions>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>\0\0"""


def iim(record: int, dataset: int, value: bytes) -> bytes:
    """Write one IPTC-IIM dataset."""
    return bytes([0x1C, record, dataset, 0, len(value)]) + value


IPTC = iim(2, 25, b"keyword") + iim(2, 80, b"Jo") + iim(2, 116, b"(c) Jo")


def exif_of(shared_data: Path) -> bytes:
    """Return a camera's EXIF with a thumbnail in it."""
    path = shared_data / "mixed_sources/synthetic/photo_grey16.png"
    return bytes(open_image(path, "png").get("exif-data"))


def written(
    picture: Picture, folder: Path, encoding: Encoding, **more: str
) -> pyvips.Image:
    """Encode, and open what was written."""
    path = folder / "result"
    encode(picture, path, encoding, **more)
    return open_image(path, encoding.format)


def text(image: pyvips.Image) -> str:
    """Return the XMP packet, empty where there is none."""
    return bytes(image.get("xmp-data")).decode() if has(image, "xmp-data") else ""


def has(image: pyvips.Image, field: str) -> bool:
    """Say whether the image carries a field."""
    return bool(image.get_typeof(field))


@pytest.mark.parametrize("kind", ["png", "tiff"])
@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("depth", [8, 16])
def test_lossless_formats_keep_every_bit(
    tmp_path: Path, picture: Callable[..., Any], kind: str, bands: int, depth: int
) -> None:
    """16 bits stay 16 bits, alpha stays alpha, to the last level."""
    source = picture(width=400, bands=bands, depth=depth)

    image = written(source, tmp_path, Encoding(kind))

    assert np.array_equal(to_array(image), to_array(source.image))
    assert image.format == ("uchar" if depth == 8 else "ushort")


@pytest.mark.parametrize("kind", FORMATS)
def test_lossy_formats_stay_close(
    tmp_path: Path, picture: Callable[..., Any], kind: str
) -> None:
    """All formats hold the picture itself, in sRGB and tagged so."""
    source = picture(width=128, height=128)

    image = written(source, tmp_path, Encoding(kind))

    error = to_array(image).astype(float) - to_array(source.image)
    assert abs(error).mean() < 2
    assert bytes(image.get(ICC)) == srgb_profile()


@pytest.mark.parametrize("kind", FORMATS)
def test_sixteen_bits_go_where_they_fit(
    tmp_path: Path, picture: Callable[..., Any], kind: str
) -> None:
    """Formats without 16 bits get 8, rounded; PNG and TIFF get all."""
    source = picture(depth=16)

    image = written(source, tmp_path, Encoding(kind))

    assert (image.format == "ushort") == (kind in ("png", "tiff", "avif"))
    largest = 255 if image.format == "uchar" else 65535
    difference = to_array(image) / largest - to_array(source.image) / 65535
    assert abs(difference).mean() < 0.01


@pytest.mark.parametrize(("depth", "wanted"), [(8, "uchar"), (16, "ushort")])
def test_depth_on_demand(
    tmp_path: Path, picture: Callable[..., Any], depth: int, wanted: str
) -> None:
    """A rule may ask for another depth than the picture has."""
    for source in (picture(depth=8), picture(depth=16)):
        assert written(source, tmp_path, Encoding("png", depth=depth)).format == wanted


@pytest.mark.parametrize("depth", [8, 16])
def test_jpeg_lies_on_white(
    tmp_path: Path, picture: Callable[..., Any], depth: int
) -> None:
    """What is transparent becomes white, at both depths."""
    pixels = to_array(picture(bands=4, depth=depth).image)
    pixels[...] = 0

    image = written(Picture(from_array(pixels)), tmp_path, Encoding("jpeg"))

    assert image.bands == 3
    assert to_array(image).min() == 255


@pytest.mark.parametrize("kind", ["png", "webp", "avif", "tiff"])
def test_alpha_survives_elsewhere(
    tmp_path: Path, picture: Callable[..., Any], kind: str
) -> None:
    """Every format with alpha keeps it."""
    image = written(picture(bands=4), tmp_path, Encoding(kind, quality=90))

    assert image.bands == 4


def test_quality_chooses_subsampling(
    tmp_path: Path, picture: Callable[..., Any]
) -> None:
    """Below 90 JPEG halves the resolution of colour, from 90 on it does not."""
    field = "jpeg-chroma-subsample"

    assert written(picture(), tmp_path, Encoding("jpeg")).get(field) == "4:4:4"
    low = written(picture(), tmp_path, Encoding("jpeg", quality=80))
    assert low.get(field) == "4:2:0"


def test_back_to_the_profile_of_the_source(
    tmp_path: Path, picture: Callable[..., Any], shared_data: Path
) -> None:
    """``profile: input`` gives an AdobeRGB file back to who sent one."""
    file = shared_data / "mixed_sources/formats/Banana_AdobeRGB_marked.jpg"
    adobe = bytes(open_image(file, "jpeg").get(ICC))
    source = replace(picture(), metadata=Metadata(icc=adobe))

    image = written(source, tmp_path, Encoding("png", profile="input"))

    assert bytes(image.get(ICC)) == adobe
    back = to_array(to_srgb(with_profile(image, adobe))).astype(int)
    bright = to_array(source.image) > 40  # below, 8 bits of gamma 2.2 are coarse
    assert abs(back - to_array(source.image))[bright].max() <= 3


def test_without_a_usable_profile_input_means_srgb(
    tmp_path: Path, picture: Callable[..., Any]
) -> None:
    """Nothing to go back to: the pixels stay as they are, tagged sRGB."""
    for icc in (b"", b"broken" * 40, b"\0" * 16 + b"CMYK" + b"\0" * 200):
        source = replace(picture(), metadata=Metadata(icc=icc))

        image = written(source, tmp_path, Encoding("png", profile="input"))

        assert bytes(image.get(ICC)) == srgb_profile()
        assert np.array_equal(to_array(image), to_array(source.image))


@pytest.mark.parametrize("kind", FORMATS)
def test_keep_carries_what_is_still_true(
    tmp_path: Path, picture: Callable[..., Any], shared_data: Path, kind: str
) -> None:
    """P5: camera, keywords, rights stay; orientation, thumbnail, regions do not."""
    exif = upright_exif(exif_of(shared_data))
    metadata = Metadata(exif, XMP, in_photoshop_wrapper(IPTC), b"", 11.8)
    source = replace(picture(), metadata=metadata)

    image = written(source, tmp_path, Encoding(kind))

    packet = text(image)
    assert all(word in packet for word in ("mug", "Wien", "Agency", "Jörg"))
    assert "Regions" not in packet
    assert "tiff:Orientation" not in packet
    assert not has(image, "jpeg-thumbnail-data")
    assert exif[-500:-20] not in (tmp_path / "result").read_bytes()
    if kind != "tiff":
        assert image.get("exif-ifd2-PixelXDimension").startswith("64 ")
        assert has(image, "exif-ifd2-FNumber") or has(image, "exif-ifd0-Model")
    if kind in ("jpeg", "tiff"):
        assert b"keyword" in bytes(image.get("iptc-data"))
    if kind in ("jpeg", "png", "tiff"):
        assert image.xres == pytest.approx(11.8, rel=0.01)


@pytest.mark.parametrize("kind", FORMATS)
def test_rights_carries_only_rights(
    tmp_path: Path, picture: Callable[..., Any], shared_data: Path, kind: str
) -> None:
    """Who made it and who may use it, nothing of where and with what."""
    metadata = Metadata(exif_of(shared_data), XMP, in_photoshop_wrapper(IPTC))
    source = replace(picture(), metadata=metadata)

    image = written(source, tmp_path, Encoding(kind, metadata="rights"))

    packet = text(image)
    assert "Jörg" in packet
    assert "Agency" in packet
    assert "mug" not in packet
    assert "Wien" not in packet
    assert not has(image, "exif-ifd0-Model")
    if kind in ("jpeg", "tiff"):
        records = bytes(image.get("iptc-data"))
        assert b"(c) Jo" in records
        assert b"keyword" not in records


def test_rights_of_exif_keep_their_letters() -> None:
    """Artist and copyright are copied as bytes, umlauts and all."""
    exif = (
        b"Exif\0\0MM\0*\0\0\0\x08"
        b"\0\x02"
        b"\x01\x0f\0\x02\0\0\0\x06\0\0\0\x26"
        b"\x82\x98\0\x02\0\0\0\x08\0\0\0\x2c"
        b"\0\0\0\0"
        b"Nikon\0" + "© Jör\0".encode()
    )

    block = rights_exif(exif)

    assert "© Jör".encode() in block
    assert b"Nikon" not in block
    assert rights_exif(block) == block
    assert rights_exif(b"Exif\0\0II*\0\xff\xff\xff\xff") == b""


@pytest.mark.parametrize("kind", FORMATS)
def test_strip_carries_nothing_but_the_profile(
    tmp_path: Path, picture: Callable[..., Any], shared_data: Path, kind: str
) -> None:
    """No EXIF, not even the block that libvips would write unasked."""
    metadata = Metadata(exif_of(shared_data), XMP, in_photoshop_wrapper(IPTC))
    source = replace(picture(), metadata=metadata)

    image = written(source, tmp_path, Encoding(kind, metadata="strip"))

    blobs = [f for f in image.get_fields() if f.endswith("-data") or "exif" in f]
    assert blobs == [ICC]


@pytest.mark.parametrize("policy", ["keep", "rights", "strip"])
@pytest.mark.parametrize("xmp", [XMP, b"", b"<broken", b"<a>" * 3000 + b"</a>" * 3000])
def test_records_what_ai_did(
    tmp_path: Path, picture: Callable[..., Any], policy: str, xmp: bytes
) -> None:
    """The digital source type is written under every policy, into any packet."""
    source = replace(picture(), metadata=Metadata(xmp=xmp))

    image = written(
        source,
        tmp_path,
        Encoding("jpeg", metadata=policy),
        source_type="compositeWithTrainedAlgorithmicMedia",
    )

    uri = "newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    assert uri in text(image)
    assert f"retouchd {retouchd.__version__}" in text(image)


@pytest.mark.parametrize("policy", ["keep", "rights"])
def test_never_downgrades_what_ai_made(
    tmp_path: Path, picture: Callable[..., Any], policy: str
) -> None:
    """A picture that AI made as a whole does not become a composite."""
    made = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    first = written(picture(), tmp_path, Encoding("jpeg"), source_type=made)
    source = replace(picture(), metadata=Metadata(xmp=bytes(first.get("xmp-data"))))

    image = written(
        source,
        tmp_path,
        Encoding("png", metadata=policy),
        source_type="compositeWithTrainedAlgorithmicMedia",
    )

    assert made in text(image)
    assert "compositeWith" not in text(image)


def test_the_first_tool_goes_on_being_named(
    tmp_path: Path, picture: Callable[..., Any]
) -> None:
    """A creator tool that is there already is not overwritten."""
    xmp = XMP.replace(
        b'tiff:Orientation="6"',
        b'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="MJ"',
    )
    source = replace(picture(), metadata=Metadata(xmp=xmp))

    image = written(source, tmp_path, Encoding("png"), source_type="algorithmicMedia")

    assert 'CreatorTool="MJ"' in text(image)
    assert "retouchd" not in text(image)


def test_a_packet_too_long_for_jpeg_shrinks_to_the_rights(
    tmp_path: Path, picture: Callable[..., Any]
) -> None:
    """Libvips would drop it without a word."""
    xmp = XMP.replace(b"Wien", b"W" * 70_000)
    source = replace(picture(), metadata=Metadata(xmp=xmp))

    assert "Jörg" in text(written(source, tmp_path, Encoding("jpeg")))
    assert "WWW" in text(written(source, tmp_path, Encoding("png")))


def test_entities_in_xmp_are_never_expanded(
    tmp_path: Path, picture: Callable[..., Any]
) -> None:
    """A packet that tries to is dropped, the picture is written."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    source = replace(picture(), metadata=Metadata(xmp=bomb))

    assert text(written(source, tmp_path, Encoding("png"))) == ""


def test_real_region_files_come_out_without_regions(
    tmp_path: Path, decoded: Callable[..., Any], shared_data: Path
) -> None:
    """Every sample with MWG, IPTC or Microsoft regions."""
    folder = shared_data / "mixed_sources"
    files = [
        *folder.glob("regions/*.jpg"),
        *folder.glob("synthetic/m*_region*.jpg"),
        folder / "synthetic/iptc_imageregion_rect_circle_polygon.jpg",
    ]

    for file in files:
        packet = text(written(decoded(file, "jpeg"), tmp_path, Encoding("png")))

        words = ("mwg-rs:Regions", "ImageRegion>", "MPRI:", "tiff:Orientation")
        assert not any(word in packet for word in words), file.name
    assert len(files) > 8


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, picture: Callable[..., Any]
) -> None:
    """The error names the file; the work may be tried again."""
    with pytest.raises(StorageError, match="cannot be written") as caught:
        encode(picture(), tmp_path / "gone" / "a.png", Encoding("png"))

    assert caught.value.retryable


def test_names_that_are_no_text_are_written(
    tmp_path: Path, picture: Callable[..., Any]
) -> None:
    """Old encodings and brackets in names are taken literally."""
    path = tmp_path / os.fsdecode(b"caf\xe9[Q=1].jpg")

    encode(picture(), path, Encoding("jpeg"))

    assert path.stat().st_size > 500


@pytest.mark.parametrize("kind", FORMATS)
def test_a_full_disk_is_told_by_its_number(
    picture: Callable[..., Picture], kind: Any
) -> None:
    """Whoever waits for space must know that space is what is missing."""
    with pytest.raises(StorageError) as caught:
        encode(picture(width=900, height=700), Path("/dev/full"), Encoding(kind))

    assert caught.value.errno == errno.ENOSPC
