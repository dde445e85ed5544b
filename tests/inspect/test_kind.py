"""Files are told apart by content, and what they claim is checked before decoding."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.errors import InputError
from retouchd.inspect.kind import Limits, read_header
from retouchd.media.vips import pyvips
from retouchd.values import Inspection

Look = Callable[..., Inspection]


@pytest.mark.parametrize(
    ("ending", "name"),
    [
        (".jpg", "jpeg"),
        (".png", "png"),
        (".tif", "tiff"),
        (".webp", "webp"),
        (".avif", "avif"),
        (".gif", "gif"),
    ],
)
def test_reads_every_accepted_format(
    make: Any, tmp_path: Path, ending: str, name: str
) -> None:
    """A file's format is found by content, with the size of the picture."""
    path = tmp_path / "file"
    path.write_bytes(make.picture().write_to_buffer(ending))

    header = read_header(path, Limits())

    assert (header.format, header.width, header.height) == (name, 60, 40)
    assert (header.kind, header.depth, header.bands >= 3) == ("still", 8, True)


def test_a_big_tiff_is_a_tiff(make: Any, tmp_path: Path) -> None:
    """BigTIFF opens like TIFF."""
    path = tmp_path / "big.tif"
    make.picture().tiffsave(str(path), bigtiff=True)

    assert read_header(path, Limits()).format == "tiff"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_is_that_of_the_upright_picture(
    make: Any, look: Look, orientation: int
) -> None:
    """Orientations 5 to 8 swap width and height; the stored number is kept."""
    exif = make.tiff_block({0x0112: orientation})

    header = look({"a.jpg": make.jpeg(exif=exif)}).header

    size = (40, 60) if orientation >= 5 else (60, 40)
    assert (header.width, header.height, header.orientation) == (*size, orientation)


def test_an_unknown_orientation_counts_as_upright(make: Any, look: Look) -> None:
    """EXIF orientation 99 says nothing."""
    exif = make.tiff_block({0x0112: 99})

    assert look({"a.jpg": make.jpeg(exif=exif)}).header.orientation == 1


def test_depth_bands_and_alpha(make: Any, tmp_path: Path) -> None:
    """A 16-bit picture with opacity is described as such."""
    path = tmp_path / "a.png"
    image = make.picture(bands=4).cast("ushort").copy(interpretation="rgb16")
    image.pngsave(str(path))

    header = read_header(path, Limits())

    assert (header.bands, header.depth, header.has_alpha) == (4, 16, True)


def test_cmyk_is_allowed(make: Any, tmp_path: Path) -> None:
    """The colour room converts CMYK, so it is no reason to refuse."""
    path = tmp_path / "a.jpg"
    make.picture(bands=4).copy(interpretation="cmyk").jpegsave(str(path))

    header = read_header(path, Limits())

    assert (header.bands, header.has_alpha) == (4, False)


def test_a_wrong_extension_is_a_warning(make: Any, look: Look) -> None:
    """A PNG named .jpg is taken, with a word about it."""
    found = look({"a.jpg": make.png()})

    assert found.header.format == "png"
    assert found.warnings == ("a.jpg is named .jpg but is PNG inside",)


def test_only_the_first_page_counts(make: Any, look: Look) -> None:
    """A TIFF of three pages yields its first one and a warning."""
    pages = make.picture(60, 120).copy()
    pages.set_type(pyvips.GValue.gint_type, "page-height", 40)

    found = look({"a.tif": pages.tiffsave_buffer()})

    assert (found.header.width, found.header.height) == (60, 40)
    assert "3 pages" in found.warnings[0]


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"8BPS\x00\x01", "Photoshop document"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "SVG"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "the clip is cut short"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00", "the clip is cut short"),
        (b"\x1aE\xdf\xa3\x01", "the clip is cut short"),
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00", "RAW"),
        (b"FUJIFILMCCD-RAW 0201", "RAW"),
        (b"PK\x03\x04\x14\x00", "ZIP"),
        (b'{"a": 1}\n', "a text"),
        (b"push graphic-context\n", "a text"),
        (b"\x7fELF\x02\x01", "a program"),
        (b"\x00" * 600, "first bytes are zero"),
        (b"\xff\xd8", "no picture that is known"),
        (b"\x99\x01\x80\xfe", "no picture that is known"),
    ],
)
def test_says_what_a_refused_file_looks_like(
    look: Look, head: bytes, words: str
) -> None:
    """The text names the kind of file and a way out, whatever its name says."""
    with pytest.raises(InputError, match=words) as caught:
        look({"a.jpg": head})

    assert caught.value.hint
    assert caught.value.file.endswith("a.jpg")


