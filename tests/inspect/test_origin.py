"""Makers are told by the marks they leave; the strongest mark wins."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.inspect import Limits, inspect
from retouchd.values import Drop, Inspection

Look = Callable[..., Inspection]

JOB = "a quiet harbour --ar 16:9 --v 7 Job ID: 0a1b2c3d-0000-4000-8000-0123456789ab"
UUID = "0a1b2c3d-0000-4000-8000-0123456789ab"
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
LABEL = '{"Label":"1","ContentProducer":"001191110000000000000000000","ProduceID":"7"}'


def text(keyword: str, value: str) -> tuple[bytes, bytes]:
    """A tEXt chunk; generators put UTF-8 into it."""
    return b"tEXt", keyword.encode() + b"\x00" + value.encode()


@pytest.mark.parametrize(
    ("keyword", "value", "name"),
    [
        ("Description", JOB, "midjourney"),
        ("prompt", '{"3": {"class_type": "KSampler"}}', "comfyui"),
        ("workflow", '{"nodes": []}', "comfyui"),
        ("parameters", "a cat\nSteps: 20, Sampler: Euler a", "a1111"),
        ("parameters", '{"sui_image_params": {}}', "swarmui"),
        ("invokeai_metadata", "{}", "invokeai"),
        ("Software", "NovelAI", "novelai"),
        ("Source", "Luma AI", "luma"),
        ("AIGC", LABEL, "generator"),
        ("AIGC", LABEL.replace("001191", "Kling 001"), "kling"),
    ],
)
def test_png_texts(make: Any, look: Look, keyword: str, value: str, name: str) -> None:
    """A generator's own text in a PNG names it."""
    origin = look({"a.png": make.png(text(keyword, value))}).origin

    assert (origin.family, origin.name) == ("generator", name)
    assert origin.signals[0].place in {f"png:{keyword}", "aigc"}


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_compressed_and_international_texts(make: Any, look: Look, kind: bytes) -> None:
    """Texts are read in every form that PNG knows."""
    body = zlib.compress(JOB.encode())
    rest = b"\x00" + body if kind == b"zTXt" else b"\x01\x00\x00\x00" + body

    origin = look({"a.png": make.png((kind, b"Description\x00" + rest))}).origin

    assert origin.name == "midjourney"


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({0x010F: b"Ideogram AI"}, "ideogram"),
        ({0x010F: b'workflow:{"nodes": []}'}, "comfyui"),
        ({0x0110: b'prompt:{"3": {}}'}, "comfyui"),
        ({0x010E: b"Signature: " + b"Ab1+" * 20, 0x013B: UUID.encode()}, "grok"),
        ({0x010E: b'{"AIGC":' + LABEL.encode() + b"}"}, "generator"),
        ({0x0131: b"reve.com"}, "reve"),
        ({0x010F: b"Canon", 0x0110: b"EOS R5", 0x829A: 1}, "camera"),
        ({0x0131: b"Adobe Photoshop 26.0 (Macintosh)"}, "photoshop"),
        ({0x0131: b"Adobe Photoshop Lightroom 6.6"}, "lightroom"),
        ({0x0131: b"Capture One 23 Macintosh"}, "capture-one"),
    ],
)
def test_exif_facts(make: Any, look: Look, tags: dict[int, Any], name: str) -> None:
    """EXIF names cameras, editors and the generators that write there."""
    exif = make.tiff_block(tags)

    assert look({"a.jpg": make.jpeg(exif=exif)}).origin.name == name


def test_a_maker_without_exposure_is_no_camera(make: Any, look: Look) -> None:
    """Any tool can write a Make; a signature without its artist is not Grok's."""
    maker = make.tiff_block({0x010F: b"Some Tool"})
    signature = make.tiff_block({0x010E: b"Signature: " + b"Ab1+" * 20})

    for exif in (maker, signature):
        assert look({"a.jpg": make.jpeg(exif=exif)}).origin.family == "unknown"


@pytest.mark.parametrize(
    ("value", "family", "name"),
    [
        (TRAINED, "generator", "generator"),
        (
            TRAINED.replace("trainedAlgorithmicMedia", "digitalCapture"),
            "camera",
            "camera",
        ),
    ],
)
def test_the_iptc_source_type(
    make: Any, look: Look, value: str, family: str, name: str
) -> None:
    """The standard label is read by namespace, under any prefix, in any chunk."""
    packet = make.rdf(
        "<iptcExt:DigitalSourceType "
        'xmlns:iptcExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f"{value}</iptcExt:DigitalSourceType>"
    )

    origin = look({"a.png": make.png(text("XML:com.adobe.xmp", packet))}).origin

    assert (origin.family, origin.name) == (family, name)


