"""One clip in, one or more out: each frame is decoded and edited once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retouchd.errors import InputError
from retouchd.media.clips.encoding import ClipEncoding
from retouchd.media.clips.frames import Pictures, halved_sides
from retouchd.media.clips.opening import ClipFacts, opened
from retouchd.media.clips.writing import ClipWriter
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


@dataclass(frozen=True)
class WrittenClip:
    """One clip that was written; sizes in pixels, see ``ClipWriter.left_out``."""

    path: Path
    width: int
    height: int
    frames: int
    left_out: tuple[str, ...]


class _Output:
    """A wanted clip with the writer that makes it."""

    def __init__(
        self, wanted: WantedClip, writer: ClipWriter, pictures: Pictures
    ) -> None:
        self.wanted = wanted
        self.writer = writer
        self._pictures = pictures

    def write(self, frame: VideoFrame, picture: Picture | None) -> None:
        """Write *picture* in the place of *frame*; ``None``: the frame as it is."""
        if picture is None:
            form = self.wanted.encoding.pixel_format_for(frame.format.name)
            self.writer.write(self._pictures.stored(frame, form))
            return
        form = self.wanted.encoding.pixel_format_for(
            frame.format.name, has_alpha=picture.has_alpha
        )
        sized = self._sized(picture, form)
        self.writer.write(self._pictures.frame(sized, frame, form))

    def _sized(self, picture: Picture, form: str) -> Picture:
        width, height = picture.image.width, picture.image.height
        if not self.wanted.resizes(width, height):
            return picture
        target = self.wanted.target(width, height, form)
        return picture.with_image(resized(picture.image, *target))

    def written(self) -> WrittenClip:
        """Tell what was made."""
        width, height = self.writer.size
        return WrittenClip(
            self.wanted.path,
            width,
            height,
            self.writer.frames,
            tuple(self.writer.left_out),
        )


class Rewriting:
    """Rewrites one clip; a context manager around its open files.

    Args:
        path: the source.
        container: its format, as found by content.
        facts: what is known of it.
        wanted: the clips to write.
        edits: whether frames are edited.

    Attributes:
        needs_pixels: whether frames must become pictures: they are edited or resized.

    Raises:
        InputError: the clip cannot be edited, or an output cannot hold its sound.
    """

    def __init__(
        self,
        path: Path,
        container: str,
        facts: ClipFacts,
        wanted: Sequence[WantedClip],
        *,
        edits: bool,
    ) -> None:
        self._facts = facts
        self._open = ExitStack()
        shown = (
            (facts.height, facts.width)
            if facts.turn % 180
            else (
                facts.width,
                facts.height,
            )
        )
        self.needs_pixels = edits or any(one.resizes(*shown) for one in wanted)
        if self.needs_pixels:
            _refuse_unfit(path, facts)
        self._pictures = Pictures(facts)
        try:
            self._source = self._open.enter_context(opened(path, container, facts))
            self._outputs = [
                _Output(
                    one,
                    ClipWriter(
                        one.path,
                        one.encoding,
                        self._open.enter_context(opened(path, container, facts)),
                        is_upright=self.needs_pixels,
                    ),
                    self._pictures,
                )
                for one in wanted
            ]
        except BaseException:
            self._open.close()
            raise

    def frames(self) -> Iterator[VideoFrame]:
        """Decode every frame in order; see ``Clip.frames``."""
        return self._source.frames()

    def picture(self, frame: VideoFrame) -> Picture:
        """Return *frame* as steps want it."""
        return self._pictures.picture(frame)

    def write(self, frame: VideoFrame, picture: Picture | None) -> None:
        """Write *picture* in the place of *frame* into every output.

        Args:
            frame: gives its time.
            picture: edited; ``None``: the frame passes with its planes untouched,
                where ``needs_pixels`` is false.

        Raises:
            InputError: it cannot be stored as the rule wants it.
        """
        for output in self._outputs:
            output.write(frame, picture)

    def finish(self) -> list[WrittenClip]:
        """Write what is still on its way; tell what was made."""
        for output in self._outputs:
            output.writer.finish()
        self._open.close()
        return [output.written() for output in self._outputs]

    def abandon(self) -> None:
        """Let go of everything; half-made files are the caller's to remove."""
        for output in self._outputs:
            output.writer.abandon()
        self._open.close()


def _refuse_unfit(path: Path, facts: ClipFacts) -> None:
    """Refuse to edit pixels whose meaning would be lost.

    Raises:
        InputError: HDR, or two fields in each frame.
    """
    if facts.tags.is_hdr:
        raise InputError(
            "this is an HDR clip (PQ or HLG); steps would crush its highlights",
            hint="export it as BT.709 SDR, or use a rule without steps and sizes",
            file=path,
        )
    if facts.is_interlaced:
        raise InputError(
            "this clip is interlaced; steps would tear its fields",
            hint="export it progressive, or use a rule without steps and sizes",
            file=path,
        )
