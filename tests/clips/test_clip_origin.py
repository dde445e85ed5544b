"""What made a clip is read from its container, and the label of it stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from retouchd.inspect import Limits, inspect
from retouchd.steps.resize import Resize
from retouchd.values import Drop, Origin, Outcome

MakeClip = Callable[..., Path]
Finish = Callable[..., Outcome]

LABEL = '{"Label":"1","ContentProducer":"001191110000000000000000000","ProduceID":"7"}'
KLING = LABEL.replace("001191", "Kling 001")
COMFY = '{"3": {"class_type": "KSampler"}}'
C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/'
    '02/22-rdf-syntax-ns#"><rdf:Description xmlns:i="http://iptc.org/std/Iptc4xmpExt/'
    f'2008-02-29/" i:DigitalSourceType="{TRAINED}"/></rdf:RDF></x:xmpmeta>'
).encode()


def tagged(source: Path, name: str, **tags: str) -> Path:
    """Copy *source* with these tags in its container."""
    path = source.with_name(name)
    is_iso = path.suffix in {".mp4", ".mov"}
    options = {"movflags": "use_metadata_tags"} if is_iso else {}
    with av.open(source) as clip, av.open(path, "w", container_options=options) as out:
        out.metadata.update(tags)
        copy = out.add_stream_from_template(clip.streams.video[0])
        for packet in clip.demux(clip.streams.video[0]):
            if packet.dts is not None:
                packet.stream = copy
                out.mux(packet)
    return path


def box(name: bytes, content: bytes) -> bytes:
    """One box of an MP4."""
    return (len(content) + 8).to_bytes(4, "big") + name + content


def origin_of(path: Path) -> Origin:
    """Inspect a clip."""
    return inspect(Drop("hot", path.name, path), Limits()).origin


@pytest.mark.parametrize(
    ("name", "tags", "family", "maker"),
    [
        ("a.mp4", {"AIGC": LABEL}, "generator", "generator"),
        ("a.mp4", {"AIGC": KLING}, "generator", "kling"),
        ("a.mov", {"AIGC": KLING}, "generator", "kling"),
        ("a.mkv", {"AIGC": KLING}, "generator", "kling"),
        ("a.mp4", {"comment": f'{{"AIGC":{LABEL}}}'}, "generator", "generator"),
        ("a.mkv", {"prompt": COMFY}, "generator", "comfyui"),
        ("a.mp4", {"workflow": '{"nodes": []}'}, "generator", "comfyui"),
        ("kling_20260101_Text_to_Video_a_1_0.mp4", {}, "generator", "kling"),
        ("a.mp4", {"title": "a cat"}, "unknown", "unknown"),
    ],
)
def test_tags_of_the_container_tell_the_maker(
    make_clip: MakeClip, name: str, tags: dict[str, str], family: str, maker: str
) -> None:
    """As texts in a PNG do."""
    origin = origin_of(tagged(make_clip("in.mp4"), name, **tags))

    assert (origin.family, origin.name) == (family, maker)


@pytest.mark.parametrize(
    ("content", "family", "maker"),
    [
        (C2PA + b"..Black Forest Labs..", "generator", "flux"),
        (XMP + PACKET, "generator", "generator"),
        (b"?" * 16 + PACKET, "unknown", "unknown"),
    ],
)
def test_boxes_behind_the_pictures_are_read(
    make_clip: MakeClip, content: bytes, family: str, maker: str
) -> None:
    """C2PA and XMP lie in boxes of their own, often at the end."""
    path = make_clip()
    path.write_bytes(path.read_bytes() + box(b"uuid", content))

    origin = origin_of(path)

    assert (origin.family, origin.name) == (family, maker)


def test_quicktime_keeps_xmp_among_its_user_data(make_clip: MakeClip) -> None:
    """In ``moov.udta.XMP_``; what lies around it is jumped over."""
    path = make_clip("a.mov")
    data = path.read_bytes()
    begin = data.rindex(b"moov") - 4
    moov = data[begin + 8 :] + box(b"udta", box(b"name", b"x") + box(b"XMP_", PACKET))
    path.write_bytes(data[:begin] + box(b"moov", moov))

    assert origin_of(path).name == "generator"


@pytest.mark.parametrize("length", [0, 1, 7, 0xFFFFFFFF])
def test_a_box_of_nonsense_length_ends_the_walk(
    make_clip: MakeClip, length: int
) -> None:
    """What came before it counts; the clip itself is judged elsewhere."""
    path = make_clip()
    good = box(b"uuid", C2PA + b"..Black Forest Labs..")
    bad = length.to_bytes(4, "big") + b"\x00\x01??" + b"\x00" * 9
    path.write_bytes(path.read_bytes() + good + bad)

    assert origin_of(path).name == "flux"


@pytest.mark.parametrize("output", ["{stem}.mp4", "{stem}.mov", "{stem}.mkv"])
def test_the_label_stays_in_the_result(
    make_clip: MakeClip, finish: Finish, output: str
) -> None:
    """MP4 and MOV would otherwise drop every tag that players do not know."""
    source = tagged(make_clip("in.mp4"), "a.mp4", AIGC=KLING, title="a cat")

    outcome = finish(
        source, {"name": output, "codec": "h264"}, steps=(("resize", Resize(width=32)),)
    )

    assert outcome.error == ""
    with av.open(outcome.renditions[0].stage) as made:
        tags: dict[str, Any] = {k.lower(): v for k, v in made.metadata.items()}
    assert (tags["aigc"], tags["title"]) == (KLING, "a cat")
    assert outcome.inspection is not None
    assert outcome.inspection.origin.name == "kling"


def test_a_streamed_clip_gets_its_length_from_its_frames(
    finish: Finish, tmp_path: Path
) -> None:
    """Its container tells none, and generators are paid by the second."""
    source = tmp_path / "live.mkv"
    with av.open(source, "w", container_options={"live": "1"}) as clip:
        stream = clip.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(12):
            clip.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        clip.mux(stream.encode(None))

    outcome = finish(source, {"name": "{stem}.mp4"})

    assert outcome.error == ""
    assert outcome.inspection is not None
    header = outcome.inspection.header
    assert (header.frames, round(header.seconds, 2)) == (12, 0.48)
