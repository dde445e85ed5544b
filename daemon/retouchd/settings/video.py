"""How clips are encoded on this machine."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Video(BaseModel):
    """The encoders of clips.

    Attributes:
        encoder: ``nvenc`` takes that of an NVIDIA GPU for the codecs that it has; it is
            tried out first, and nothing takes its place where it fails.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: Literal["software", "nvenc"] = "software"
