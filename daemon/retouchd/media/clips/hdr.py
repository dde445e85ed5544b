"""Formulas that bring HDR signals (PQ and HLG) to BT.709 SDR.

Sources: Rec. ITU-R BT.2100-2, tables 4 (PQ) and 5 (HLG); Report ITU-R BT.2390-10,
section 5.4.1 (EETF); Report ITU-R BT.2408, table 1 (203 cd/m2 for white); Rec. ITU-R
BT.1886 (2.4); Rec. ITU-T H.273, table 2 (primaries).

The way: signal, light of the display in cd/m2, highlights drawn in by the brightest of
the three components (max(R,G,B) in BT.2408, annex 5), BT.709 primaries, colours beyond
them drawn in, SDR signal. Both keep the hue: all three components are scaled alike, or
drawn towards the grey of their luminance.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PQ, HLG = 16, 18
"""Transfers, as H.273 numbers them."""

WHITE_NITS = 203.0
"""Diffuse white of HDR, in cd/m2: peak white of the SDR signal. Source: BT.2408."""

HLG_PEAK_NITS = 1000.0
"""Nominal peak of HLG, at which its system gamma is 1.2. Source: BT.2100, table 5."""

_SYSTEM_GAMMA = 1.2
_BT1886_GAMMA = 2.4

_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32

_A, _B, _C = 0.17883277, 0.28466892, 0.55991073

_BT709 = 1
_CHROMATICITIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),  # BT.709
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # P3 with D65
}
_D65 = (0.3127, 0.3290)

PRIMARIES = frozenset(_CHROMATICITIES)
"""Primaries that are known here, as H.273 numbers them."""

# Colours that reach less far are left as they are. The curve above is that of the ACES
# Reference Gamut Compression (AMPAS, 2021), which uses thresholds about this one.
_TOUCHED_FROM, _POWER = 0.8, 1.2


def pq_light(signal: Floats) -> Floats:
    """Return the light in cd/m2, 0..10000, of a PQ *signal* 0..1."""
    root = signal ** (1 / _M2)
    light = np.maximum(root - _C1, 0) / (_C2 - _C3 * root)
    return np.asarray(10_000 * light ** (1 / _M1))


def pq_signal(light: Floats) -> Floats:
    """Return the PQ signal 0..1 of *light* in cd/m2, the inverse of ``pq_light``."""
    power = (light / 10_000) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def hlg_light(signal: Floats) -> Floats:
    """Return what a display of 1000 cd/m2 shows of an HLG *signal* (..., 3), 0..1.

    The inverse OETF gives the light of the scene; the OOTF raises its luminance, by
    the weights of BT.2020, to the system gamma.
    """
    scene = np.where(
        signal <= 0.5, signal**2 / 3, (np.exp((signal - _C) / _A) + _B) / 12
    )
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    gain = HLG_PEAK_NITS * luminance ** (_SYSTEM_GAMMA - 1)
    return np.asarray(gain[..., None] * scene)


_LIGHT: dict[int, Callable[[Floats], Floats]] = {PQ: pq_light, HLG: hlg_light}


def eetf(light: Floats, peak_nits: float) -> Floats:
    """Draw light up to *peak_nits* into 0..203 cd/m2, for a black of 0.

    Below a knee nothing changes; above it a Hermite spline in PQ bends smoothly to the
    peak. Source: BT.2390, section 5.4.1.
    """
    peak = pq_signal(np.array(peak_nits))
    most = float(pq_signal(np.array(WHITE_NITS)) / peak)
    if most >= 1:
        return np.minimum(light, WHITE_NITS)
    knee = 1.5 * most - 0.5
    signal = np.minimum(pq_signal(light) / peak, 1)
    t = np.maximum(signal - knee, 0) / (1 - knee)
    bent = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * most
    )
    return np.where(signal < knee, light, pq_light(bent * peak))


def sdr_signal(
    signal: Floats, transfer: int, primaries: int, peak_nits: float
) -> Floats:
    """Return the BT.709 SDR signal of an HDR one; nothing up to the peak is clipped.

    Args:
        signal: (..., 3), R'G'B' at full range, 0..1.
        transfer: ``PQ`` or ``HLG``.
        primaries: one of ``PRIMARIES``.
        peak_nits: the brightest component that there is in the clip, cd/m2; beyond it
            colours get no brighter.

    Returns:
        (..., 3), 0..1, for a display by BT.1886.
    """
    light = _LIGHT[transfer](signal)
    brightest = light.max(axis=-1, keepdims=True)
    bent = eetf(brightest, peak_nits)
    scale = np.divide(bent, brightest, out=np.zeros_like(bent), where=brightest > 0)
    shown = _drawn_in(light * scale / WHITE_NITS, primaries)
    return np.asarray(shown ** (1 / _BT1886_GAMMA))


def _drawn_in(light: Floats, primaries: int) -> Floats:
    """Bring linear *light* 0..1 of *primaries* into BT.709, each colour towards grey.

    Luminance and hue stay. How far a colour goes depends on its reach: 0 for grey, 1
    on the surface of the cube of BT.709, which is above 1 and below 0.
    """
    matrix = _to_bt709(primaries)
    farthest = _reach(_CORNERS @ matrix.T).max()
    colours = light @ matrix.T
    before = _reach(colours)
    keep = np.ones_like(before)
    np.divide(_compressed(before, farthest), before, out=keep, where=before > 0)
    grey = (colours @ _xyz(_BT709)[1])[..., None]
    return np.asarray((grey + keep[..., None] * (colours - grey)).clip(0, 1))


# Where colours reach farthest: black and white reach nowhere, and a quotient of linear
# terms is largest in a corner.
_CORNERS = np.array(list(itertools.product((0.0, 1.0), repeat=3)))[1:-1]


def _reach(colours: Floats) -> Floats:
    """Return how far BT.709 *colours* (..., 3) are from grey of their luminance."""
    luminance = colours @ _xyz(_BT709)[1]
    up, down = colours.max(axis=-1) - luminance, luminance - colours.min(axis=-1)
    far: Floats = np.maximum(
        np.divide(up, 1 - luminance, out=np.zeros_like(up), where=luminance < 1),
        np.divide(down, luminance, out=np.zeros_like(down), where=luminance > 0),
    )
    return far


def _compressed(reach: Floats, farthest: float) -> Floats:
    """Map the threshold..*farthest* smoothly to the threshold..1."""
    room, beyond = 1 - _TOUCHED_FROM, np.maximum(reach - _TOUCHED_FROM, 0)
    most = (farthest - _TOUCHED_FROM) / room
    if most <= 1:
        return reach
    scale = room * most / (most**_POWER - 1) ** (1 / _POWER)
    bent = beyond / (1 + (beyond / scale) ** _POWER) ** (1 / _POWER)
    return np.asarray(np.where(beyond > 0, _TOUCHED_FROM + bent, reach))


def _to_bt709(primaries: int) -> Floats:
    """Return the matrix from linear light of *primaries* to that of BT.709."""
    return np.asarray(np.linalg.solve(_xyz(_BT709), _xyz(primaries)), np.float64)


def _xyz(primaries: int) -> Floats:
    """Return the matrix from linear light to XYZ, white being D65 with a Y of 1.

    Source: SMPTE RP 177.
    """
    corners = np.array([_of_xy(*xy) for xy in _CHROMATICITIES[primaries]]).T
    return np.asarray(corners * np.linalg.solve(corners, _of_xy(*_D65)), np.float64)


def _of_xy(x: float, y: float) -> Floats:
    return np.array([x / y, 1.0, (1 - x - y) / y])
