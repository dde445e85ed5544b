"""Makes SDR pictures of an HDR clip: the formulas of ``hdr``, baked into one table."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from retouchd.errors import InputError
from retouchd.media.clips.hdr import (
    HLG,
    HLG_PEAK_NITS,
    PRIMARIES,
    pq_signal,
    sdr_signal,
)
from retouchd.media.cube import CubeTable
from retouchd.media.lut import Cube

if TYPE_CHECKING:
    from retouchd.media.clips.opening import ClipFacts
    from retouchd.media.pixels import Pixels

_UNSPECIFIED = 2
_BT709, _BT2020 = 1, 9
_LIMITED = 1

# Matrices that can be undone without knowing the light: not BT.2020 with constant
# luminance, and not ICtCp.
_MATRICES = {0, _BT709, _UNSPECIFIED, _BT2020}

_USUAL_PEAK_NITS = 1000.0
"""Where a PQ clip does not tell: the peak of the displays that most are made on.
Source: Report ITU-R BT.2408, section 6.2, takes it as the reference condition."""

_NODES = 97
"""Both sides of the table are nearly even to the eye, so that it needs no shaper. On
frames of six clips it strays from the formulas by 0.02 to 0.06 codes of 8 bits on the
mean, by less than 4 in 999 of 1000 samples, by up to 24 in single yellow highlights."""


class ToneMapping:
    """How pictures of one HDR clip become BT.709 SDR.

    Args:
        facts: of the clip.

    Raises:
        InputError: its colours are coded in a way that is not known here.
    """

    def __init__(self, facts: ClipFacts) -> None:
        tags = facts.tags
        primaries = _BT2020 if tags.primaries == _UNSPECIFIED else tags.primaries
        if tags.matrix not in _MATRICES or primaries not in PRIMARIES:
            raise InputError(
                f"this HDR clip has the primaries {tags.primaries} and the matrix "
                f"{tags.matrix} (as ITU-T H.273 numbers them), which are not known "
                "here",
                hint="export it with BT.2020 primaries and matrix (non-constant "
                "luminance), or as BT.709 SDR",
            )
        self._key = tags.transfer, primaries, _peak(facts)

    def apply(self, pixels: Pixels) -> Pixels:
        """Tone-map *pixels* in place and return them.

        Args:
            pixels: uint16 (height, width, 3 or 4), the clip's own R'G'B' at full
                range, C-contiguous and writable; alpha stays.
        """
        return _table(*self._key).apply(pixels)


def as_sdr(facts: ClipFacts) -> ClipFacts:
    """Return what is known of a clip once its pictures were made; SDR as it is."""
    if not facts.tags.is_hdr:
        return facts
    tags = replace(
        facts.tags, primaries=_BT709, transfer=_BT709, matrix=_BT709, range=_LIMITED
    )
    return replace(facts, tags=tags, mastering=None)


def _peak(facts: ClipFacts) -> float:
    """Return the light of the brightest component; HLG is relative and has its own."""
    if facts.tags.transfer == HLG:
        return HLG_PEAK_NITS
    told = facts.mastering.peak_nits if facts.mastering else 0.0
    return told or _USUAL_PEAK_NITS


@lru_cache(maxsize=4)
def _table(transfer: int, primaries: int, peak_nits: float) -> Cube:
    # No more of PQ than there is: the nodes then lie closer.
    top = 1.0 if transfer == HLG else float(pq_signal(np.array(peak_nits)))
    ramp = np.linspace(0, top, _NODES)
    blue, green, red = np.meshgrid(ramp, ramp, ramp, indexing="ij")
    signal = np.stack([red, green, blue], axis=-1)
    values = sdr_signal(signal, transfer, primaries, peak_nits)
    return Cube(CubeTable(values, domain_max=(top, top, top)))
