"""Metadata and sidecars that would cost far more than their bytes are refused early."""

from __future__ import annotations

import base64
import errno
import json
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.errors import InputError, StorageError
from retouchd.inspect import Limits
from retouchd.inspect.kind import read_header
from retouchd.inspect.xmp import XmpError, parse
from retouchd.media.still import open_image
from retouchd.values import Inspection

Look = Callable[..., Inspection]

TRIANGLE = [[4, 4], [20, 4], [20, 20]]


@pytest.mark.parametrize(
    "document",
    [
        {"shapes": [], "imageWidth": 10**400, "imageHeight": 40},
        {"shapes": [], "imageWidth": 0, "imageHeight": 0},
        {"shapes": [{"points": [[10**400, 1], [9, 9], [1, 9]]}]},
        {"shapes": [{"points": TRIANGLE, "label": "x" * 201}]},
        {"shapes": [{"points": TRIANGLE, "label": {"a": 1}}]},
        {"shapes": [{"points": TRIANGLE, "shape_type": ["polygon"]}]},
    ],
)
def test_numbers_and_labels_out_of_bounds_are_an_error_of_the_file(
    document: dict[str, Any], make: Any, look: Look
) -> None:
    """Not a fault of the program: the text names the sidecar."""
    files = {"a.jpg": make.jpeg(), "a.json": json.dumps(document).encode()}

    with pytest.raises(InputError, match=r"a\.json: the sidecar cannot be used"):
        look(files)


def test_json_of_too_many_values_is_not_parsed(make: Any, look: Look) -> None:
    """Three bytes of JSON take eighty of memory."""
    lists = b'{"shapes":[' + b"[]," * 1_500_000 + b"[]]}"

    with pytest.raises(InputError, match="more values than can be read"):
        look({"a.jpg": make.jpeg(), "a.json": lists})


def test_the_masks_of_a_sidecar_share_one_limit(make: Any, look: Look) -> None:
    """Each of them is small enough, together they are not."""
    mask = base64.b64encode(make.png(size=(60, 40))).decode()
    shape = {"shape_type": "mask", "points": [[0, 0]], "mask": mask}
    sidecar = json.dumps({"shapes": [shape] * 3}).encode()
    files = {"a.jpg": make.jpeg(), "a.json": sidecar}

    assert look(files, Limits(megapixels=3 * 0.0024 + 0.0001)).regions == ()
    with pytest.raises(
        InputError, match=r"shapes\[2\] is broken: its mask is too large"
    ):
        look(files, Limits(megapixels=2.5 * 0.0024))


def test_shapes_without_an_area_make_one_warning(make: Any, look: Look) -> None:
    """Ten thousand warnings would fill the ledger."""
    shape = {"points": [[-9, -9], [-5, -9], [-5, -2]], "shape_type": "x\x1b" * 1000}
    files = {
        "a.jpg": make.jpeg(),
        "a.json": json.dumps({"shapes": [shape] * 999}).encode(),
    }

    (warning,) = look(files).warnings

    assert "(999): shapes[0]" in warning
    assert len(warning) < 400
    assert warning.isprintable()


def test_only_so_many_texts_of_a_png_are_inflated(
    make: Any, look: Look, bomb_seconds: float
) -> None:
    """A thousand packets of 8 MB, each a thousandth of that when packed.

    All of them would take as long as thirty bombs.
    """
    packed = zlib.compress(bytes(8 << 20), 9)
    text = b"XML:com.adobe.xmp\0\x01\0\0\0" + packed
    picture = make.png(*[(b"iTXt", text)] * 1000)
    begun = time.thread_time()

    look({"a.png": picture})

    assert time.thread_time() - begun < 5 * bomb_seconds


def test_a_packet_of_too_many_tags_is_left_out() -> None:
    """A tree takes a thousand bytes for each tag of four."""
    with pytest.raises(XmpError, match="more tags"):
        parse(b"<a>" + b"<b/>" * 60_000 + b"</a>", 1 << 20)


def test_iptc_has_a_limit_too(make: Any, look: Look) -> None:
    """IPTC is as bounded as EXIF and XMP are."""
    record = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x09\x1c\x02\x50\0\x04evil\0"
    plain = make.jpeg()
    segment = b"\xff\xed" + (len(record) + 2).to_bytes(2, "big") + record

    with pytest.raises(InputError, match="IPTC metadata takes"):
        look({"a.jpg": plain[:2] + segment + plain[2:]}, Limits(iptc_bytes=8))


@pytest.mark.parametrize("words", ["colour profile", "EXIF metadata"])
def test_large_blocks_are_refused_before_they_are_read(
    words: str, make: Any, tmp_path: Path
) -> None:
    """A picture whose pixels are junk fails for its metadata, not for its pixels."""
    name = b"iCCP" if words.startswith("colour") else b"eXIf"
    chunk = make.chunk(name, bytes(5 << 20))
    path = tmp_path / "a.png"
    path.write_bytes(make.png()[:33] + chunk + b"junk")

    with pytest.raises(InputError, match=f"its {words} takes 5,242,880 bytes"):
        read_header(path, Limits())


def test_large_blocks_of_a_tiff_are_refused_before_they_are_read(
    make: Any, tmp_path: Path
) -> None:
    """The directory says how large they are."""
    path = tmp_path / "a.tif"
    path.write_bytes(make.tiff_block({0x83BB: bytes(2 << 20)}))

    with pytest.raises(InputError, match="its IPTC metadata takes"):
        read_header(path, Limits())


def test_a_file_that_is_away_is_not_to_blame(tmp_path: Path) -> None:
    """The share may be unmounted: that is no fault of the picture."""
    with pytest.raises(StorageError, match="cannot be opened") as looked:
        read_header(tmp_path / "away.png", Limits())
    with pytest.raises(StorageError, match="cannot be read") as decoded:
        open_image(tmp_path / "away.png", "png")

    assert looked.value.errno == decoded.value.errno == errno.ENOENT
