"""Joins the segments of one output, with the sound and the rest of its source."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from retouchd.errors import InputError
from retouchd.media.clips.decoding import ALPHA_MODE, damaged, has_alpha_beside
from retouchd.media.clips.encoding import ClipEncoding
from retouchd.media.clips.library import pyav
from retouchd.media.clips.opening import Clip
from retouchd.media.clips.segment_writer import CONTAINER, WrittenSegment

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream

_COPIED = {"audio", "subtitle"}

_LABELS = {"aigc", "prompt", "workflow"}
"""Tags, in small letters, that tell what generated a clip; ``aigc`` is the label of
GB 45438-2025."""

SegmentFile: TypeAlias = tuple[Path, WrittenSegment]


@dataclass(frozen=True)
class WrittenClip:
    """One clip that was written.

    Attributes:
        width, height: pixels of its frames.
        frames: how many.
        left_out: streams that nobody hears or sees, such as a camera's motion data,
            and what the container or the encoder cannot hold.
    """

    path: Path
    width: int
    height: int
    frames: int
    left_out: tuple[str, ...]


def refuse_sound(encoding: ClipEncoding, source: Clip) -> None:
    """Make sure that the result can hold the sound of *source*.

    Raises:
        InputError: it cannot.
    """
    with pyav().open(io.BytesIO(), "w", format=encoding.container) as trial:
        copies = _Copies(trial, encoding, source)
        if not copies.streams:
            return
        try:
            trial.start_encoding()  # some containers say only now what they do not hold
        except pyav().FFmpegError as error:
            raise copies.refused(*copies.streams) from error


def join(
    path: Path,
    encoding: ClipEncoding,
    source: Clip,
    segments: Sequence[SegmentFile],
    *,
    turn: int,
) -> WrittenClip:
    """Write one clip from its *segments*: nothing is encoded again.

    Args:
        path: where to write; after an error there is half a file, the caller's to
            remove.
        encoding: how the segments were encoded.
        source: gives everything but the frames; open, at its beginning.
        segments: in their order.
        turn: degrees counter-clockwise, noted in the file, that make frames upright.

    Raises:
        InputError: the container cannot hold the sound, or the segments differ in
            size or format.
        DamagedError: a packet of another stream cannot be read.
    """
    first = segments[0][1]
    _refuse_differences(source.path, segments)
    with pyav().open(
        os.fspath(path),
        "w",
        format=encoding.container,
        container_options=_options(encoding, source),
    ) as out:
        out.metadata.update(source.container.metadata)
        pictures = _picture_stream(out, source, segments[0][0])
        if turn:
            pictures.set_display_rotation(turn)
        copies = _Copies(out, encoding, source)
        out.set_chapters(source.container.chapters())
        for packet in _packets(segments, pictures, source):
            copies.until(float((packet.pts or 0) * (packet.time_base or 0)))
            out.mux(packet)
        copies.until(float("inf"))
    frames = sum(len(written.times) for _, written in segments)
    left_out = (*copies.left_out, *first.lacks)
    return WrittenClip(path, first.width, first.height, frames, left_out)


class _Copies:
    """The streams of the source that go into the result packet by packet."""

    def __init__(
        self, out: OutputContainer, encoding: ClipEncoding, source: Clip
    ) -> None:
        self._out = out
        self._encoding = encoding
        self._source = source
        self.left_out: list[str] = []
        self._of = {
            stream.index: copy
            for stream in source.container.streams
            if stream.index != source.pictures.index
            and (copy := self._copy_of(stream)) is not None
        }
        self.streams = [
            one for one in source.container.streams if one.index in self._of
        ]
        self._packets = self._read()
        self._next: Packet[Any] | None = None
        self._has_begun = False

    def until(self, seconds: float) -> None:
        """Copy what is heard and read until then, so that players need not seek."""
        if not self._has_begun:
            self._has_begun = True
            self._next = next(self._packets, None)
        while self._next is not None:
            packet = self._next
            if float((packet.dts or 0) * (packet.time_base or 0)) > seconds:
                return
            packet.stream = self._of[packet.stream.index]
            self._out.mux(packet)
            self._next = next(self._packets, None)

    def refused(self, *streams: Stream) -> InputError:
        """Say that the container does not hold the sound among *streams*."""
        sounds = [one.codec_context.name for one in streams if one.type == "audio"]
        return InputError(
            f"its sound ({', '.join(sounds)}) does not fit into "
            f"{self._encoding.container}",
            hint="let the rule name an output {stem}.mkv, which holds any",
            file=self._source.path,
        )

    def _read(self) -> Iterator[Packet[Any]]:
        if not self.streams:
            return
        try:
            for packet in self._source.container.demux(self.streams):
                if packet.dts is not None:
                    yield packet
        except pyav().FFmpegError as error:
            raise damaged(self._source.path, error) from error

    def _copy_of(self, stream: Stream) -> Any:
        """Return the output's stream for a copied one; ``None``: it is left out."""
        if stream.discard == pyav().stream.Discard.all:
            return None  # the track of MP4 chapters, which are chapters already
        if stream.type not in _COPIED:
            self.left_out.append(f"{stream.type} stream {stream.index}")
            return None
        try:
            copy = self._out.add_stream_from_template(stream)
        except ValueError as error:
            if stream.type == "audio":
                raise self.refused(stream) from error
            self.left_out.append(f"{stream.type} stream {stream.index}")
            return None
        copy.metadata.update(stream.metadata)
        return copy


