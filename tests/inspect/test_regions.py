"""Tags of every standard arrive as fractions of the upright picture."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.errors import InputError
from retouchd.inspect import Limits, inspect
from retouchd.inspect.kind import read_header
from retouchd.media.vips import pyvips
from retouchd.values import Drop, Inspection

Look = Callable[..., Inspection]

IPTC = (
    '<e:ImageRegion xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><rdf:Bag>'
    '<rdf:li rdf:parseType="Resource"><e:RegionBoundary rdf:parseType="Resource">'
    "{boundary}</e:RegionBoundary>{more}<e:rId>r1</e:rId></rdf:li>"
    "</rdf:Bag></e:ImageRegion>"
)


def labelme(*shapes: dict[str, Any], size: tuple[int, int] = (60, 40)) -> bytes:
    """A LabelMe file for a picture of *size*."""
    document = {"shapes": shapes, "imageWidth": size[0], "imageHeight": size[1]}
    return json.dumps(document).encode()


def box(found: Inspection) -> tuple[float, ...]:
    """The box of the only region, rounded."""
    (region,) = found.regions
    return tuple(round(edge, 4) for edge in region.box)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_tags_in_the_file_turn_with_the_picture(
    make: Any, tmp_path: Path, orientation: int
) -> None:
    """A tag on a white patch of the stored pixels lies on that patch upright."""
    stored = make.picture().draw_rect([255] * 3, 6, 4, 12, 8, fill=True)
    stored.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    packet = make.mwg(12 / 60, 8 / 40, 12 / 60, 8 / 40, name="dust", of=(60, 40))
    stored.set_type(pyvips.GValue.blob_type, "xmp-data", packet.encode())
    path = tmp_path / "a.png"
    stored.pngsave(str(path))

    (region,) = inspect(Drop("shop", "a.png", path), Limits()).regions

    upright = pyvips.Image.pngload(str(path)).autorot()
    left, top, width, height = (
        (upright[0] < 128).ifthenelse(0, 255).find_trim(background=0)
    )
    patch = (left, top, left + width, top + height)
    size = (upright.width, upright.height) * 2
    assert [round(e * s, 3) for e, s in zip(region.box, size, strict=True)] == list(
        patch
    )
    assert region.source == "xmp:mwg-rs"


def test_a_face_is_never_met_by_patterns_for_erasing(make: Any, look: Look) -> None:
    """A named region is labelled with its name, one without with its type."""
    named = make.mwg(0.5, 0.5, 0.2, 0.2, name="Marie", of=(60, 40))
    nameless = make.mwg(0.5, 0.5, 0.2, 0.2, name="", of=(60, 40))

    labels = [
        look({"a.jpg": make.jpeg(xmp=packet)}).regions[0].label
        for packet in (named, nameless)
    ]

    assert labels == ["Marie", "face"]


@pytest.mark.parametrize("size", [(40, 60), (60, 60)])
def test_tags_for_another_shape_are_left_out(
    make: Any, look: Look, size: tuple[int, int]
) -> None:
    """A picture turned or cropped after tagging is not guessed at."""
    packet = make.mwg(0.5, 0.5, 0.2, 0.2, name="erase:dust", of=size)

    found = look({"a.jpg": make.jpeg(xmp=packet)})

    assert found.regions == ()
    assert "do not fit the picture" in found.warnings[0]


def test_tags_for_another_scale_are_used(make: Any, look: Look) -> None:
    """Tags made on a larger copy of the same shape fit."""
    packet = make.mwg(0.5, 0.5, 0.2, 0.2, name="erase:dust", of=(6000, 4000))

    found = look({"a.jpg": make.jpeg(xmp=packet)})

    assert box(found) == (0.4, 0.4, 0.6, 0.6)


def test_outlines_are_clipped_and_nonsense_is_skipped(make: Any, look: Look) -> None:
    """What reaches over the edge is cut; what lies outside or is no number goes."""
    over = make.mwg(0.0, 0.5, 0.2, 0.2, name="over", of=(60, 40))
    outside = make.mwg(1.5, 0.5, 0.2, 0.2, name="outside", of=(60, 40))
    nonsense = make.mwg("nan", 0.5, "x", 0.2, name="nonsense", of=(60, 40))

    clipped, *gone = (
        look({"a.jpg": make.jpeg(xmp=packet)}) for packet in (over, outside, nonsense)
    )

    assert box(clipped) == (0, 0.4, 0.1, 0.6)
    assert [found.regions for found in gone] == [(), ()]
    assert all("left out" in found.warnings[0] for found in gone)


RECTANGLE = (
    "<e:rbShape>rectangle</e:rbShape><e:rbUnit>relative</e:rbUnit>"
    "<e:rbX>0.1</e:rbX><e:rbY>0.2</e:rbY><e:rbW>0.3</e:rbW><e:rbH>0.4</e:rbH>"
)
IN_PIXELS = (
    "<e:rbShape>rectangle</e:rbShape><e:rbUnit>pixel</e:rbUnit>"
    "<e:rbX>6</e:rbX><e:rbY>8</e:rbY><e:rbW>18</e:rbW><e:rbH>16</e:rbH>"
)
POLYGON = (
    "<e:rbShape>polygon</e:rbShape><e:rbUnit>relative</e:rbUnit>"
    "<e:rbVertices><rdf:Seq>"
    '<rdf:li e:rbX="0.1" e:rbY="0.2"/><rdf:li e:rbX="0.5" e:rbY="0.2"/>'
    '<rdf:li e:rbX="0.3" e:rbY="0.9"/></rdf:Seq></e:rbVertices>'
)


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        (RECTANGLE, (0.1, 0.2, 0.4, 0.6)),
        (IN_PIXELS, (0.1, 0.2, 0.4, 0.6)),
        (POLYGON, (0.1, 0.2, 0.5, 0.9)),
    ],
)
def test_iptc_regions(
    make: Any, look: Look, boundary: str, expected: tuple[float, ...]
) -> None:
    """Rectangles begin at their top left corner, in fractions or pixels."""
    packet = make.rdf(IPTC.format(boundary=boundary, more=""))

    found = look({"a.jpg": make.jpeg(xmp=packet)})

    assert box(found) == expected
    assert found.regions[0].label == "r1"


def test_an_iptc_circle_is_round_in_pixels(make: Any, look: Look) -> None:
    """A radius of 6 pixels reaches 6 pixels each way, its polygon a little more."""
    boundary = (
        "<e:rbShape>circle</e:rbShape><e:rbUnit>pixel</e:rbUnit>"
        "<e:rbX>30</e:rbX><e:rbY>20</e:rbY><e:rbRx>6</e:rbRx>"
    )
    packet = make.rdf(IPTC.format(boundary=boundary, more=""))

    left, top, right, bottom = box(look({"a.jpg": make.jpeg(xmp=packet)}))

    assert (right - left) * 60 == pytest.approx(12, rel=0.01)
    assert (bottom - top) * 40 == pytest.approx(12, rel=0.01)


def test_an_iptc_role_can_order_erasing(make: Any, look: Look) -> None:
    """A role named erase:... wins over the region's name."""
    more = (
        "<e:Name>logo</e:Name><e:rRole><rdf:Bag><rdf:li rdf:parseType='Resource'>"
        "<e:Name>erase:logo</e:Name></rdf:li></rdf:Bag></e:rRole>"
    )

    found = look(
        {"a.jpg": make.jpeg(xmp=make.rdf(IPTC.format(boundary=RECTANGLE, more=more)))}
    )

    assert found.regions[0].label == "erase:logo"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (
            {"shape_type": "rectangle", "points": [[30, 20], [6, 4]]},
            (0.1, 0.1, 0.5, 0.5),
        ),
        (
            {"shape_type": "polygon", "points": [[6, 4], [30, 4], [6, 20]]},
            (0.1, 0.1, 0.5, 0.5),
        ),
        (
            {
                "shape_type": "oriented_rectangle",
                "points": [[30, 4], [36, 20], [30, 36], [24, 20]],
            },
            (0.4, 0.1, 0.6, 0.9),
        ),
    ],
)
def test_labelme_shapes(
    make: Any, look: Look, shape: dict[str, Any], expected: tuple[float, ...]
) -> None:
    """Shapes count in pixels; the corners of a rectangle come in any order."""
    sidecar = labelme({"label": "erase:dust", **shape})

    found = look({"a.jpg": make.jpeg(), "a.jpg.json": sidecar})

    assert box(found) == expected
    assert (found.regions[0].label, found.regions[0].source) == (
        "erase:dust",
        "a.jpg.json",
    )


