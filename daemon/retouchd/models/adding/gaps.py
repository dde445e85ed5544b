"""Says what of a graph does not fit its task, and what nobody has said yet."""

from __future__ import annotations

from collections.abc import Iterator

from retouchd.models.adding.conventions import Conventions
from retouchd.models.adding.graph import Graph, Layout, Tensor
from retouchd.values import Task

_NO_NORMALISATION = (
    "the graph does not say what is subtracted from pixels and what they are divided by"
)
_SAY_NORMALISATION = (
    "say --mean and --std (of ImageNet: 0.485,0.456,0.406 and 0.229,0.224,0.225), "
    "or --range 0,1 where there is neither"
)


def misfits(graph: Graph, task: Task, known: Conventions) -> Iterator[tuple[str, str]]:
    """Yield what makes the graph no network for *task*, with the way out."""
    if task == "upscale" and not graph.pictures and len(graph.masks) == 1:
        yield (
            f"it takes one channel: {graph.masks[0]}",
            "networks that enlarge brightness alone are not run; use one for RGB",
        )
        return
    wanted = (1, 1) if task == "inpaint" else (1, 0)
    if (len(graph.pictures), len(graph.masks)) != wanted:
        named = ", ".join(map(str, graph.inputs))
        what = "a picture and a mask" if task == "inpaint" else "one picture"
        yield f"it takes {named}; for {task} it must take {what}", "see --task"
        return
    picture, output = graph.pictures[0], output_of(graph, known)
    if output is None:
        named = ", ".join(one.name for one in graph.outputs)
        yield f"it has no output {known.output}", f"--output is one of {named}"
        return
    layout = layout_of(picture, known)
    for tensor, planes in ((picture, 3), (output, 1 if task == "matte" else 3)):
        if len(tensor.shape) not in (0, 4):  # 0: the graph does not say
            yield f"{tensor} has not the four axes of a picture", "export it so"
        elif tensor.planes(layout) not in (None, planes):
            yield f"{tensor} has not {planes} channels", "see --task and --layout"
    if len(picture.shape) == 4 and picture.shape[0] not in (None, 1):
        yield f"{picture} takes several pictures at once", "export it for one, or any"


def gaps(graph: Graph, task: Task, known: Conventions) -> Iterator[tuple[str, str]]:
    """Yield what neither graph nor presets nor options say."""
    picture = graph.pictures[0] if graph.pictures else None
    if picture is None or len(picture.shape) != 4:
        return
    layout = layout_of(picture, known)
    if known.size is None and None in picture.size(layout) and task != "upscale":
        yield (
            "the graph takes any size and does not say for which it was trained",
            "say --size, such as 1024",
        )
    if task == "matte" and not known.says_normalisation:
        yield _NO_NORMALISATION, _SAY_NORMALISATION


def output_of(graph: Graph, known: Conventions) -> Tensor | None:
    """Return the output that counts: the one that is named, else the first."""
    named = (one for one in graph.outputs if known.output in (None, one.name))
    return next(named, None)


def layout_of(picture: Tensor, known: Conventions) -> Layout:
    """Return the order of axes; where all is left open, that of most networks."""
    return known.layout or picture.layout() or "NCHW"
