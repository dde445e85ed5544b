"""Opens clips safely and says what is in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from retouchd.errors import InputError
from retouchd.media.clips.decoding import damaged, decoded, has_alpha_beside
from retouchd.media.clips.fields import Fields, deinterlaced
from retouchd.media.clips.library import pyav
from retouchd.media.clips.light import Mastering, mastering_of
from retouchd.media.clips.wholeness import missing_bytes

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

ClipFrame: TypeAlias = "VideoFrame"
"""A decoded frame with its planes and its time."""

# The demuxer is forced: playlists, concat lists and the like are never probed, which
# would open other files. Source: FFmpeg doc/demuxers.texi.
DEMUXERS = {"mov": "mov", "matroska": "matroska"}

_UNSPECIFIED = 2
_BT709, _BT470BG, _BT2020 = 1, 5, 9
_PQ, _HLG = 16, 18
_FULL_RANGE = 2

_HD_WIDTH, _HD_HEIGHT = 1280, 577
"""From here on an untagged clip is taken for BT.709, below for BT.601, as players
do."""


@dataclass(frozen=True)
class ColourTags:
    """How the planes of a clip are to be read; numbers of ITU-T H.273.

    Attributes:
        primaries, transfer, matrix: 2 where the clip does not say.
        range: 0 where it does not say; 1: luma from 16 to 235; 2: from 0 to 255.
    """

    primaries: int
    transfer: int
    matrix: int
    range: int

    @property
    def is_hdr(self) -> bool:
        """Whether the transfer is PQ or HLG."""
        return self.transfer in {_PQ, _HLG}

    @property
    def is_full_range(self) -> bool:
        """Whether luma uses all values."""
        return self.range == _FULL_RANGE

    def matrix_for(self, width: int, height: int) -> int:
        """Return the matrix to convert with, where none is stated by the frame size."""
        if self.matrix != _UNSPECIFIED:
            return self.matrix
        return _BT709 if width >= _HD_WIDTH or height >= _HD_HEIGHT else _BT470BG


class FrameSource(Protocol):
    """Frames that no container holds: numbered stills, or an animated one."""

    def clip(self, facts: ClipFacts) -> Clip:
        """Return them as an open clip, at its beginning; nothing has to be closed."""


@dataclass(frozen=True)
class ClipFacts:
    """What is known of a clip after its first frame.

    Attributes:
        width, height: pixels as stored; ``turn`` may exchange them.
        turn: degrees (0, 90, 180, 270) counter-clockwise that make it upright.
        pixel_format: FFmpeg's name, such as ``yuv420p10le``.
        depth: bits per component.
        frames: how many the container or its duration promise; at least 1.
        seconds: how long it runs.
        rate: frames per second on average.
        tags: how its colours are meant.
        mastering: how bright it was made to be; ``None``: it does not tell.
        fields: of which whole frames are to be made; ``None``: frames are as stored.
        made_of: what the frames come from, where no container holds them.
        texts: tags of the container as pairs of name and text.
    """

    width: int
    height: int
    turn: int
    pixel_format: str
    depth: int
    has_alpha: bool
    frames: int
    seconds: float
    rate: Fraction
    tags: ColourTags
    mastering: Mastering | None = None
    fields: Fields | None = None
    made_of: FrameSource | None = None
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Clip:
    """An open clip, at its beginning.

    Attributes:
        path: of the file, for what is said of it.
        container: gives its packets, once.
        pictures: its picture stream.
        facts: what is known of it.
    """

    path: Path
    container: InputContainer
    pictures: VideoStream
    facts: ClipFacts

    def frames(self) -> Iterator[VideoFrame]:
        """Decode every frame in order, strictly; memory does not grow with them.

        Raises:
            DamagedError: a frame cannot be decoded, or the file ends too early.
            InputError: the time stamps run backwards, the size changes, or whole frames
                cannot be made of fields.
        """
        stored = self._checked()
        fields = self.facts.fields
        return deinterlaced(stored, fields) if fields else stored

    def _checked(self) -> Iterator[VideoFrame]:
        last: int | None = None
        for frame in decoded(self.container, self.pictures, self.path):
            if frame.pts is None or (last is not None and frame.pts <= last):
                raise InputError(
                    f"its time stamps are wrong at {frame.time} s",
                    hint="export the clip again, or let a tool write new time stamps",
                    file=self.path,
                )
            if (frame.width, frame.height) != (self.facts.width, self.facts.height):
                raise InputError(
                    f"its size changes at {frame.time} s to {frame.width} x "
                    f"{frame.height}, from {self.facts.width} x {self.facts.height}",
                    hint="cut it into clips of one size each",
                    file=self.path,
                )
            last = frame.pts
            yield frame


Open = Callable[[], AbstractContextManager[Clip]]
"""Opens a clip, at its beginning."""


@contextmanager
def opened(path: Path, container_format: str, facts: ClipFacts) -> Iterator[Clip]:
    """Open a clip whose facts are known.

    Raises:
        InputError: the container cannot be read, or holds no picture.
    """
    if facts.made_of:
        yield facts.made_of.clip(facts)
        return
    with _container(path, container_format) as container:
        yield Clip(path, container, _picture_stream(container, path), facts)


def read_facts(path: Path, container_format: str) -> ClipFacts:
    """Read header and first frame of a clip.

    Raises:
        InputError: no picture track, no frame.
        DamagedError: the container or the first frame cannot be read.
    """
    with _container(path, container_format) as container:
        stream = _picture_stream(container, path)
        frame = next(decoded(container, stream, path), None)
        if frame is None:
            raise InputError(
                "this clip holds no frame",
                hint="export it again from where it was made",
                file=path,
            )
        facts = _facts(container, stream, frame)
        if not has_alpha_beside(stream):
            return facts
    return replace(facts, **_beside(path, container_format))


def _beside(path: Path, container_format: str) -> dict[str, Any]:
    """Read what the container tells only FFmpeg's own decoder, which sees no alpha.

    Raises:
        DamagedError: that decoder makes no frame of it.
    """
    with _container(path, container_format) as container:
        stream = _picture_stream(container, path)
        try:
            frame = next(iter(container.decode(stream)), None)
        except pyav().FFmpegError as error:
            raise damaged(path, error) from error
        if frame is None:
            raise damaged(path, "its colours cannot be decoded without transparency")
        return {"turn": _turn_of(frame), "mastering": mastering_of(frame)}


@contextmanager
def _container(path: Path, container_format: str) -> Iterator[InputContainer]:
    """Open through our own file handle: no protocol of FFmpeg is involved."""
    av = pyav()
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        if missing := missing_bytes(file, container_format):
            raise damaged(path, f"{missing} bytes are missing at its end")
        try:
            container = av.open(file, format=DEMUXERS[container_format])
        except (av.FFmpegError, ValueError, OSError) as error:
            raise damaged(path, error) from error
        with container:
            yield container


def _picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the stream of moving pictures; a cover picture is none."""
    cover = pyav().stream.Disposition.attached_pic
    for stream in container.streams.video:
        if stream.disposition & cover:
            continue
        if stream.codec_context is None:
            raise InputError(
                "its pictures are coded in a way that is not known here",
                hint="export it as H.264, HEVC, AV1, VP9 or ProRes",
                file=path,
            )
        return stream
    raise InputError(
        "this clip holds sound but no pictures",
        hint="drop the clip with its picture track",
        file=path,
    )


def _facts(
    container: InputContainer, stream: VideoStream, frame: VideoFrame
) -> ClipFacts:
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    seconds = _seconds(container, stream)
    return ClipFacts(
        width=frame.width,
        height=frame.height,
        turn=_turn_of(frame),
        pixel_format=frame.format.name,
        depth=max(component.bits for component in frame.format.components),
        has_alpha=any(part.is_alpha for part in frame.format.components),
        frames=max(1, stream.frames or round(seconds * rate)),
        seconds=seconds,
        rate=rate,
        tags=tags_of(frame),
        mastering=mastering_of(frame),
        texts=tuple(container.metadata.items()),
    )


def _turn_of(frame: VideoFrame) -> int:
    return round(frame.rotation / 90) * 90 % 360


def tags_of(frame: VideoFrame) -> ColourTags:
    """Return how the colours of *frame* are meant."""
    return ColourTags(
        primaries=int(frame.color_primaries),
        transfer=int(frame.color_trc),
        matrix=int(frame.colorspace),
        range=_FULL_RANGE if "yuvj" in frame.format.name else int(frame.color_range),
    )


def _seconds(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1e6
