"""How much of a picture has run into black or white."""

from __future__ import annotations

from retouchd.media.measures.planes import Floats

_WHITE, _BLACK = 254.5, 0.5


def clipped_share(colours: Floats) -> float:
    """Return the share of pixels (0..1) that lost a channel to the end of the scale.

    A pixel counts when its brightest channel is full or its brightest channel is
    empty: a pure red keeps empty channels and has lost nothing.

    Args:
        colours: (H, W, 3), 0..255.
    """
    brightest = colours.max(axis=2)
    return float(((brightest >= _WHITE) | (brightest <= _BLACK)).mean())
