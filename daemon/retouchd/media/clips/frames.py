"""Turns frames into pictures and back; the only place where planes become RGB.

A picture of a clip holds the clip's own R'G'B' at full range: the matrix and the range
are undone, transfer and primaries are not, so that a grade made on the clip fits.
Only HDR is brought to BT.709 SDR: steps, stills and eyes take pictures for SDR.
Turned clips become upright, as every picture between steps is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from retouchd.errors import InputError
from retouchd.media.clips.library import pyav
from retouchd.media.clips.opening import ClipFacts, ColourTags
from retouchd.media.clips.tone_mapping import ToneMapping, as_sdr
from retouchd.media.pixels import Pixels, from_array, to_array
from retouchd.values import Picture

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_FULL, _LIMITED = 2, 1

_LAYOUTS = {(8, False): "rgb24", (8, True): "rgba"}
_DEEP_LAYOUTS = {False: "rgb48le", True: "rgba64le"}

_WHITE = 65_535
_SWSCALE_WHITE = 255 * 256
"""Where it lies in 16-bit R'G'B' that swscale makes of, or takes for, planes."""

_QUARTER_TURNS = {0: 0, 90: 1, 180: 2, 270: 3}


def _quality() -> int:
    """Return the flags of swscale: without the last three luma is off by one."""
    from av.video.reformatter import Interpolation  # noqa: PLC0415  (an extra)

    return int(
        Interpolation.BICUBIC
        | Interpolation.ACCURATE_RND
        | Interpolation.FULL_CHR_H_INT
        | Interpolation.FULL_CHR_H_INP
    )


class Pictures:
    """Turns frames of one clip into pictures and pictures into frames.

    Args:
        facts: of the clip; its colour tags hold for every frame.

    Raises:
        InputError: HDR whose colours are coded in a way that is not known here.
    """

    def __init__(self, facts: ClipFacts) -> None:
        from av.video.reformatter import VideoReformatter  # noqa: PLC0415  (an extra)

        self._facts = facts
        self._matrix = facts.tags.matrix_for(facts.width, facts.height)
        self._reformat = VideoReformatter().reformat
        self._flags = _quality()
        self._range = _FULL if facts.tags.is_full_range else _LIMITED
        self._deep_white = _deep_white(facts)
        self._tone_mapping = ToneMapping(facts) if facts.tags.is_hdr else None
        self._made = as_sdr(facts).tags

    def picture(self, frame: VideoFrame) -> Picture:
        """Return *frame* as RGB or RGBA, upright, 8 bits, or 16 where it has more."""
        is_deep = self._facts.depth > 8 or self._tone_mapping is not None
        alpha = self._facts.has_alpha
        layout = _DEEP_LAYOUTS[alpha] if is_deep else _LAYOUTS[8, alpha]
        converted = self._reformat(
            frame,
            format=layout,
            src_colorspace=self._matrix,
            dst_colorspace=self._matrix,
            interpolation=self._flags,
            src_color_range=self._range,
            dst_color_range=_FULL,
            threads=1,
        )
        pixels = cast("Pixels", converted.to_ndarray())
        if is_deep:
            opaque = _most(self._facts.depth)
            pixels = _scaled(pixels, _WHITE / self._deep_white, _WHITE / opaque)
        if self._tone_mapping:
            pixels = self._tone_mapping.apply(pixels)
        return Picture(from_array(np.rot90(pixels, _QUARTER_TURNS[self._facts.turn])))

    def frame(
        self,
        picture: Picture,
        like: VideoFrame,
        pixel_format: str,
        *,
        may_be_full: bool = True,
    ) -> VideoFrame:
        """Return *picture* as a frame of *pixel_format*, timed as *like*.

        Args:
            picture: upright.
            like: gives its time.
            pixel_format: FFmpeg's name.
            may_be_full: whether luma may use all values, where the clip's does.

        Raises:
            InputError: chroma is halved and a side is odd.
        """
        refuse_odd(picture.image.width, picture.image.height, pixel_format)
        pixels = to_array(picture.image)
        wide = pixels.dtype == np.uint16
        alpha = pixels.shape[2] == 4
        layout = _DEEP_LAYOUTS[alpha] if wide else _LAYOUTS[8, alpha]
        if wide and not pyav().VideoFormat(pixel_format, 2, 2).is_rgb:
            pixels = _scaled(pixels, _SWSCALE_WHITE / _WHITE)
        made = pyav().VideoFrame.from_ndarray(pixels, layout)
        tags = self._made if may_be_full else _limited(self._made)
        matrix = tags.matrix_for(self._facts.width, self._facts.height)
        made = self._reformat(
            made,
            format=pixel_format,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            interpolation=self._flags,
            src_color_range=_FULL,
            dst_color_range=_FULL if tags.is_full_range else _LIMITED,
            threads=1,
        )
        return timed(made, like, tags)

    def stored(
        self, frame: VideoFrame, pixel_format: str, *, may_be_full: bool = True
    ) -> VideoFrame:
        """Return the untouched *frame* in *pixel_format*; its own: the very planes.

        Args:
            frame: of the clip.
            pixel_format: FFmpeg's name.
            may_be_full: as for ``frame``; else its planes are made to fit.
        """
        tags = self._facts.tags if may_be_full else _limited(self._facts.tags)
        if frame.format.name == pixel_format and tags == self._facts.tags:
            return frame
        made = self._reformat(
            frame,
            format=pixel_format,
            src_colorspace=self._matrix,
            dst_colorspace=self._matrix,
            interpolation=self._flags,
            src_color_range=self._range,
            dst_color_range=_FULL if tags.is_full_range else _LIMITED,
            threads=1,
        )
        return timed(made, frame, tags)


