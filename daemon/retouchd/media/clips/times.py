"""When the frames of a clip are shown, as its container tells."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from retouchd.media.clips.decoding import damaged
from retouchd.media.clips.library import pyav
from retouchd.media.clips.opening import Clip

if TYPE_CHECKING:
    from av.packet import Packet

_NEAR = Fraction(2, 1000)
"""Seconds; Matroska counts whole milliseconds."""


def shown_times(clip: Clip) -> list[Fraction]:
    """Return when each frame of *clip* is shown, in seconds; nothing is decoded.

    Args:
        clip: open, at its beginning.

    Raises:
        DamagedError: the container cannot be read to its end.
    """
    base = clip.pictures.time_base or Fraction(1)
    is_vp8 = clip.pictures.codec_context.name == "vp8"
    is_shown = _vp8_is_shown if is_vp8 else None
    try:
        return sorted(
            packet.pts * base
            for packet in clip.container.demux(clip.pictures)
            if packet.pts is not None
            and not packet.is_discard
            and (is_shown is None or is_shown(packet))
        )
    except pyav().FFmpegError as error:
        raise damaged(clip.path, error) from error


def _vp8_is_shown(packet: Packet[Any]) -> bool:
    """Tell whether a packet holds more than a picture that others are made of.

    Source: RFC 6386, section 9.1, the bit ``show_frame``.
    """
    return bool(bytes(packet)[0] & 0x10)


def strays(wanted: Sequence[Fraction], found: Sequence[Fraction]) -> tuple[int, str]:
    """Return by how many frames a result strays from its source, and how.

    Args:
        wanted: when the frames of the source are shown, seconds.
        found: likewise, of the result; it may begin at another time.
    """
    missing = len(wanted) - len(found)
    if missing > 0:
        return missing, f"{missing} of {len(wanted)} frames are missing"
    if missing < 0:
        return -missing, f"there are {-missing} frames more than the {len(wanted)}"
    late = sum(
        abs((one - wanted[0]) - (other - found[0])) > _NEAR
        for one, other in zip(wanted, found, strict=True)
    )
    return late, f"{late} frames are shown at another time"