def _picture_stream(out: OutputContainer, source: Clip, segment: Path) -> Any:
    """Add a stream that takes the packets of *segment* and of those like it."""
    with pyav().open(os.fspath(segment), format=CONTAINER) as made:
        pictures = made.streams.video[0]
        stream = out.add_stream_from_template(pictures, opaque=True)
        if has_alpha_beside(pictures):
            stream.metadata[ALPHA_MODE] = "1"
    stream.time_base = source.pictures.time_base
    return stream


def _packets(
    segments: Sequence[SegmentFile], stream: Any, source: Clip
) -> Iterator[Packet[Any]]:
    """Yield the packets of all *segments* with the times of their frames.

    Decoding times are shown times, late by the largest reorder: never after the frame
    is shown, and growing, also where the rate varies.
    """
    times = [time for _, written in segments for time in written.times]
    late = max(written.reorder for _, written in segments)
    step = times[1] - times[0] if len(times) > 1 else 1
    early = [times[0] - step * count for count in range(late, 0, -1)]
    decoding = iter([*early, *times])
    base = source.pictures.time_base
    for path, written in segments:
        with pyav().open(os.fspath(path), format=CONTAINER) as made:
            found = [one for one in made.demux(made.streams.video[0]) if one.size]
        ranks = {pts: rank for rank, pts in enumerate(sorted(one.pts for one in found))}
        for packet in found:
            rank = ranks[packet.pts]
            packet.time_base = base
            packet.pts, packet.dts = written.times[rank], next(decoding)
            packet.duration = written.durations[rank]
            packet.stream = stream
            yield packet


def _refuse_differences(source: Path, segments: Sequence[SegmentFile]) -> None:
    kinds = {(one.width, one.height, one.pixel_format) for _, one in segments}
    if len(kinds) > 1:
        said = " and ".join(f"{w} x {h} {form}" for w, h, form in sorted(kinds))
        raise InputError(
            f"the frames come out as {said}; a clip has one size and format",
            hint="let the rule fix the size, and make every frame transparent or none",
            file=source,
        )


def _options(encoding: ClipEncoding, source: Clip) -> dict[str, str]:
    """Let MP4 and MOV tell where the pictures begin in their own ticks, and labels.

    FFmpeg's default, milliseconds, would move a clip that begins late by a fraction.
    """
    base = source.pictures.time_base
    if encoding.container not in {"mp4", "mov"} or base is None:
        return {}
    options = {"movie_timescale": str(base.denominator)}
    if any(name.lower() in _LABELS for name in source.container.metadata):
        # Else only the tags that every player knows are written.
        options["movflags"] = "use_metadata_tags"
    return options
