"""Frames that no container holds, as a clip: numbered stills, or an animated GIF, WebP.

libvips decodes them, as strictly as any still. A frame is R'G'B' at full range, 8 or 16
bits, with straight alpha where any frame of the clip has some.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from retouchd.media.clips.library import pyav
from retouchd.media.clips.opening import Clip, ClipFacts, ColourTags
from retouchd.media.colour import to_srgb
from retouchd.media.pixels import Pixels, to_array
from retouchd.media.still import damaged_still, decode, open_image
from retouchd.media.vips import DECODER_ERRORS, pyvips
from retouchd.values import Header

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame

ANIMATED = ("gif", "webp")
"""Formats of stills of which one file may hold many frames."""

_SRGB = ColourTags(primaries=1, transfer=13, matrix=1, range=1)
"""Of the clip that is made of them: BT.709 primaries and matrix with the transfer of
sRGB (ITU-T H.273), limited range as players expect."""

_LAYOUTS = {(8, False): "rgb24", (8, True): "rgba"}
_DEEP_LAYOUTS = {False: "rgb48le", True: "rgba64le"}

_TICK = Fraction(1, 1000)
_SHORTEST_MS, _USUAL_MS = 10, 100
"""Browsers show a frame that asks for 10 ms or less for 100 ms."""


@dataclass(frozen=True)
class NoContainer:
    """Stands where a clip has its container: no sound, no tags, no chapters.

    Attributes:
        times: when each frame is shown, in ticks.
        time_base: seconds of a tick.
    """

    times: tuple[int, ...]
    time_base: Fraction

    @property
    def metadata(self) -> dict[str, str]:
        """Return none."""
        return {}

    @property
    def streams(self) -> tuple[PictureStream, ...]:
        """Return the only stream."""
        return (PictureStream(self.time_base),)

    def chapters(self) -> list[Any]:
        """Return none."""
        return []

    def demux(self, *_: object) -> Iterator[Packet[Any]]:
        """Yield an empty packet for each frame: any of them is a key frame."""
        for time in self.times:
            packet = pyav().Packet()
            packet.pts = packet.dts = time
            packet.time_base = self.time_base
            packet.is_keyframe = True
            yield packet


@dataclass(frozen=True)
class PictureStream:
    """Stands where a clip has its picture stream."""

    time_base: Fraction
    index: int = 0
    type: str = "video"
    sample_aspect_ratio: Fraction | None = None


@dataclass(frozen=True)
class _Frames(ABC):
    """What both kinds have in common.

    Attributes:
        times: when each frame is shown, in ticks of ``time_base``; the last one is
            when the clip ends.
    """

    times: tuple[int, ...]
    time_base: Fraction

    @abstractmethod
    def pixels(self, facts: ClipFacts, first: int) -> Iterator[Pixels]:
        """Decode the frames from number *first*, counted from 0, on."""

    @property
    @abstractmethod
    def path(self) -> Path:
        """The file that stands for all, in what is said of them."""

    def clip(self, facts: ClipFacts) -> Clip:
        """Return them as an open clip; see `opening.FrameSource`."""
        container = NoContainer(self.times[:-1], self.time_base)
        return StillsClip(
            self.path,
            cast("Any", container),
            cast("Any", container.streams[0]),
            facts,
            self,
        )


@dataclass(frozen=True)
class StillsClip(Clip):
    """A clip whose frames libvips decodes; see `Clip`."""

    source: _Frames

    def frames(self, first: int = 0) -> Iterator[VideoFrame]:
        """Decode the frames in order, strictly; memory does not grow with them.

        Args:
            first: number, from 0, of the frame to begin with.

        Raises:
            InputError: a frame is damaged or not of the size of the others; it is
                named.
        """
        facts, times = self.facts, self.source.times
        layout = facts.pixel_format
        for number, pixels in enumerate(self.source.pixels(facts, first), first):
            frame = pyav().VideoFrame.from_ndarray(pixels, layout)
            frame.pts, frame.time_base = times[number], self.source.time_base
            frame.duration = times[number + 1] - times[number]
            yield frame


@dataclass(frozen=True)
class NumberedStills(_Frames):
    """A sequence: one file for each frame.

    Attributes:
        files: in order; at least one.
        header: of all of them together.
    """

    files: tuple[Path, ...]
    header: Header

    @property
    def path(self) -> Path:
        """The first frame."""
        return self.files[0]

    def pixels(self, facts: ClipFacts, first: int) -> Iterator[Pixels]:
        """Decode from *first* on; none before it is read."""
        for path in self.files[first:]:
            yield _like(to_array(decode(path, self.header).image), facts)


@dataclass(frozen=True)
class Animation(_Frames):
    """An animated GIF or WebP."""

    file: Path
    format: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.file

    def pixels(self, facts: ClipFacts, first: int) -> Iterator[Pixels]:
        """Decode from the beginning: frames build on those before them."""
        frames = open_image(self.file, self.format, access="sequential", pages=-1)
        image = to_srgb(frames)
        region = pyvips.Region.new(image)
        width, height = facts.width, facts.height
        for number in range(len(self.times) - 1):
            try:
                data = region.fetch(0, number * height, width, height)
            except DECODER_ERRORS as error:
                raise damaged_still(self.file, error) from error
            if number >= first:
                pixels = np.frombuffer(data, np.uint8)
                yield _like(pixels.reshape(height, width, image.bands), facts)


def sequence_facts(files: Sequence[Path], header: Header, rate: Fraction) -> ClipFacts:
    """Return what is known of a sequence.

    Args:
        files: the frames in order.
        header: of all of them together, as the inspection found it.
        rate: frames per second.
    """
    times = tuple(range(len(files) + 1))
    return _facts(header, NumberedStills(times, 1 / rate, tuple(files), header), rate)


def animation_facts(path: Path, header: Header) -> ClipFacts:
    """Return what is known of an animated GIF or WebP.

    Most GIFs have a transparent colour only to leave out what did not change. Whether
    anything shows through is seen by decoding them once more.

    Raises:
        InputError: it is damaged.
    """
    times = (0, *accumulate(delays_of(path, header.format)))
    rate = Fraction((len(times) - 1) * 1000, times[-1])
    made_of = Animation(times, _TICK, path, header.format)
    facts = _facts(header, made_of, rate)
    if not facts.has_alpha:
        return facts
    opaque = all((one[..., 3] == 255).all() for one in made_of.pixels(facts, 0))
    return _facts(replace(header, has_alpha=not opaque), made_of, rate)


def delays_of(path: Path, picture_format: str) -> tuple[int, ...]:
    """Return for how many milliseconds each frame of an animation is shown.

    Raises:
        InputError: the header cannot be read.
    """
    image = open_image(path, picture_format, access="sequential", pages=-1)
    pages = image.get("n-pages") if image.get_typeof("n-pages") else 1
    told = image.get("delay") if image.get_typeof("delay") else []
    delays = [*told, *[_USUAL_MS] * pages][:pages]
    return tuple(one if one > _SHORTEST_MS else _USUAL_MS for one in delays)


def _facts(header: Header, made_of: _Frames, rate: Fraction) -> ClipFacts:
    alpha = header.has_alpha
    deep = header.depth > 8
    return ClipFacts(
        width=header.width,
        height=header.height,
        turn=0,
        pixel_format=_DEEP_LAYOUTS[alpha] if deep else _LAYOUTS[8, alpha],
        depth=header.depth,
        has_alpha=alpha,
        frames=len(made_of.times) - 1,
        seconds=float(made_of.times[-1] * made_of.time_base),
        rate=rate,
        tags=_SRGB,
        made_of=made_of,
    )


def _like(pixels: Pixels, facts: ClipFacts) -> Pixels:
    """Bring *pixels* to the depth and the bands that all frames have."""
    if facts.depth > 8 and pixels.dtype == np.uint8:
        pixels = pixels.astype(np.uint16) * 257
    if facts.has_alpha and pixels.shape[2] == 3:
        opaque = np.iinfo(pixels.dtype).max
        pixels = np.pad(pixels, ((0, 0), (0, 0), (0, 1)), constant_values=opaque)
    return np.ascontiguousarray(pixels[..., : 3 + facts.has_alpha])
