"""Decodes the pictures of a clip, and says what a damaged one is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouchd.errors import DamagedError
from retouchd.media.clips.library import pyav

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

ALPHA_MODE = "alpha_mode"
"""Matroska's mark of a VP8 or VP9 stream that has its transparency beside it."""

_KEEPS_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders of these leave the transparency out. Source: libavcodec's
libvpxdec.c, which alone reads the additions to Matroska's blocks."""


def decoded(
    container: InputContainer, stream: VideoStream, path: Path
) -> Iterator[VideoFrame]:
    """Decode *stream* from where *container* stands; memory does not grow.

    Raises:
        DamagedError: a frame cannot be decoded.
    """
    decoder = _decoder(stream)
    if not decoder.is_open:  # it is open where somebody went back in the clip
        # FFmpeg would otherwise hide what it cannot decode behind its neighbours.
        decoder.options = {"err_detect": "explode"}
        decoder.thread_type = "AUTO"
    try:
        for packet in container.demux(stream):
            for frame in decoder.decode(packet):
                if frame.is_corrupt:
                    raise damaged(path, f"the frame at {frame.time} s is corrupt")
                yield frame
    except pyav().FFmpegError as error:
        raise damaged(path, error) from error


def _decoder(stream: VideoStream) -> VideoCodecContext:
    usual = stream.codec_context
    keeps_alpha = _KEEPS_ALPHA.get(usual.name)
    if keeps_alpha is None or not has_alpha_beside(stream):
        return usual
    decoder: VideoCodecContext = pyav().VideoCodecContext.create(keeps_alpha, "r")
    decoder.extradata = usual.extradata
    decoder.colorspace, decoder.color_range = usual.colorspace, usual.color_range
    decoder.color_primaries, decoder.color_trc = usual.color_primaries, usual.color_trc
    return decoder


def has_alpha_beside(stream: VideoStream) -> bool:
    """Whether the packets of *stream* carry transparency beside the colours.

    FFmpeg writes the mark twice and reads it back in one case or the other.
    """
    marks = {key.lower(): value for key, value in stream.metadata.items()}
    return marks.get(ALPHA_MODE) == "1"


def damaged(path: Path, error: Any) -> DamagedError:
    """Say that *path* is no whole clip."""
    reason = getattr(error, "strerror", None) or str(error)
    return DamagedError(
        f"the clip is cut short or damaged: {reason}",
        hint="copy it again, or export it again from where it was made",
        file=path,
    )
