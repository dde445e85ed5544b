"""``grade``: give the picture the look of a .cube table."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from retouchd.errors import ConfigError
from retouchd.media.lut import read_cube
from retouchd.media.still import from_array, to_array
from retouchd.step import RuleFile, Step, Tools
from retouchd.values import Picture


class Grade(Step):
    """Send every pixel through a table; alpha stays.

    Attributes:
        lut: .cube file, 1D or 3D, made for sRGB pixels.
        strength: 0 leaves the picture as it is, 1 gives the full look.
    """

    source_type: ClassVar[str] = "algorithmicallyEnhanced"

    lut: RuleFile
    strength: float = Field(default=1.0, ge=0, le=1)

    @field_validator("lut")
    @classmethod
    def _is_a_sound_table(cls, lut: RuleFile) -> RuleFile:
        """Read the table with the rule, so that no picture meets a bad one."""
        try:
            read_cube(lut)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return lut

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Return *picture* graded.

        Raises:
            ConfigError: the table was changed for the worse since the rule was read.
        """
        if self.strength == 0:
            return picture
        pixels = to_array(picture.image)
        graded = read_cube(self.lut).apply(pixels, self.strength)
        return picture.with_image(from_array(graded))
