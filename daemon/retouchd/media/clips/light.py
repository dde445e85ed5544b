"""How bright a clip was made to be: the mastering data that HDR clips carry."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

# FFmpeg's AVMasteringDisplayMetadata: ten fractions (x and y of red, green, blue and
# white; least and most light), then whether chromaticities and lights are there.
_MASTERING_LAYOUT = struct.Struct("=20i2i")
_CONTENT_LAYOUT = struct.Struct("=2I")

# Option, its words for the display and for the light, and their units: x265 counts
# 0.00002 and 0.0001 cd/m2, SVT-AV1 plain numbers.
_ENCODERS = {
    "hevc": ("x265-params", "master-display", "max-cll", 50_000.0, 10_000.0),
    "av1": ("svtav1-params", "mastering-display", "content-light", 1.0, 1.0),
}

TOLD_BY = frozenset(_ENCODERS)
"""Codecs whose encoders here can state mastering data."""


@dataclass(frozen=True)
class Mastering:
    """Mastering data by SMPTE ST 2086 and CTA-861.3.

    Attributes:
        corners: x and y of red, green, blue and white of the display it was made on.
        darkest, brightest: what that display can show, cd/m2; 0: not told.
        content_peak: the brightest pixel, ``MaxCLL``; cd/m2, 0: not told.
        content_average: the brightest frame, ``MaxFALL``; likewise.
    """

    corners: tuple[float, ...] = ()
    darkest: float = 0.0
    brightest: float = 0.0
    content_peak: int = 0
    content_average: int = 0

    @property
    def peak_nits(self) -> float:
        """The brightest light that can come, cd/m2; 0: not told.

        The larger of both: a ``MaxCLL`` that is too small would cost highlights.
        """
        return max(self.brightest, self.content_peak)

    def for_encoder_of(self, codec: str) -> tuple[str, list[str]]:
        """Return the option of the encoder for a *codec* of ``TOLD_BY``, and its words.

        Sources: x265, "master-display" and "max-cll"; SVT-AV1, "mastering-display" and
        "content-light".
        """
        option, display, light, per_xy, per_nit = _ENCODERS[codec]
        words = []
        if self.content_peak:
            words.append(f"{light}={self.content_peak},{self.content_average}")
        if self.corners:
            words.append(f"{display}={self._display(per_xy, per_nit)}")
        return option, words

    def _display(self, per_xy: float, per_nit: float) -> str:
        scaled = [per_xy * value for value in self.corners]
        red, green, blue, white = (
            f"({x:.10g},{y:.10g})"
            for x, y in zip(scaled[::2], scaled[1::2], strict=True)
        )
        lights = f"({per_nit * self.brightest:.10g},{per_nit * self.darkest:.10g})"
        return f"G{green}B{blue}R{red}WP{white}L{lights}"


def mastering_of(frame: VideoFrame) -> Mastering | None:
    """Return the mastering data of *frame*; ``None``: it has none."""
    content: Any = frame.side_data.get("CONTENT_LIGHT_LEVEL")
    display: Any = frame.side_data.get("MASTERING_DISPLAY_METADATA")
    peak, average = 0, 0
    if content:
        peak, average = _CONTENT_LAYOUT.unpack_from(bytes(content))
    if not display:
        return Mastering((), 0, 0, peak, average) if peak or average else None
    *numbers, has_corners, has_lights = _MASTERING_LAYOUT.unpack_from(bytes(display))
    values = [
        top / bottom if bottom else 0.0
        for top, bottom in zip(numbers[::2], numbers[1::2], strict=True)
    ]
    darkest, brightest = values[8:] if has_lights else (0.0, 0.0)
    corners = tuple(values[:8]) if has_corners else ()
    return Mastering(corners, darkest, brightest, peak, average)
