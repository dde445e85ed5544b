"""Areas that move: CVAT tracks, and LabelMe files of single frames."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from retouchd.errors import InputError
from retouchd.inspect import Limits, inspect
from retouchd.inspect.sidecars import group
from retouchd.inspect.tracks import Key, Track
from retouchd.values import Drop, Inspection, Region

SIZE = (64, 48)
MANY = ";".join(["1,1"] * 9000)
BOX = (
    '<box frame="{frame}" outside="{outside}" occluded="0" keyframe="1" '
    'xtl="{x}" ytl="12" xbr="{right}" ybr="24"/>'
)

Look = Callable[..., Inspection]


def box(frame: int, x: float, outside: int = 0) -> str:
    """A box of 16 x 12 pixels."""
    return BOX.format(frame=frame, x=x, right=x + 16, outside=outside)


def cvat(*shapes: str, label: str = "erase:logo", size: tuple[int, int] = SIZE) -> str:
    """A CVAT file with one track."""
    width, height = size
    return (
        '<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version>'
        f"<meta><task><original_size><width>{width}</width><height>{height}</height>"
        f'</original_size></task></meta><track id="7" label="{label}" source="manual">'
        f"{''.join(shapes)}</track></annotations>"
    )


def labelme(label: str, left: int) -> str:
    """A LabelMe file with one rectangle, 16 pixels wide."""
    shape = {
        "label": label,
        "shape_type": "rectangle",
        "points": [[left, 12], [left + 16, 24]],
    }
    return json.dumps(
        {"shapes": [shape], "imageWidth": SIZE[0], "imageHeight": SIZE[1]}
    )


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Inspect a small clip with these files beside it."""
    path = tmp_path / "clip.mp4"
    with av.open(path, "w") as clip:
        stream = clip.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for _ in range(12):
            clip.mux(stream.encode(av.VideoFrame(*SIZE, "yuv420p")))
        clip.mux(stream.encode(None))

    def run(files: dict[str, str], limits: Limits | None = None) -> Inspection:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        members = tuple(tmp_path / name for name in files)
        return inspect(Drop("hot", path.name, path, members), limits or Limits())

    return run


def lefts(found: Inspection, *frames: int) -> list[float | None]:
    """The left edges of the only area in *frames*, in pixels; none: it is not there."""
    areas = [found.regions_at(frame) for frame in frames]
    return [round(area[0].box[0] * SIZE[0], 3) if area else None for area in areas]


def test_a_box_goes_evenly_from_key_frame_to_key_frame(look: Look) -> None:
    """Before the first there is nothing, the last one holds to the end."""
    found = look({"clip.mp4.xml": cvat(box(2, 8), box(6, 16), box(8, 0))})

    assert lefts(found, 0, 1, 2, 3, 4, 6, 7, 8, 11) == [
        *(None, None),
        *(8, 10, 12, 16, 8, 0, 0),
    ]
    [area] = found.regions_at(4)
    assert area == Region(
        "erase:logo",
        ((0.1875, 0.25), (0.4375, 0.25), (0.4375, 0.5), (0.1875, 0.5)),
        source="clip.mp4.xml",
    )
    assert found.warnings == ()


def test_an_area_comes_and_goes(look: Look) -> None:
    """`outside` ends it until the next key frame; `occluded` changes nothing."""
    shapes = (box(0, 8), box(3, 8, outside=1), box(6, 24))
    hidden = box(7, 24).replace('occluded="0"', 'occluded="1"')

    found = look({"clip.xml": cvat(*shapes, hidden)})

    assert lefts(found, 0, 2, 3, 5, 6, 7) == [8, 8, None, None, 24, 24]


def test_what_cvat_put_between_is_found_again(look: Look) -> None:
    """Frames that are no key frames are left out, so exports of all stay small."""
    between = box(3, 99).replace('keyframe="1"', 'keyframe="0"')

    found = look({"clip.xml": cvat(box(2, 8), between, box(4, 16))})

    assert lefts(found, 3) == [12]


@pytest.mark.parametrize(
    ("shape", "corners", "left", "right"),
    [
        ('<polygon frame="0" points="8,8;24,8;16,40"/>', 3, 8, 24),
        ('<ellipse frame="0" cx="32" cy="24" rx="8" ry="4"/>', 32, 24, 40),
        (
            '<box frame="0" xtl="24" ytl="20" xbr="40" ybr="28" rotation="90"/>',
            *(4, 28, 36),
        ),
        ('<box frame="0" xtl="-10" ytl="0" xbr="90" ybr="48"/>', 4, 0, 64),
    ],
)
def test_shapes_of_a_track(
    look: Look, shape: str, corners: int, left: float, right: float
) -> None:
    """Polygons, ellipses, turned boxes; what lies outside the frame is cut off."""
    [area] = look({"clip.xml": cvat(shape)}).regions_at(5)

    assert len(area.outline) == corners
    assert area.box[0] * SIZE[0] == pytest.approx(left, abs=0.1)
    assert area.box[2] * SIZE[0] == pytest.approx(right, abs=0.1)


def test_an_outline_with_other_corners_holds_until_they_come() -> None:
    """Between a triangle and a square nothing can be told."""
    triangle = ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5))
    square = ((0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0))
    track = Track("a", (Key(0, triangle), Key(10, square)), "a.xml")

    outlines = [area.outline for n in (0, 9, 10) for area in track.at(n)]

    assert outlines == [triangle, triangle, square]


