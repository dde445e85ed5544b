"""Outputs whose names hold ``{frame}``: each frame of a clip as a file of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from retouchd.jobs.outputs import Frame, render_still
from retouchd.rules.schema import Output, Rule
from retouchd.rules.templates import format_of
from retouchd.values import Picture, Rendition


def is_frame_output(output: Output, ending: str) -> bool:
    """Whether *output* of a clip or sequence is a file for each frame.

    Args:
        output: of a rule.
        ending: of the drop, for outputs that end with ``{ext}``.
    """
    name = output.name.replace("{ext}", ending)
    return "{frame}" in output.name and bool(format_of(name))


@dataclass(frozen=True)
class FrameFile:
    """One frame as a file.

    Attributes:
        output: its number in the rule.
        index: of the frame, from 0.
        name: of the file; what it is called in the end comes at the end.
        sha256, bytes, width, height, fingerprint: see ``Rendition``.
    """

    output: int
    index: int
    name: str
    sha256: str
    bytes: int
    width: int
    height: int
    fingerprint: str

    @classmethod
    def of(cls, made: Rendition, index: int) -> FrameFile:
        """Remember what was written."""
        return cls(
            made.output,
            index,
            made.stage.name,
            made.sha256,
            made.bytes,
            made.width,
            made.height,
            made.fingerprint,
        )


@dataclass(frozen=True)
class FrameFiles:
    """Writes those outputs of one clip.

    Attributes:
        rule: of the job.
        stage: path prefix of what is written; the files belong to the parts of the
            clip until it is finished.
        ending: of the drop.
        numbers: of the frames, as the source writes them; empty: they are counted from
            0001 on.
    """

    rule: Rule
    stage: Path
    ending: str
    numbers: tuple[str, ...] = ()

    @property
    def wanted(self) -> dict[int, Output]:
        """Those outputs by their numbers in the rule; empty: nothing is to be done."""
        return {
            number: output
            for number, output in enumerate(self.rule.outputs)
            if is_frame_output(output, self.ending)
        }

    def write(self, index: int, picture: Picture, like: Frame) -> list[FrameFile]:
        """Write frame *index*, counted from 0, into every such output.

        Args:
            index: of the frame.
            picture: finished.
            like: what the frames have in common, with what this one has to say about
                how it was made; a name that is not known yet may be in it.

        Raises:
            InputError: it cannot be written in the wanted format.
            OSError: the disk is full or failing.
        """
        frame = self._numbered(like, index)
        mark = f".{index:06d}" if index else ""
        made = (
            render_still(picture, frame, number, output, self.stage, mark)
            for number, output in self.wanted.items()
        )
        return [FrameFile.of(one, index) for one in made]

    def renditions(
        self, files: Iterable[FrameFile], frame: Frame, stage: Path
    ) -> list[Rendition]:
        """Name the files, move them to where results are staged; return them in order.

        The first file of an output bears its number in the rule; the others are
        numbered on from the last output.

        Args:
            files: all of the clip.
            frame: what the frames have in common, by now all of it.
            stage: path prefix of the results.
        """
        extra = len(self.rule.outputs)
        found = []
        for one in sorted(files, key=lambda file: (file.output, file.index)):
            output = self.rule.outputs[one.output]
            named = self._numbered(frame, one.index)
            tail = one.name.removeprefix(self.stage.name)
            path = self.stage.with_name(one.name)
            found.append(
                Rendition(
                    output=extra if one.index else one.output,
                    stage=path.rename(stage.with_name(stage.name + tail)),
                    name=str(named.name(output, one.width, one.height)),
                    sha256=one.sha256,
                    bytes=one.bytes,
                    width=one.width,
                    height=one.height,
                    conflict=output.conflict,
                    fingerprint=one.fingerprint,
                    part_of=one.output,
                )
            )
            extra += one.index > 0
        return found

    def _numbered(self, frame: Frame, index: int) -> Frame:
        digits = self.numbers[index] if self.numbers else f"{index + 1:04d}"
        return replace(frame, fields=frame.fields | {"frame": digits})
