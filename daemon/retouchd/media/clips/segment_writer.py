"""Encodes the frames of one segment into a file of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from retouchd.errors import InputError
from retouchd.media.clips.encoding import ClipEncoding
from retouchd.media.clips.library import pyav
from retouchd.media.clips.opening import Clip, tags_of

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# AV_CODEC_FLAG_FRAME_DURATION: the encoder passes on how long each frame is shown;
# without it the last one of a variable rate would get a guess.
_KEEP_DURATIONS = 1 << 8

# AV_CODEC_FLAG_INTERLACED_DCT and _ME: fields are coded as such, and the mark stays.
_FIELDS = 1 << 18 | 1 << 29

_MARKED_BY = {"h264", "prores", "ffv1"}
"""Codecs whose encoders here can mark frames as interlaced."""

_MOST_REORDER = 64
"""Frames; four times what H.264 and HEVC let an encoder hold back."""

CONTAINER = "matroska"
"""It holds every codec, with all that belongs to it, transparency of VP9 too."""


@dataclass(frozen=True)
class WrittenSegment:
    """What its file does not tell: there the frames are only counted.

    Attributes:
        width, height: pixels of its frames.
        pixel_format: FFmpeg's name.
        times: when each frame is shown, in ticks of the source, in that order.
        durations: for how long, likewise; 0: the source does not say.
        reorder: by how many places a frame may come later in the file than it is
            shown.
        lacks: what the encoder could not state.
    """

    width: int
    height: int
    pixel_format: str
    times: tuple[int, ...]
    durations: tuple[int, ...]
    reorder: int
    lacks: tuple[str, ...] = ()


class SegmentWriter:
    """Writes one segment of one output.

    The first frame settles size and pixel format. What is left after an error is half
    a file, and the caller's to remove.

    Args:
        path: where to write.
        encoding: how.
        source: the clip whose frames they were.
    """

    def __init__(self, path: Path, encoding: ClipEncoding, source: Clip) -> None:
        self._encoding = encoding
        self._source = source
        self._out = pyav().open(os.fspath(path), "w", format=CONTAINER)
        self._stream: VideoStream = self._out.add_stream(
            encoding.encoder, rate=source.facts.rate
        )
        self._form = ""
        self._lacks: tuple[str, ...] = ()
        self._times: list[int] = []
        self._durations: list[int] = []
        self._numbers: dict[int, int] = {}
        self._packets = 0
        self._reorder = 0

    def write(self, frame: VideoFrame) -> None:
        """Encode *frame*.

        Raises:
            InputError: the encoder does not take it.
        """
        assert frame.pts is not None  # noqa: S101  (``Clip.frames`` sees to it)
        if not self._times:
            self._begin(frame)
        self._numbers[frame.pts] = len(self._times)
        self._times.append(frame.pts)
        self._durations.append(frame.duration or 0)
        frame.pict_type = pyav().video.frame.PictureType.NONE  # the encoder's choice
        self._mux(self._encoded(frame))

    def finish(self) -> WrittenSegment:
        """Write what is still on its way, close the file and tell what is in it."""
        self._mux(self._encoded(None))
        self._out.close()
        context = self._stream.codec_context
        return WrittenSegment(
            context.width,
            context.height,
            self._form,
            tuple(self._times),
            tuple(self._durations),
            self._reorder,
            self._lacks,
        )

    def abandon(self) -> None:
        """Let go of the file as it is, if it is open."""
        with contextlib.suppress(Exception):  # the first error is the one to tell
            self._out.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file, whole or half."""
        self.abandon()

    def _begin(self, frame: VideoFrame) -> None:
        facts, pictures = self._source.facts, self._source.pictures
        tags = tags_of(frame)
        mastering = facts.mastering if tags.is_hdr else None
        if mastering and not self._encoding.keeps_mastering:
            self._lacks += ("mastering data of HDR",)
        if frame.interlaced_frame and self._encoding.chosen_codec not in _MARKED_BY:
            self._lacks += ("the mark of interlaced frames",)
        context = self._stream.codec_context
        context.width, context.height = frame.width, frame.height
        context.pix_fmt = self._form = frame.format.name
        context.time_base = pictures.time_base or Fraction(1, 1000)
        self._stream.time_base = Fraction(1, 1000)
        context.framerate = facts.rate
        if pictures.sample_aspect_ratio:
            context.sample_aspect_ratio = pictures.sample_aspect_ratio
        context.colorspace = tags.matrix
        context.color_primaries = tags.primaries
        context.color_trc = tags.transfer
        context.color_range = tags.range
        context.flags |= _KEEP_DURATIONS | (_FIELDS if frame.interlaced_frame else 0)
        with self._failures_told():
            self._encoding.open(context, mastering)

    def _encoded(self, frame: VideoFrame | None) -> list[Packet[Any]]:
        with self._failures_told():
            return self._stream.encode(frame)

    @contextlib.contextmanager
    def _failures_told(self) -> Iterator[None]:
        """Name the encoder that fails, and what to do."""
        try:
            yield
        except pyav().FFmpegError as error:
            raise InputError(
                f"the encoder {self._encoding.encoder} failed: {error}",
                hint="name another codec or pixel_format in the rule"
                + (', or set encoder = "software"' * self._encoding.is_hardware),
                file=self._source.path,
            ) from error

    def _mux(self, packets: list[Packet[Any]]) -> None:
        """Write *packets* with their numbers for times, which no container rounds."""
        for packet in packets:
            assert packet.pts is not None  # noqa: S101  (of a frame with a time)
            number = self._numbers.pop(packet.pts)
            self._reorder = max(self._reorder, self._packets - number)
            packet.time_base = Fraction(1, 1000)
            packet.pts, packet.dts = number + _MOST_REORDER, self._packets
            packet.duration = 1
            packet.stream = self._stream
            self._packets += 1
            self._out.mux(packet)
