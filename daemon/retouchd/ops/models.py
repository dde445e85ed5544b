"""Takes models in: examines a file on a picture of ours, and puts it on the shelf."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retouchd.errors import ModelError
from retouchd.inspect.kind import Limits, examine
from retouchd.media.colour import to_depth
from retouchd.media.pixels import Pixels, to_array
from retouchd.media.still import decode
from retouchd.models.adding.registration import Candidacy, Wishes, examine_network
from retouchd.models.download import Progress, fetch
from retouchd.models.manifest import Manifest
from retouchd.models.onnx_safety import refuse_unsafe
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.models.store import add_model, part_file, put_weights, required_folder
from retouchd.settings import Settings, shipped_folder
from retouchd.settings.explain import did_you_mean
from retouchd.values import Task

_PICTURES: dict[Task, str] = {
    "upscale": "camera_street.jpg",
    "inpaint": "camera_street.jpg",
    "matte": "product_mug.jpg",
}
"""On which of the samples a network is tried."""


def take_in(
    settings: Settings, file: Path, wishes: Wishes, picture: Path | None
) -> Candidacy:
    """Examine *file*, try it on a picture and put it into the folder of models.

    Args:
        settings: says where models are.
        file: one ONNX file; it stays where it is.
        wishes: what a person says of it.
        picture: what to try it on; ``None``: one of the samples.

    Raises:
        ConfigError: no folder of models, or something that nobody said.
        ModelError: the file is unsafe or does not do its task, or its name or its
            place as default is taken; nothing was written.
    """
    folder = required_folder(settings.models_dir)
    shelf = Shelf(settings.models_folders, Runtime("cpu"))
    tried = examine_network(file, wishes, _pixels(picture, wishes.task))
    _refuse_taken(tried.manifest, shelf)
    add_model(folder, tried.manifest, tried.weights)
    return tried


def to_pull(settings: Settings, names: Sequence[str]) -> list[Manifest]:
    """Return the models whose weights have an address and are not here.

    Args:
        settings: says where models are.
        names: only these; empty: all.

    Raises:
        ModelError: a name is unknown, or its model has no address.
    """
    known = Shelf(settings.models_folders, Runtime("cpu")).manifests()
    by_name = {one.name: one for one in known}
    for name in names:
        if name not in by_name:
            with_address = [one.name for one in known if one.url]
            raise ModelError(
                f"no model is named {name}", hint=did_you_mean(name, with_address)
            )
        if not by_name[name].url and not by_name[name].weights.exists():
            raise ModelError(
                f"{name} names no address",
                hint=f"get it from {by_name[name].source}",
                file=by_name[name].folder,
            )
    return [
        one
        for one in known
        if one.url and not one.weights.exists() and (not names or one.name in names)
    ]


def pull(
    settings: Settings, manifest: Manifest, mirror: str, progress: Progress
) -> None:
    """Fetch the weights of *manifest*, verify them and put them on the shelf.

    Args:
        settings: says where models are.
        manifest: one of ``to_pull``.
        mirror: a folder or an address; empty: the official address.
        progress: told how many bytes are here.

    Raises:
        ConfigError: there is no folder of models.
        ModelError: it cannot be fetched, is not the right file, or is unsafe.
    """
    folder = required_folder(settings.models_dir)
    part = fetch(manifest, mirror, part_file(folder, manifest), progress)
    refuse_unsafe(part.read_bytes(), part)
    put_weights(folder, manifest, part)


def _pixels(picture: Path | None, task: Task) -> Pixels:
    """Decode as the daemon does; RGB of 8 bits."""
    path = picture or shipped_folder("sample_hotfolder") / "in" / _PICTURES[task]
    image = decode(path, examine(path, Limits()).header).image
    return to_array(to_depth(image, 8))[:, :, :3]


def _refuse_taken(manifest: Manifest, shelf: Shelf) -> None:
    """Refuse a name, or a place as default, that another model has."""
    for one in shelf.manifests():
        if one.name == manifest.name:
            raise ModelError(
                f"there is a model named {one.name} already",
                hint="give this one another --name",
                file=one.folder,
            )
        same = (one.task, one.tier, one.scale)
        if same != (manifest.task, manifest.tier, manifest.scale):
            continue
        if manifest.default and one.default and one.weights.is_file():
            raise ModelError(
                f"{one.name} is the default of the tier {one.tier} already",
                hint="leave --default out; rules reach this one by its name",
                file=one.folder,
            )