@pytest.mark.parametrize("tags", [{0xC612: 1}, {0x00FE: 1, 0x014A: 8}])
def test_raw_files_in_the_form_of_tiff_are_refused(
    make: Any, look: Look, tags: dict[int, int]
) -> None:
    """A DNG or NEF must not pass as the thumbnail it begins with."""
    with pytest.raises(InputError, match="camera RAW"):
        look({"a.tif": make.tiff_block(tags)})


def test_an_empty_file_is_refused(look: Look) -> None:
    """Nothing inside is an error of its own."""
    with pytest.raises(InputError, match="empty"):
        look({"a.jpg": b""})


def test_a_cut_header_is_refused(make: Any, look: Look) -> None:
    """A PNG that ends in its header cannot be opened."""
    with pytest.raises(InputError):
        look({"a.png": make.png()[:20]})


def test_a_claim_of_4_gigapixels_is_refused(make: Any, look: Look) -> None:
    """A small JPEG that claims 65,500 x 65,500 pixels is never decoded."""
    data = bytearray(make.jpeg())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 65_500, 65_500)

    with pytest.raises(InputError, match=r"65500 x 65500 .*at most 500"):
        look({"a.jpg": bytes(data)})


def test_the_limit_in_megapixels_is_a_setting(make: Any, look: Look) -> None:
    """60 x 40 pixels are 0.0024 megapixels: over a limit of 0.002."""
    with pytest.raises(InputError, match="60 x 40"):
        look({"a.png": make.png()}, Limits(megapixels=0.002))


def test_a_large_file_is_refused(make: Any, look: Look) -> None:
    """The size of the file is looked at before anything else."""
    with pytest.raises(InputError, match="MiB"):
        look({"a.png": make.png()}, Limits(file_bytes=50))


def test_large_metadata_is_refused(make: Any, look: Look) -> None:
    """XMP over its limit would be copied into every output."""
    packet = make.rdf("<dc xmlns='urn:x'>" + "x" * 2_000 + "</dc>")

    with pytest.raises(InputError, match="XMP metadata"):
        look({"a.jpg": make.jpeg(xmp=packet)}, Limits(xmp_bytes=1_000))


def test_floating_point_pixels_are_refused(make: Any, look: Look) -> None:
    """Only 8 and 16 bits per channel are finished."""
    with pytest.raises(InputError, match="8 and 16 bits"):
        look({"a.tif": make.picture().cast("float").tiffsave_buffer()})


def test_a_link_is_not_followed(make: Any, tmp_path: Path) -> None:
    """A symbolic link to a good picture is refused."""
    (tmp_path / "real.png").write_bytes(make.png())
    link = tmp_path / "a.png"
    link.symlink_to("real.png")

    with pytest.raises(InputError, match="link"):
        read_header(link, Limits())


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A FIFO without a writer is refused at once."""
    path = tmp_path / "a.png"
    os.mkfifo(path)

    with pytest.raises(InputError, match="not a regular file"):
        read_header(path, Limits())


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder named like a picture is no picture."""
    with pytest.raises(InputError, match="not a regular file"):
        read_header(tmp_path, Limits())


@pytest.mark.data
@pytest.mark.parametrize("folder", ["hostile", "mixed_sources"])
def test_every_file_ends_in_an_answer(
    shared_data: Path, look: Look, folder: str, bomb_seconds: float
) -> None:
    """Malformed or odd, a file is described or refused, and none takes much time."""
    files = [path for path in (shared_data / folder).rglob("*") if path.is_file()]
    hints, seconds = [], []

    for path in files:
        begun = time.thread_time()
        try:
            look({"a.bin": path.read_bytes()})
        except InputError as error:
            hints.append(error.hint)
        seconds.append(time.thread_time() - begun)

    assert len(files) > 100
    assert all(hints)
    assert max(seconds) < 2 * bomb_seconds