def test_labelme_counts_in_the_displayed_picture(make: Any, look: Look) -> None:
    """LabelMe turns a picture upright, so its tags are not turned again."""
    exif = make.tiff_block({0x0112: 6})
    shape = {"label": "x", "shape_type": "rectangle", "points": [[4, 6], [20, 30]]}

    found = look(
        {"a.jpg": make.jpeg(exif=exif), "a.json": labelme(shape, size=(40, 60))}
    )

    assert box(found) == (0.1, 0.1, 0.5, 0.5)


def test_a_labelme_circle_is_given_by_its_rim(make: Any, look: Look) -> None:
    """The second point lies on the rim."""
    shape = {"label": "x", "shape_type": "circle", "points": [[30, 20], [30, 26]]}

    left, _, right, _ = box(look({"a.jpg": make.jpeg(), "a.json": labelme(shape)}))

    assert (right - left) * 60 == pytest.approx(12, rel=0.01)


def test_a_labelme_mask_lies_on_its_first_point(make: Any, look: Look) -> None:
    """Its pixels of 0 and 1 become 0 and 255 over their own box."""
    mask = make.picture(12, 8, bands=1).draw_rect(1, 0, 0, 6, 8, fill=True)
    shape = {
        "label": "x",
        "shape_type": "mask",
        "points": [[6, 4], [17, 11]],
        "mask": base64.b64encode(mask.pngsave_buffer()).decode(),
    }

    found = look({"a.jpg": make.jpeg(), "a.json": labelme(shape)})

    assert box(found) == (0.1, 0.1, 0.3, 0.3)
    pixels = pyvips.Image.pngload_buffer(found.regions[0].mask)
    assert (pixels.width, pixels.height, pixels.bands, pixels.format) == (
        12,
        8,
        1,
        "uchar",
    )
    assert (pixels(0, 0), pixels(11, 0)) == ([255], [0])