def _limited(tags: ColourTags) -> ColourTags:
    return replace(tags, range=_LIMITED) if tags.is_full_range else tags


def _deep_white(facts: ClipFacts) -> int:
    """Return where the white of a clip lies once swscale has made 16 bits of it."""
    if pyav().VideoFormat(facts.pixel_format, 2, 2).is_rgb:
        return _WHITE
    return _most(facts.depth) if facts.tags.is_full_range else _SWSCALE_WHITE


def _most(bits: int) -> int:
    """Return what swscale makes of the largest value of so many bits."""
    return ((1 << bits) - 1) << (16 - bits)


def _scaled(pixels: Pixels, colour: float, alpha: float = 1.0) -> Pixels:
    """Return 16-bit *pixels* times two factors, rounded and clipped."""
    scaled = cv2.addWeighted(pixels, colour, pixels, 0, 0)
    if pixels.shape[2] == 4:
        opacity = np.ascontiguousarray(pixels[..., 3])
        scaled[..., 3] = cv2.addWeighted(opacity, alpha, opacity, 0, 0)
    return cast("Pixels", scaled)


def timed(frame: VideoFrame, like: VideoFrame, tags: ColourTags) -> VideoFrame:
    """Give *frame* the time of *like* and say how its colours are meant."""
    frame.pts, frame.time_base, frame.duration = like.pts, like.time_base, like.duration
    frame.colorspace, frame.color_primaries = tags.matrix, tags.primaries
    frame.color_trc = tags.transfer
    frame.color_range = tags.range
    return frame


def halved_sides(pixel_format: str) -> tuple[bool, bool]:
    """Tell whether *pixel_format* halves colours across, and down."""
    form = pyav().VideoFormat(pixel_format, 2, 2)
    return form.chroma_width(2) < 2, form.chroma_height(2) < 2


def refuse_odd(width: int, height: int, pixel_format: str) -> None:
    """Make sure that a frame of this size can be stored in *pixel_format*.

    Raises:
        InputError: chroma is halved along a side that is odd.
    """
    across, down = halved_sides(pixel_format)
    if (across and width % 2) or (down and height % 2):
        raise InputError(
            f"{width} x {height} pixels cannot be stored as {pixel_format}, which "
            "halves the colours",
            hint="let the rule give an even size, or say pixel_format: yuv444p",
        )
