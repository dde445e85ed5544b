"""Tries an encoder out before anything depends on it: what it writes can be read."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retouchd.errors import InputError
from retouchd.media.clips.encoding import ClipEncoding
from retouchd.media.clips.library import pyav

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_FRAMES = 8
_WIDTH, _HEIGHT = 320, 192

_LEAST_PSNR = 40.0
"""Decibels of luma. The software encoders reach 50 and more at their usual quality on
these frames; anything that is wrong with planes or their order stays far below."""


def prove(encoding: ClipEncoding) -> None:
    """Encode a few frames with the encoder of *encoding*, decode them and compare.

    What a rule wants of it plays no part: quality and the like are the usual ones.

    Raises:
        InputError: it does not open, it fails, or other pictures come back.
    """
    encoding = replace(encoding, quality=None, rate=None, pixel_format=None)
    shown = [_frame(number) for number in range(_FRAMES)]
    try:
        read = _read(_written(encoding, shown))
    except pyav().FFmpegError as error:
        raise _failed(encoding, str(error)) from error
    if len(read) != len(shown):
        raise _failed(encoding, f"{len(read)} of {len(shown)} frames came back")
    worst = min(_psnr(_luma(one), luma) for one, luma in zip(shown, read, strict=True))
    if worst < _LEAST_PSNR:
        raise _failed(encoding, f"other pictures came back ({worst:.0f} dB)")


def _frame(number: int) -> VideoFrame:
    """Return a soft pattern that moves, in 4:2:0."""
    across, down = np.meshgrid(np.arange(_WIDTH), np.arange(_HEIGHT))
    luma = 126 + 90 * np.sin((across + 4 * number) / 23) * np.cos(down / 17)
    frame: VideoFrame = pyav().VideoFrame(_WIDTH, _HEIGHT, "yuv420p")
    for place, plane in enumerate(frame.planes):
        samples = np.full((plane.height, plane.line_size), 110 + 9 * place, np.uint8)
        if place == 0:
            samples[:, :_WIDTH] = np.rint(luma)
        plane.update(samples.tobytes())
    frame.pts, frame.time_base = number, Fraction(1, 25)
    return frame


def _written(encoding: ClipEncoding, frames: list[VideoFrame]) -> io.BytesIO:
    file = io.BytesIO()
    form = encoding.pixel_format_for("yuv420p")
    with pyav().open(file, "w", format="matroska") as out:
        stream = out.add_stream(encoding.encoder, rate=25)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = _WIDTH, _HEIGHT, form
        context.time_base = Fraction(1, 25)
        encoding.open(context, None)
        for frame in frames:
            out.mux(stream.encode(frame.reformat(format=form)))
        out.mux(stream.encode(None))
    file.seek(0)
    return file


def _read(file: io.BytesIO) -> list[NDArray[np.float64]]:
    with pyav().open(file, format="matroska") as clip:
        return [
            _luma(frame.reformat(format="yuv420p")) for frame in clip.decode(video=0)
        ]


def _luma(frame: VideoFrame) -> NDArray[np.float64]:
    plane = frame.planes[0]
    samples = np.frombuffer(bytes(plane), np.uint8).reshape(-1, plane.line_size)
    return np.asarray(samples[:, :_WIDTH], np.float64)


def _psnr(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    error = float(((one - other) ** 2).mean())
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def _failed(encoding: ClipEncoding, reason: str) -> InputError:
    return InputError(
        f"the encoder {encoding.encoder} does not work here: {reason}",
        hint='set encoder = "software" under [video], or see that the driver and the '
        "GPU offer it",
    )
