"""The segment that is being encoded: one writer for each output."""

from __future__ import annotations

from collections.abc import Sequence

from retouchd.jobs.clips.parts import PartFile, Parts
from retouchd.jobs.clips.stages import Item
from retouchd.media.clips.frames import Pictures
from retouchd.media.clips.opening import Clip
from retouchd.media.clips.segment_writer import SegmentWriter
from retouchd.media.clips.wanted import WantedClip


class OpenSegment:
    """Takes the frames of one segment.

    Args:
        part: number of the part that it becomes.
        number: of the segment.
        clip: that they come from.
        wanted: the outputs.
        parts: where they are kept.
    """

    def __init__(
        self,
        part: int,
        number: int,
        clip: Clip,
        wanted: Sequence[WantedClip],
        parts: Parts,
    ) -> None:
        self.part = part
        self.number = number
        self._parts = parts
        self._wanted = wanted
        self._pictures = [Pictures(clip.facts) for _ in wanted]
        self._paths = [parts.file(part, place) for place, _ in enumerate(wanted)]
        self._writers = [
            SegmentWriter(path, one.encoding, clip)
            for path, one in zip(self._paths, wanted, strict=True)
        ]

    def write(self, item: Item, *, has_pixels: bool) -> None:
        """Write *item* into every output.

        Args:
            item: a frame that went through the steps.
            has_pixels: whether what counts are its pixels, and not its planes.

        Raises:
            InputError: it cannot be stored as the rule wants it.
        """
        picture = item.picture if has_pixels else None
        outputs = zip(self._writers, self._wanted, self._pictures, strict=True)
        for writer, one, pictures in outputs:
            writer.write(one.frame(item.frame, picture, pictures))

    def finish(self) -> tuple[PartFile, ...]:
        """Encode what is still on its way, and force it all to disk."""
        pairs = zip(self._paths, self._writers, strict=True)
        return tuple(
            self._parts.sealed(path, writer.finish()) for path, writer in pairs
        )

    def abandon(self) -> None:
        """Let go of half a segment, and remove it."""
        for path, writer in zip(self._paths, self._writers, strict=True):
            writer.abandon()
            path.unlink(missing_ok=True)
