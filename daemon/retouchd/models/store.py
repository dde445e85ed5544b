"""Puts models into the folder of models: a whole one, or none."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from retouchd.errors import ConfigError, ModelError, Problem
from retouchd.models.manifest import FILE_NAME, Manifest, read_manifest

UNFINISHED = ".unfinished"
"""Folder beside the models in which they are made ready; a shelf does not look there,
because its manifests lie one level deeper."""


def required_folder(folder: Path | None) -> Path:
    """Return the folder of models, made if need be.

    Raises:
        ConfigError: none is configured.
    """
    if folder is None:
        raise ConfigError(
            Problem(
                "there is no folder for models of your own",
                'set models_dir = "/var/lib/retouchd/models" in the configuration',
                key="models_dir",
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def add_model(folder: Path, manifest: Manifest, weights: bytes | Path) -> Path:
    """Put a model into *folder*; readers see all of it or nothing.

    Args:
        folder: the folder of models.
        manifest: describes *weights*.
        weights: their bytes, or a verified file on the same file system, which is
            moved.

    Returns:
        The folder of the model.

    Raises:
        ModelError: there is one of that name.
        ConfigError: the manifest cannot be read back.
    """
    final = folder / manifest.name
    with _workshop(folder) as bench:
        if final.exists():
            raise ModelError(
                f"there is a model named {manifest.name} already",
                hint=f"say --name, or remove it: retouchd models remove "
                f"{manifest.name}",
                file=final,
            )
        _fill(bench / manifest.file, weights)
        text = manifest_text(manifest)
        _fill(bench / FILE_NAME, text.encode())
        read_manifest(bench / FILE_NAME)
        _sync(bench)
        bench.rename(final)
        _sync(folder)
    return final


def part_file(folder: Path, manifest: Manifest) -> Path:
    """Return where unfinished weights lie between two tries.

    The digest is in the name: what another version left is not continued.
    """
    unfinished = folder / UNFINISHED
    unfinished.mkdir(parents=True, exist_ok=True)
    return unfinished / f"{manifest.name}-{manifest.sha256[:16]}.part"


def put_weights(folder: Path, manifest: Manifest, part: Path) -> None:
    """Give *manifest* its fetched weights; from another folder it is copied to ours.

    Args:
        folder: the folder of models.
        manifest: where it was found, perhaps among those that come with retouchd.
        part: verified weights on the same file system; moved.
    """
    if manifest.folder.parent != folder:
        add_model(folder, manifest, part)
        return
    _sync(part)
    part.chmod(0o644)
    part.replace(manifest.weights)
    _sync(manifest.folder)


def remove_model(folder: Path, name: str) -> None:
    """Take the model *name* out of *folder*, in one step, then delete it.

    Raises:
        ModelError: it is not there.
    """
    place = folder / name
    if not (place / FILE_NAME).is_file() or place.parent != folder:
        raise ModelError(
            f"no model named {name} of yours",
            hint="`retouchd models list` names all; those that come with retouchd stay",
            file=folder,
        )
    with _workshop(folder) as bench:
        if place.is_symlink():
            place.unlink()
        else:
            place.rename(bench / name)
        _sync(folder)


@contextlib.contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """Lend an empty folder to one process at a time; what is left in it goes."""
    unfinished = folder / UNFINISHED
    unfinished.mkdir(parents=True, exist_ok=True)
    handle = os.open(unfinished, os.O_RDONLY | os.O_DIRECTORY)
    bench = unfinished / "model"
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        shutil.rmtree(bench, ignore_errors=True)  # of one that was killed
        bench.mkdir()
        yield bench
    finally:
        shutil.rmtree(bench, ignore_errors=True)
        os.close(handle)


def _fill(file: Path, content: bytes | Path) -> None:
    if isinstance(content, Path):
        content.replace(file)
    else:
        file.write_bytes(content)
    file.chmod(0o644)
    _sync(file)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def manifest_text(manifest: Manifest) -> str:
    """Write *manifest* as TOML, every key that differs from its default."""
    values = manifest.model_dump(mode="json", exclude_defaults=True)
    tables = {
        key: values.pop(key) for key in ("input", "mask", "output") if key in values
    }
    parts = [_lines(values)]
    parts += [f"\n[{name}]\n{_lines(table)}" for name, table in tables.items()]
    return "".join(parts)


def _lines(values: Mapping[str, Any]) -> str:
    # Texts, numbers, truth values and lists of them look alike in JSON and TOML.
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
        for key, value in values.items()
    )
