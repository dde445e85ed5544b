"""The outputs of a rule for a clip: what is to be written, and what was."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from retouchd.delivery.provenance import source_type_of
from retouchd.errors import InputError
from retouchd.jobs.clips.frame_files import is_frame_output
from retouchd.jobs.outputs import Frame, render_still, staged
from retouchd.jobs.story import Story
from retouchd.media.clips.encoding import Encoder
from retouchd.media.clips.joining import SegmentFile, WrittenClip, join
from retouchd.media.clips.opening import Clip, Open, opened, read_facts
from retouchd.media.clips.overview import overview
from retouchd.media.clips.wanted import WantedClip
from retouchd.media.contact_sheet import sheet_of_frames
from retouchd.rules.schema import Output, Rule
from retouchd.rules.templates import container_of, format_of
from retouchd.values import Picture, Rendition


def wanted_clips(
    rule: Rule, source: Path, stage: Path, by: Encoder
) -> dict[int, WantedClip]:
    """Return the clips that *rule* wants, by the number of the output.

    Outputs that are a file for each frame are not among them.

    Args:
        rule: of the job.
        source: the clip that comes in.
        stage: path prefix of the results.
        by: what encodes.

    Raises:
        InputError: it wants nothing but stills, or what cannot be written.
    """
    wanted = {}
    ending = source.suffix.lstrip(".")
    has_clips = any(container_of(_named(one, source)) for one in rule.outputs)
    has_frames = any(is_frame_output(output, ending) for output in rule.outputs)
    for number, output in enumerate(rule.outputs):
        name = _named(output, source)
        container = container_of(name)
        if container is not None:
            path = stage.with_name(f"{stage.name}-{number}{Path(name).suffix}")
            encoding = output.clip_encoding(container, by)
            wanted[number] = WantedClip(path, encoding, output.size, output.enlarge)
        elif output.show != "frame" and not has_clips:
            raise InputError(
                "a contact sheet is made of a clip, and the rule writes none",
                hint="give the rule an output such as {stem}.mp4",
                file=source,
            )
        elif not format_of(name):
            raise InputError(
                f"retouchd does not write clips like {name}",
                hint="let the rule name an output such as {stem}.mp4",
                file=source,
            )
    if not wanted and not has_frames:
        raise InputError(
            f"the rule {rule.rule} writes stills, and this is a clip",
            hint="give the rule an output such as {stem}.mp4, or let it say "
            "match: {kind: still}",
            file=source,
        )
    return wanted


def joined(
    outputs: Sequence[WantedClip],
    parts: Sequence[Sequence[SegmentFile]],
    open_clip: Open,
    turn: int,
) -> list[WrittenClip]:
    """Join the parts of each output; after an error nothing is left of them.

    Args:
        outputs: in the order of the files of a part.
        parts: files of each.
        open_clip: the source, for all but the pictures.
        turn: degrees counter-clockwise, noted in the files, that make frames upright.
    """
    written = []
    try:
        for one, segments in zip(outputs, zip(*parts, strict=True), strict=True):
            with open_clip() as clip:
                written.append(join(one.path, one.encoding, clip, segments, turn=turn))
    except BaseException:
        for one in outputs:
            one.path.unlink(missing_ok=True)
        raise
    return written


def frame_of(story: Story, rule: Rule, source_types: list[str]) -> Frame:
    """Collect what the names and records of outputs need, as far as it is known."""
    assert story.inspection is not None  # noqa: S101  (a clip was inspected)
    types = source_type_of(source_types)
    return Frame.of(story.order, rule, story.inspection, story.tier, types)


def results_of(
    story: Story, rule: Rule, written: dict[int, WrittenClip], shown: Picture
) -> list[Rendition]:
    """Name what was written and force it to disk; stills show one frame, or many.

    Outputs that are a file for each frame are not among them.

    Args:
        story: of the job; its attempt is chosen.
        rule: that of the job.
        written: clips by the number of the output.
        shown: the frame that stills show; contact sheets are made of the first clip.
    """
    frame = frame_of(story, rule, story.source_types)
    stage = story.order.stages["out"]
    ending = story.order.drop.path.suffix.lstrip(".")
    made, clips = [], written.values()
    for number, output in enumerate(rule.outputs):
        clip = written.get(number)
        if is_frame_output(output, ending):
            continue
        if clip is None:
            still = shown if output.show == "frame" else _sheet(next(iter(clips)))
            made.append(render_still(still, frame, number, output, stage))
            continue
        size = clip.width, clip.height
        name = str(frame.name(output, *size))
        made.append(staged(clip.path, number, output, name, size, shown))
    return made


def reopened(clip: WrittenClip) -> AbstractContextManager[Clip]:
    """Open a clip that was written, at its beginning."""
    container = _container_format(clip)
    return opened(clip.path, container, read_facts(clip.path, container))


def _container_format(clip: WrittenClip) -> str:
    is_mov = container_of(clip.path.name) in {"mp4", "mov"}
    return "mov" if is_mov else "matroska"


def _sheet(clip: WrittenClip) -> Picture:
    """Return a sheet of frames from all over *clip*."""
    frames = overview(clip.path, _container_format(clip))
    return Picture(sheet_of_frames((at, picture.image) for at, picture in frames))


def _named(output: Output, source: Path) -> str:
    """Return the name of *output* as far as its ending goes."""
    return output.name.replace("{ext}", source.suffix.lstrip("."))
