"""Interlaced clips: found by what frames show; whole frames are made of fields."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeAlias

from retouchd.errors import InputError
from retouchd.media.clips.library import pyav

if TYPE_CHECKING:
    from av.filter import Graph
    from av.video.frame import VideoFrame

Fields: TypeAlias = Literal["auto", "tff", "bff"]
"""Which field is shown first: the top one, the bottom one, or as each frame says."""

_JUDGED, _LOOKED = 32, 250
"""After so many frames that could be judged, or that were looked at, it is decided.
Frames that show nothing move cannot be judged."""

_LEAST_COMBED, _LEAST_SHARE = 3, 0.1
"""Combed frames that make a clip interlaced, and their share of those judged. Measured
on 34 progressive clips and on eight of them with their frames woven to fields and to
3:2 pulldown: of what it could judge FFmpeg's idet took no frame of the first for
combed, all of the second and 40 to 100 % of the third. Noise makes it blind, never
wrong."""


def find_fields(frames: Iterable[VideoFrame]) -> Fields | None:
    """Tell whether a clip is interlaced; ``None``: it is not.

    Flags alone would not do: fields are often stored as progressive frames. Frames that
    are marked as interlaced count as such, whatever they show: too much care costs a
    little sharpness, too little tears what moves.

    Args:
        frames: of the clip, from its beginning; only some are taken.
    """
    marks: list[bool] = []
    counts = dict.fromkeys(("tff", "bff", "progressive"), 0)
    for frame in _filtered(_first(frames, marks), ("idet", "")):
        verdict = frame.metadata.get("lavfi.idet.single.current_frame", "")
        if verdict in counts:
            counts[verdict] += 1
        if sum(counts.values()) >= _JUDGED:
            break
    combed = counts["tff"] + counts["bff"]
    if combed >= max(_LEAST_COMBED, _LEAST_SHARE * sum(counts.values())):
        return "tff" if counts["tff"] >= counts["bff"] else "bff"
    return "auto" if any(marks) else None


def deinterlaced(frames: Iterable[VideoFrame], fields: Fields) -> Iterator[VideoFrame]:
    """Yield one whole frame for each of *frames*, with its time and its tags.

    FFmpeg's bwdif looks at one frame before and one behind. So a run of frames out of
    the middle of a clip comes out as it would in one go if it is given with one more
    frame on either side, whose results are then left out.

    Raises:
        InputError: frames of this format or size cannot be de-interlaced.
    """
    waiting: deque[VideoFrame] = deque()
    options = f"mode=send_frame:parity={fields}:deint=all"
    for made in _filtered(_remembered(frames, waiting), ("bwdif", options)):
        like = waiting.popleft()
        if made.format.name != like.format.name:
            raise _unfit(like)
        made.pts, made.time_base = like.pts, like.time_base
        made.duration = like.duration
        yield made


def _first(frames: Iterable[VideoFrame], marks: list[bool]) -> Iterator[VideoFrame]:
    """Yield some frames and note their marks, which the detector writes anew."""
    for frame in islice(frames, _LOOKED):
        marks.append(bool(frame.interlaced_frame))
        yield frame


def _remembered(
    frames: Iterable[VideoFrame], waiting: deque[VideoFrame]
) -> Iterator[VideoFrame]:
    for frame in frames:
        waiting.append(frame)
        yield frame


def _filtered(
    frames: Iterable[VideoFrame], step: tuple[str, str]
) -> Iterator[VideoFrame]:
    """Send *frames* through a filter, given by its name and its options."""
    graph: Graph | None = None
    for frame in frames:
        if graph is None:
            graph = _graph(frame, step)
        graph.vpush(frame)
        yield from _ready(graph)
    if graph is not None:
        graph.vpush(None)
        yield from _ready(graph)


def _graph(frame: VideoFrame, step: tuple[str, str]) -> Graph:
    av = pyav()
    graph: Graph = av.filter.Graph()
    try:
        source = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base,
        )
        nodes = [source, graph.add(*step), graph.add("buffersink")]
        graph.link_nodes(*nodes).configure()
    except av.FFmpegError as error:
        raise _unfit(frame) from error
    return graph


def _ready(graph: Graph) -> Iterator[VideoFrame]:
    av = pyav()
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return


def _unfit(frame: VideoFrame) -> InputError:
    return InputError(
        f"frames of {frame.width} x {frame.height} as {frame.format.name} cannot be "
        "de-interlaced",
        hint="export the clip progressive",
    )
