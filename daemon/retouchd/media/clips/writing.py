"""Writes one clip: frames encoded, sound and the rest copied packet by packet."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouchd.errors import InputError
from retouchd.media.clips.encoding import ClipEncoding
from retouchd.media.clips.library import pyav
from retouchd.media.clips.opening import Clip, damaged

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame

_COPIED = {"audio", "subtitle"}

# AV_CODEC_FLAG_FRAME_DURATION: the encoder passes on how long each frame is shown;
# without it the last one of a variable rate would get a guess.
_KEEP_DURATIONS = 1 << 8


class ClipWriter:
    """One output of one source clip.

    The first frame settles size and pixel format. What is left after an error is half
    a file, and the caller's to remove.

    Args:
        path: where to write.
        encoding: how.
        source: gives everything but the frames; read by this writer alone, from its
            beginning.
        is_upright: whether frames come upright; else the turn is noted in the file.

    Attributes:
        left_out: streams that nobody hears or sees, such as a camera's motion data,
            and subtitles that the container cannot hold.
        size: width and height of the frames, once the first was written.
        frames: how many were written.

    Raises:
        InputError: the container cannot hold the sound of the source.
    """

    def __init__(
        self, path: Path, encoding: ClipEncoding, source: Clip, *, is_upright: bool
    ) -> None:
        self._encoding = encoding
        self._source = source
        self._turn = 0 if is_upright else source.facts.turn
        self.left_out: list[str] = []
        self.size = (0, 0)
        self.frames = 0
        self._out = pyav().open(
            os.fspath(path),
            "w",
            format=encoding.container,
            container_options=_options(encoding, source),
        )
        self._out.metadata.update(source.container.metadata)
        self._stream = self._out.add_stream(encoding.encoder, rate=source.facts.rate)
        self._copies = {
            stream.index: copy
            for stream in source.container.streams
            if stream.index != source.pictures.index
            and (copy := self._copy_of(stream)) is not None
        }
        self._others = self._other_packets()
        self._next: Packet[Any] | None = next(self._others, None)

    def write(self, frame: VideoFrame) -> None:
        """Encode *frame*, and copy what is heard and read up to its time.

        Raises:
            DamagedError: a packet of another stream cannot be read.
        """
        if not self.frames:
            self._begin(frame)
        self._copy_until(frame.time)
        frame.pict_type = pyav().video.frame.PictureType.NONE  # the encoder's choice
        self._out.mux(self._stream.encode(frame))
        self.frames += 1

    def finish(self) -> None:
        """Write what is still on its way and close the file."""
        self._out.mux(self._stream.encode(None))
        self._copy_until(float("inf"))
        self._out.close()

    def abandon(self) -> None:
        """Let go of the file as it is."""
        with contextlib.suppress(Exception):  # the first error is the one to tell
            self._out.close()

    def _begin(self, frame: VideoFrame) -> None:
        facts, pictures = self._source.facts, self._source.pictures
        context = self._stream.codec_context
        context.width, context.height = self.size = frame.width, frame.height
        context.pix_fmt = frame.format.name
        context.time_base = self._stream.time_base = pictures.time_base
        context.framerate = facts.rate
        if pictures.sample_aspect_ratio:
            context.sample_aspect_ratio = pictures.sample_aspect_ratio
        context.colorspace = facts.tags.matrix
        context.color_primaries = facts.tags.primaries
        context.color_trc = facts.tags.transfer
        context.color_range = facts.tags.range
        context.flags |= _KEEP_DURATIONS
        self._encoding.configure(context)
        if self._turn:
            self._stream.set_display_rotation(self._turn)
        self._out.set_chapters(self._source.container.chapters())

    def _other_packets(self) -> Iterator[Packet[Any]]:
        streams = [
            stream
            for stream in self._source.container.streams
            if stream.index in self._copies
        ]
        if not streams:
            return
        try:
            for packet in self._source.container.demux(streams):
                if packet.dts is not None:
                    yield packet
        except pyav().FFmpegError as error:
            raise damaged(self._source.path, error) from error

    def _copy_until(self, seconds: float) -> None:
        while self._next is not None:
            packet = self._next
            if (packet.dts or 0) * packet.time_base > seconds:
                return
            packet.stream = self._copies[packet.stream.index]
            self._out.mux(packet)
            self._next = next(self._others, None)

    def _copy_of(self, stream: Stream) -> Any:
        """Return the output's stream for a copied one; ``None``: it is left out."""
        if stream.type not in _COPIED:
            self.left_out.append(f"{stream.type} stream {stream.index}")
            return None
        try:
            copy = self._out.add_stream_from_template(stream)
        except ValueError as error:
            if stream.type == "audio":
                raise InputError(
                    f"its sound ({stream.codec_context.name}) does not fit into "
                    f"{self._encoding.container}",
                    hint="let the rule name an output {stem}.mkv, which holds any",
                    file=self._source.path,
                ) from error
            self.left_out.append(f"{stream.type} stream {stream.index}")
            return None
        copy.metadata.update(stream.metadata)
        return copy


def _options(encoding: ClipEncoding, source: Clip) -> dict[str, str]:
    """Let MP4 and MOV tell where the pictures begin in their own ticks.

    FFmpeg's default, milliseconds, would move a clip that begins late by a fraction.
    """
    base = source.pictures.time_base
    if encoding.container not in {"mp4", "mov"} or base is None:
        return {}
    return {"movie_timescale": str(base.denominator)}