def test_tags_of_another_scale_fit_and_of_another_shape_do_not(look: Look) -> None:
    """A half-size proxy was tagged; a turned one is refused by name."""
    half = cvat(box(0, 8), size=(32, 24))
    assert lefts(look({"clip.xml": half}), 0) == [16]

    with pytest.raises(
        InputError, match="made for 48 x 64 pixels, the clip is 64 x 48"
    ):
        look({"clip.xml": cvat(box(0, 8), size=(48, 64))})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<annotations><track", "not readable XML"),
        ('<!DOCTYPE a [<!ENTITY e "x">]><annotations>&e;</annotations>', "XML"),
        (cvat(box(0, 8).replace('xtl="8"', "")), "track 7, frame 0: the box is broken"),
        (
            cvat(box(0, 8).replace('xtl="8"', 'xtl="nan"')),
            "frame 0: the box is no area",
        ),
        (cvat('<polygon frame="3" points="1,1;2,2"/>'), "frame 3: the polygon is no"),
        (cvat('<polygon frame="3" points="1;2"/>'), "frame 3: the polygon is broken"),
        (cvat(box(-1, 8)), "track 7: '-1' is no frame"),
        (cvat(box(99_999_999, 8)), "track 7: '99999999' is no frame"),
        (cvat(box(0, 8), label="x" * 300), "more than 200 characters"),
        (cvat(box(0, 8)).replace(">64<", ">0<"), "original_size is no size"),
        ("<annotations>" + "<a>" * 100_000, "nested deeper"),
    ],
)
def test_broken_tracks_are_refused_in_words(look: Look, text: str, words: str) -> None:
    """Which file, which track and frame, and what to do."""
    with pytest.raises(InputError) as refused:
        look({"clip.xml": text})

    assert words in refused.value.message
    assert refused.value.hint
    assert str(refused.value.file).endswith("clip.xml")


@pytest.mark.parametrize(
    "text",
    [
        cvat(*[f'<polygon frame="{n}" points="{MANY}"/>' for n in range(60)]),
        "<annotations>" + "<a/>" * 1_600_000 + "</annotations>",
        '<annotations><a b="' + "c" * 1_100_000 + '"/></annotations>',
    ],
    ids=["points", "tags", "one tag"],
)
def test_hostile_sizes_are_refused(look: Look, text: str) -> None:
    """Memory goes by points, tags and attributes, not by bytes."""
    with pytest.raises(InputError, match=r"more than"):
        look({"clip.xml": text})


def test_a_file_beyond_the_limit_is_refused_unread(look: Look) -> None:
    """The limit of sidecars holds for tracks as well."""
    with pytest.raises(InputError, match="at most"):
        look({"clip.xml": cvat(box(0, 8))}, Limits(sidecar_bytes=100))


@pytest.mark.parametrize(
    "text",
    [
        "<annotation><object/></annotation>",
        "<annotations><image/></annotations>",
        '<?xml version="1.0"?>\n<!DOCTYPE xmeml>\n<xmeml version="5"/>',
        "no XML at all",
    ],
)
def test_xml_without_tracks_is_a_warning(look: Look, text: str) -> None:
    """Other tools write XML too: editors put their lists beside clips."""
    found = look({"clip.xml": text})

    assert found.moving == ()
    assert "holds no tracks of CVAT" in found.warnings[0]


def test_labelme_files_of_frames_hold_until_the_next(look: Look) -> None:
    """Numbered as `{frame}` numbers frames: from 1."""
    found = look(
        {
            "clip.mp4.0003.json": labelme("erase:a", 8),
            "clip.mp4.0006.json": labelme("erase:a", 24),
            "clip.mp4.0008.json": '{"shapes": []}',
        }
    )

    assert found.regions == ()
    assert lefts(found, 0, 1, 2, 4, 5, 6, 7, 11) == [
        *(None, None),
        *(8, 8, 24, 24),
        *(None, None),
    ]


def test_fixed_and_moving_areas_go_together(look: Look) -> None:
    """A file of the whole clip tags every frame, beside tracks and single frames."""
    found = look(
        {
            "clip.json": labelme("erase:mark", 0),
            "clip.mp4.2.json": labelme("erase:a", 8),
            "clip.xml": cvat(box(3, 16)),
        }
    )

    labels = [[area.label for area in found.regions_at(n)] for n in (0, 1, 3)]
    assert labels == [
        ["erase:mark"],
        ["erase:mark", "erase:a"],
        ["erase:mark", "erase:logo", "erase:a"],
    ]


@pytest.mark.parametrize(
    "names", [("clip.mp4.0.json",), ("clip.mp4.1.json", "clip.mp4.01.json")]
)
def test_wrong_numbers_of_frames_are_refused(
    look: Look, names: tuple[str, ...]
) -> None:
    """The name of the file and that of the first frame are in the reason."""
    with pytest.raises(InputError, match="frames are counted from 1") as refused:
        look({name: labelme("a", 8) for name in names})

    assert "clip.mp4.1.json" in refused.value.hint


def test_many_files_together_are_bounded(look: Look, monkeypatch: Any) -> None:
    """Each may be small."""
    monkeypatch.setattr("retouchd.inspect.frame_tags.MOST_POINTS", 11)

    with pytest.raises(InputError, match="points in all") as refused:
        look({f"clip.mp4.{n}.json": labelme("a", 8) for n in range(1, 5)})

    assert str(refused.value.file).endswith("clip.mp4.3.json")


def test_names_tell_whose_frame_a_file_tags() -> None:
    """It belongs to its clip, is no drop, and waits for it where it is missing."""
    names = ["a.mp4", "a.mp4.0001.json", "a.MP4.2.json", "b.mp4.1.json", "c.jpg.1.json"]

    groups = group(names)

    assert set(groups.pictures["a.mp4"]) == {"a.mp4.0001.json"}
    assert set(groups.lonely) == {"a.MP4.2.json", "b.mp4.1.json", "c.jpg.1.json"}