def test_shapes_without_an_area_are_skipped(make: Any, look: Look) -> None:
    """A point or a line erases nothing, and that is said."""
    point = {"label": "x", "shape_type": "point", "points": [[3, 3]]}

    found = look({"a.jpg": make.jpeg(), "a.json": labelme(point)})

    assert found.regions == ()
    assert "point" in found.warnings[0]


@pytest.mark.parametrize(
    ("sidecar", "words"),
    [
        (b'{"shapes": [\n  {,}\n]}', "line 2"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":\n\xff\xfe}', "line 2"),
        (b'{"shapes": NaN}', "NaN"),
        (b'{"shapes": [{"label": "x"}]}', r"shapes\[0\]"),
        (b'{"shapes": [7]}', r"shapes\[0\]"),
        (labelme(size=(40, 60)), "40 x 60"),
        (labelme({"points": [[1, 1]], "shape_type": "rectangle"}), r"shapes\[0\]"),
        (labelme({"points": [[1, 1]], "shape_type": "mask", "mask": "AAAA"}), "no PNG"),
    ],
)
def test_a_broken_json_sidecar_is_an_error(
    make: Any, look: Look, sidecar: bytes, words: str
) -> None:
    """The error names the sidecar and the place in it."""
    with pytest.raises(InputError, match=words) as caught:
        look({"a.jpg": make.jpeg(), "a.json": sidecar})

    assert caught.value.file.endswith("a.json")


def test_other_json_is_only_mentioned(make: Any, look: Look) -> None:
    """A DAM's own JSON beside a picture does no harm."""
    found = look({"a.jpg": make.jpeg(), "a.json": b'{"asset": 7}'})

    assert found.regions == ()
    assert "no LabelMe shapes" in found.warnings[0]


@pytest.mark.parametrize("name", ["a.mask.png", "a_mask.png", "a.jpg.mask.png"])
def test_white_in_a_mask_is_erased(make: Any, look: Look, name: str) -> None:
    """A mask of another scale covers the whole picture, in black and white."""
    mask = make.picture(30, 20, bands=3).draw_rect([200] * 3, 0, 0, 15, 20, fill=True)

    found = look({"a.jpg": make.jpeg(), name: mask.pngsave_buffer()})

    (region,) = found.regions
    assert (region.label, region.source) == ("erase:mask", name)
    assert region.box == (0, 0, 1, 1)
    pixels = pyvips.Image.pngload_buffer(region.mask)
    assert (pixels.bands, pixels.format) == (1, "uchar")
    assert (pixels(0, 0), pixels(29, 0)) == ([255], [0])


@pytest.mark.parametrize("wide", [False, True])
def test_what_is_transparent_in_a_mask_stays(
    make: Any, look: Look, *, wide: bool
) -> None:
    """White paint on a transparent layer: only the paint counts, at any depth."""
    white = (make.picture(30, 20, bands=4) + 255).cast("uchar")
    mask = white.draw_rect([255, 255, 255, 0], 15, 0, 15, 20, fill=True)
    if wide:
        mask = (mask * 257).cast("ushort").copy(interpretation="rgb16")

    found = look({"a.jpg": make.jpeg(), "a.mask.png": mask.pngsave_buffer()})

    pixels = pyvips.Image.pngload_buffer(found.regions[0].mask)
    assert (pixels(0, 0), pixels(29, 0)) == ([255], [0])


def test_a_black_mask_marks_nothing(make: Any, look: Look) -> None:
    """An empty mask is worth a word, and no region."""
    found = look({"a.jpg": make.jpeg(), "a.mask.png": make.png()})

    assert found.regions == ()
    assert "marks nothing" in found.warnings[0]


def test_a_mask_of_another_shape_is_an_error(make: Any, look: Look) -> None:
    """A mask of the unturned picture would erase the wrong places."""
    with pytest.raises(InputError, match="another shape") as caught:
        look({"a.jpg": make.jpeg(), "a.mask.png": make.png(size=(40, 60))})

    assert caught.value.file.endswith("a.mask.png")


@pytest.mark.parametrize("cut", [10, 60])
def test_a_damaged_mask_is_an_error(make: Any, look: Look, cut: int) -> None:
    """Half a mask is refused, not half used."""
    with pytest.raises(InputError):
        look({"a.jpg": make.jpeg(), "a.mask.png": make.png()[:cut]})


def test_a_sidecar_wins_over_tags_in_the_file(make: Any, look: Look) -> None:
    """Both tag the picture: the sidecar's regions are used, and that is said."""
    packet = make.mwg(0.5, 0.5, 0.2, 0.2, name="old", of=(60, 40))
    shape = {"label": "new", "shape_type": "rectangle", "points": [[6, 4], [30, 20]]}

    found = look({"a.jpg": make.jpeg(xmp=packet), "a.json": labelme(shape)})

    assert [region.label for region in found.regions] == ["new"]
    assert "inside it are left out" in found.warnings[0]


def test_the_exact_name_wins_over_the_short_one(make: Any, look: Look) -> None:
    """a.jpg.xmp is meant for a.jpg; a.xmp may be older."""
    exact, short = (
        make.mwg(0.5, 0.5, 0.2, 0.2, name=name, of=(60, 40)).encode()
        for name in ("exact", "short")
    )

    found = look({"a.jpg": make.jpeg(), "a.xmp": short, "a.jpg.xmp": exact})

    assert [region.label for region in found.regions] == ["exact"]


def test_an_xmp_sidecar_for_another_orientation_is_left_out(
    make: Any, look: Look
) -> None:
    """Its tags would be turned wrongly."""
    packet = make.mwg(0.5, 0.5, 0.2, 0.2, name="x", of=(60, 40)).replace(
        'rdf:about=""',
        'rdf:about="" xmlns:t="http://ns.adobe.com/tiff/1.0/" t:Orientation="6"',
    )

    found = look({"a.jpg": make.jpeg(), "a.xmp": packet.encode()})

    assert found.regions == ()
    assert "orientation 6" in found.warnings[0]


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'>&b;</x:xmpmeta>"
)
DEEP = "<a>" * 5_000 + "</a>" * 5_000


