"""What a rule says of clips that not every step can take as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from retouchd.errors import InputError
from retouchd.media.clips.fields import find_fields
from retouchd.media.clips.opening import ClipFacts, opened


class ClipHandling(BaseModel):
    """What becomes of such clips once a step, a gate or a size asks for pixels.

    Attributes:
        hdr: of PQ and HLG; ``tone_map`` makes them BT.709 SDR.
        interlaced: of two fields in a frame; ``deinterlace`` makes a whole frame of
            each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hdr: Literal["refuse", "tone_map"] = "refuse"
    interlaced: Literal["refuse", "deinterlace"] = "refuse"


def fitting(
    path: Path, container: str, facts: ClipFacts, handling: ClipHandling
) -> ClipFacts:
    """Return *facts* as they hold for pictures, which must not lose their meaning.

    Raises:
        InputError: HDR or interlaced, and the rule says nothing of it; see also
            ``Clip.frames``.
    """
    if facts.tags.is_hdr and handling.hdr == "refuse":
        raise InputError(
            "this is an HDR clip (PQ or HLG); steps would crush its highlights",
            hint="let the rule say clip: {hdr: tone_map}, export the clip as BT.709 "
            "SDR, or use a rule without steps and sizes",
            file=path,
        )
    if facts.made_of:  # nobody stores stills as fields
        return facts
    with opened(path, container, facts) as clip:
        fields = find_fields(clip.frames())
    if fields and handling.interlaced == "refuse":
        raise InputError(
            "this clip is interlaced; steps would tear its fields",
            hint="let the rule say clip: {interlaced: deinterlace}, export the clip "
            "progressive, or use a rule without steps and sizes",
            file=path,
        )
    return replace(facts, fields=fields)
