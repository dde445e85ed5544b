"""What a rule says of clips that not every step can take as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from retouchd.errors import InputError
from retouchd.media.clips.opening import ClipFacts


class ClipHandling(BaseModel):
    """What becomes of such clips once a step, a gate or a size asks for pixels.

    Attributes:
        hdr: of PQ and HLG; ``tone_map`` makes them BT.709 SDR.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hdr: Literal["refuse", "tone_map"] = "refuse"


def fitting(path: Path, facts: ClipFacts, handling: ClipHandling) -> ClipFacts:
    """Return *facts* as they hold for pictures, which must not lose their meaning.

    Raises:
        InputError: HDR or interlaced, and the rule says nothing of it.
    """
    if facts.tags.is_hdr and handling.hdr == "refuse":
        raise InputError(
            "this is an HDR clip (PQ or HLG); steps would crush its highlights",
            hint="let the rule say clip: {hdr: tone_map}, export the clip as BT.709 "
            "SDR, or use a rule without steps and sizes",
            file=path,
        )
    if facts.is_interlaced:
        raise InputError(
            "this clip is interlaced; steps would tear its fields",
            hint="export it progressive, or use a rule without steps and sizes",
            file=path,
        )
    return facts