def test_a_label_takes_the_name_from_a_weaker_mark(make: Any, look: Look) -> None:
    """'Generated' by the standard label, by Midjourney by its file name."""
    packet = make.rdf(
        f'<e:DigitalSourceType xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'rdf:resource="{TRAINED}"/>'
    )

    origin = look({f"ann_harbour_{UUID}_2.jpg": make.jpeg(xmp=packet)}).origin

    assert (origin.name, origin.confidence) == ("midjourney", 0.85)
    assert [signal.origin for signal in origin.signals] == ["generator", "midjourney"]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (f"ann_harbour_{UUID}_0.png", "midjourney"),
        ("Gemini_Generated_Image_abc123abc123abcd.png", "nano-banana"),
        ("ChatGPT Image Jul 28, 2026, 03_54_11 PM.png", "openai"),
        ("Firefly_20260728035411.png", "firefly"),
        ("ComfyUI_00001_.png", "comfyui"),
        ("kling_20260728_1.png", "kling"),
        ("jimeng-2026-07-28-1-harbour.png", "seedream"),
    ],
)
def test_file_names_are_weak_evidence(
    make: Any, look: Look, file: str, name: str
) -> None:
    """A name alone says who, but not with confidence."""
    origin = look({file: make.png()}).origin

    assert origin.name == name
    assert origin.confidence <= 0.4


def test_a_text_beats_a_file_name(make: Any, look: Look) -> None:
    """All marks are kept, the winner first."""
    picture = make.png(text("Software", "NovelAI"))

    origin = look({"ComfyUI_00001_.png": picture}).origin

    assert origin.name == "novelai"
    assert [signal.origin for signal in origin.signals] == ["novelai", "comfyui"]


def test_a_c2pa_store_is_low_evidence(make: Any, look: Look) -> None:
    """Its words are not verified here; a store alone says nothing."""
    flux = look({"a.png": make.png((b"caBX", b"..nameuBlack Forest Labs API.."))})
    leica = look({"a.png": make.png((b"caBX", b"..M11-P lc_c2pa Adobe XMP.."))})

    assert (flux.origin.name, flux.origin.confidence) == ("flux", 0.6)
    assert leica.origin.family == "unknown"


def test_no_mark_is_a_normal_answer(make: Any, look: Look) -> None:
    """A bare picture comes from nowhere, not from a camera."""
    origin = look({"a.png": make.png()}).origin

    assert (origin.family, origin.name, origin.signals) == ("unknown", "unknown", ())


def test_a_text_bomb_is_bounded(
    make: Any, look: Look, bomb: bytes, bomb_seconds: float
) -> None:
    """256 MB of zeros in a zTXt chunk are not unpacked; the next text is still read."""
    picture = make.png((b"zTXt", b"Comment\x00\x00" + bomb), text("Description", JOB))
    begun = time.thread_time()

    origin = look({"a.png": picture}).origin

    assert origin.name == "midjourney"
    assert time.thread_time() - begun < bomb_seconds / 2


@pytest.mark.parametrize(
    "exif",
    [
        b"MM\x00*\x00\x00\x00\x08\xff\xff",
        b"II*\x00\xff\xff\xff\xff",
        b"MM\x00*\x00\x00\x00\x08\x00\x01\x87\x69\x00\x04\x00\x00\x00\x01\x00\x00\x00\x08",
        b"",
        b"garbage",
    ],
)
def test_damaged_exif_is_passed_over(make: Any, look: Look, exif: bytes) -> None:
    """Cut, looping and wild directories give no facts and no error."""
    assert look({"a.jpg": make.jpeg(exif=exif)}).origin.family == "unknown"


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ai_metadata/a1111_parameters_real.png", "a1111"),
        ("ai_metadata/comfyui_lora.png", "comfyui"),
        ("ai_metadata/vendor_firefly-1.png", "firefly"),
        ("ai_metadata/vendor_flux-1.jpg", "flux"),
        ("ai_metadata/vendor_grok-1.jpg", "grok"),
        ("synthetic/a1111_usercomment.jpg", "a1111"),
        ("synthetic/a1111_usercomment.webp", "a1111"),
        ("synthetic/invokeai_metadata.png", "invokeai"),
        ("synthetic/novelai_like.png", "novelai"),
        ("synthetic/photo.avif", "camera"),
        ("formats/exif_DSCN0010.jpg", "camera"),
        ("orientation/xmp_tags_orientation.png", "pixelmator"),
        ("c2pa/c2pa-rs_mars.webp", "unknown"),
        ("synthetic/palette_64.png", "unknown"),
    ],
)
def test_real_samples(shared_data: Path, name: str, expected: str) -> None:
    """Files of real makers are recognised."""
    path = shared_data / "mixed_sources" / name

    found = inspect(Drop("shop", path.name, path), Limits())

    assert found.origin.name == expected
