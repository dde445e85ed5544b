"""What is wanted of a clip: its outputs, and what becomes of each frame for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retouchd.media.clips.encoding import ClipEncoding
from retouchd.media.clips.frames import Pictures, halved_sides
from retouchd.media.clips.opening import ClipFacts
from retouchd.media.framing import resized
from retouchd.media.size import Size
from retouchd.values import Picture

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


@dataclass(frozen=True)
class WantedClip:
    """One clip to write.

    Attributes:
        path: where.
        encoding: how.
        size: to which size frames are brought; unset: as they are.
        enlarge: whether smaller ones are enlarged.
    """

    path: Path
    encoding: ClipEncoding
    size: Size
    enlarge: bool = False

    def resizes(self, width: int, height: int) -> bool:
        """Whether a frame of this size would get another."""
        if not self.size.is_set:
            return False
        want = self.size.target(width, height)
        return want != (width, height) and (
            sum(want) < sum((width, height)) or self.enlarge
        )

    def target(self, width: int, height: int, pixel_format: str) -> tuple[int, int]:
        """Return the size that a frame gets.

        A side that the rule leaves to the aspect becomes even where the pixel format
        needs it.
        """
        sides = self.size.target(width, height)
        size = self.size
        said = {size.long_edge, size.short_edge, size.width, size.height}
        pairs = zip(sides, halved_sides(pixel_format), strict=True)
        across, down = (
            max(2, side - side % 2) if is_halved and side not in said else side
            for side, is_halved in pairs
        )
        return across, down

    def frame(
        self, frame: VideoFrame, picture: Picture | None, pictures: Pictures
    ) -> VideoFrame:
        """Return what is encoded in the place of *frame*.

        Args:
            frame: gives its time.
            picture: edited; ``None``: the frame passes with its planes untouched.
            pictures: of the clip; used by one thread at a time.

        Raises:
            InputError: it cannot be stored as the rule wants it.
        """
        source, may_be_full = frame.format.name, self.encoding.holds_full_range
        if picture is None:
            form = self.encoding.pixel_format_for(source)
            return pictures.stored(frame, form, may_be_full=may_be_full)
        form = self.encoding.pixel_format_for(source, has_alpha=picture.has_alpha)
        sized = self._sized(picture, form)
        return pictures.frame(sized, frame, form, may_be_full=may_be_full)

    def _sized(self, picture: Picture, form: str) -> Picture:
        width, height = picture.image.width, picture.image.height
        if not self.resizes(width, height):
            return picture
        target = self.target(width, height, form)
        return picture.with_image(resized(picture.image, *target))


def needs_pixels(
    facts: ClipFacts, wanted: Iterable[WantedClip], *, edits: bool
) -> bool:
    """Tell whether frames must become pictures: they are edited or resized.

    Args:
        facts: of the clip.
        wanted: the outputs.
        edits: whether steps or gates look at frames.
    """
    shown = facts.width, facts.height
    if facts.turn % 180:
        shown = facts.height, facts.width
    return edits or any(one.resizes(*shown) for one in wanted)
