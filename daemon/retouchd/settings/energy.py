"""What energy is assumed where the machine does not count it: ``[energy]``."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Watts = Annotated[float, Field(ge=0, le=10_000)]


class Energy(BaseModel):
    """What is assumed where no counter can be read.

    Attributes:
        watts_per_core: of a busy logical processor. Default: the mean of a fully loaded
            one of AWS, by Cloud Carbon Footprint (methodology, read 2026-11-23).
        watts_per_gpu: of a busy GPU. Default: an estimate; boards are specified with
            70 (T4, L4) to 700 (H100, H200).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    watts_per_core: Watts = 3.5
    watts_per_gpu: Watts = 300.0
