"""``unify``: give pictures of many sources the light and colours of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from retouchd.errors import InputError
from retouchd.inspect.kind import Limits, examine
from retouchd.media.look import Look, like, look_of
from retouchd.media.still import decode
from retouchd.step import RuleFile, Step, Tools
from retouchd.values import Picture


class Unify(Step):
    """Bring brightness, contrast and white balance to those of a reference.

    Of a clip the whole shot is measured once, so that nothing pumps.

    Attributes:
        like: the reference picture, its path relative to the rule.
        strength: 0 leaves the picture as it is, 1 gives the full look.
    """

    source_type: ClassVar[str] = "algorithmicallyEnhanced"

    like: RuleFile
    strength: float = Field(default=1.0, ge=0, le=1)

    @field_validator("like")
    @classmethod
    def _can_be_read(cls, reference: RuleFile) -> RuleFile:
        """Read the picture with the rule, so that no job meets a bad one."""
        try:
            _look_of_file(reference)
        except InputError as error:
            raise ValueError(str(error)) from error
        return reference

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Return *picture* with the look of the reference; alpha stays.

        Raises:
            InputError: the reference cannot be read any more.
        """
        return self._unified(picture, look_of([picture]))

    def measure(self, frames: Iterable[Picture]) -> dict[str, NDArray[Any]]:
        """Measure the look of a whole shot."""
        look = look_of(frames)
        return {"mean": np.array(look.mean), "spread": np.array(look.spread)}

    def over(self, frames: Iterable[Picture], tools: Tools) -> Iterator[Picture]:
        """Change every frame by what the shot as a whole needs."""
        whole = _read(tools.carried)
        return tools.each(lambda picture, _: self._unified(picture, whole), frames)

    def _unified(self, picture: Picture, look: Look) -> Picture:
        if self.strength == 0:
            return picture
        return like(picture, look, _look_of_file(self.like), self.strength)


def _read(carried: Mapping[str, NDArray[Any]]) -> Look:
    return Look(tuple(carried["mean"]), tuple(carried["spread"]))


def _look_of_file(path: Path) -> Look:
    return _look_at(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _look_at(path: Path, _changed_ns: int) -> Look:
    return look_of([decode(path, examine(path, Limits()).header)])