@pytest.mark.parametrize("packet", ["<x:xmpmeta", "no xml at all", BOMB])
def test_malformed_xmp_is_only_a_warning(make: Any, look: Look, packet: str) -> None:
    """Neither in the file nor beside it may XMP stop a picture."""
    inside = look({"a.jpg": make.jpeg(xmp=packet)})
    beside = look({"a.jpg": make.jpeg(), "a.xmp": packet.encode()})

    for found in (inside, beside):
        assert found.header.width == 60
        assert "left out" in found.warnings[0]


def test_deeply_nested_xmp_is_only_a_warning(make: Any, look: Look) -> None:
    """Properties nested 5,000 deep end the reading, not the process."""
    found = look({"a.jpg": make.jpeg(xmp=make.rdf(DEEP))})

    assert "nested deeper" in found.warnings[0]


def test_a_pipe_beside_a_picture_is_not_waited_for(make: Any, tmp_path: Path) -> None:
    """A sidecar that is a FIFO is refused like any file."""
    picture, pipe = tmp_path / "a.jpg", tmp_path / "a.json"
    picture.write_bytes(make.jpeg())
    os.mkfifo(pipe)

    with pytest.raises(InputError, match="not a regular file"):
        inspect(Drop("shop", "a.jpg", picture, (pipe,)), Limits())


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("synthetic/mwg_two_regions.jpg", ["otter", "erase:logo"]),
        ("synthetic/mwg_regions_orientation6.jpg", ["otter", "erase:logo"]),
        ("synthetic/mp_regioninfo.jpg", ["Otter", "erase:logo"]),
        ("synthetic/iptc_imageregion_rect_circle_polygon.jpg", ["r1", "r2", "r3"]),
        (
            "regions/iptc_imageregion_iptc-2021.jpg",
            ["Listener 1", "Listener 2", "Speaker 1"],
        ),
        ("regions/mwg_photo.1.jpg", ["Marie Curie", "Pierre Curie"]),
    ],
)
def test_real_tags(shared_data: Path, name: str, expected: list[str]) -> None:
    """Files of other people's tools are read as their makers meant."""
    path = shared_data / "mixed_sources" / name

    found = inspect(Drop("shop", path.name, path), Limits())

    assert [region.label for region in found.regions] == expected
    assert found.warnings == ()


@pytest.mark.data
def test_the_same_faces_in_two_orientations(shared_data: Path) -> None:
    """One photo stored upright and upside down: the faces lie at the same place."""
    folder = shared_data / "mixed_sources" / "regions"
    boxes = [
        [r.box for r in inspect(Drop("shop", n, folder / n), Limits()).regions]
        for n in ("mwg_photo.1.jpg", "mwg_photo.3.embedded.jpg")
    ]

    assert len(boxes[0]) == 2
    for one, other in zip(*boxes, strict=True):
        assert one == pytest.approx(other, abs=0.02)
    assert read_header(folder / "mwg_photo.3.embedded.jpg", Limits()).orientation == 3
