"""The models that are at hand: found in folders, checked, opened once."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from retouchd.errors import ConfigError, ModelError, Problem
from retouchd.log import get_logger
from retouchd.models.manifest import FILE_NAME, Manifest, read_manifest
from retouchd.models.onnx_safety import refuse_unsafe
from retouchd.models.runtime import Runtime
from retouchd.models.session import Session
from retouchd.values import TIERS, Task, Tier

log = get_logger()


class Shelf:
    """Every model below some folders.

    Manifests are read once; a model that is added later needs a new shelf. The daemon
    notices it (``ModelWatch``) and renews its worker, which makes one.
    """

    def __init__(self, folders: Sequence[Path], runtime: Runtime) -> None:
        """Read the manifests; a broken one is kept for ``problems``.

        Args:
            folders: each holds one folder per model; of equal names the first wins.
            runtime: where sessions run.
        """
        self._runtime = runtime
        self._folders = tuple(folders)
        self._manifests: dict[str, Manifest] = {}
        self._broken: list[Problem] = []
        self._open: dict[str, Session] = {}
        self._lock = threading.Lock()
        for path in _manifest_paths(folders):
            self._read(path)

    def manifests(self) -> list[Manifest]:
        """Every readable manifest, by task, tier and name."""
        return sorted(
            self._manifests.values(), key=lambda one: (one.task, one.tier, one.name)
        )

    def broken_manifests(self) -> list[Problem]:
        """Every manifest that cannot be used; no weights are read for it."""
        return [*self._broken, *self._rival_defaults()]

    def problems(self) -> list[Problem]:
        """Every broken manifest, and weights that are missing or not the right ones.

        Weights that have an address but were not pulled yet are no problem until
        a rule asks for them: then ``choose`` says so.
        """
        wrong = (_weights_problem(one) for one in self.manifests())
        return [*self.broken_manifests(), *(problem for problem in wrong if problem)]

    def choose(
        self, task: Task, *, name: str = "", tier: str = "draft", scale: int = 0
    ) -> Manifest:
        """Pick the model for *task*.

        Args:
            task: what it must do.
            name: its name; wins over *tier*.
            tier: whose default to take.
            scale: for ``upscale``: of the defaults, the smallest scale that reaches
                it, else the largest; 0 takes the smallest. Of equal ones that of the
                earlier folder counts.

        Raises:
            ModelError: there is none, or its weights are not here.
        """
        fitting = [one for one in self.manifests() if one.task == task]
        if name:
            fitting = [one for one in fitting if one.name == name]
        else:
            fitting = [one for one in fitting if one.tier == tier and one.default]
        if not fitting:
            raise self._nothing_fits(task, name, tier)
        # A model that must be fetched first never stands before one that is here.
        here = [one for one in fitting if one.weights.is_file()]
        if not here:
            raise _not_here(fitting[0])
        here.sort(key=lambda one: (one.scale, self._rank(one)))
        largest = [one for one in here if one.scale == here[-1].scale]
        return next((one for one in here if one.scale >= scale), largest[0])

    def tiers(self, task: Task) -> tuple[Tier, ...]:
        """Return the tiers that have a model for *task* here, the lowest first."""
        here = {
            one.tier
            for one in self.manifests()
            if one.task == task and one.default and one.weights.is_file()
        }
        return tuple(tier for tier in TIERS if tier in here)

    def best_tier(self, task: Task, wanted: Tier) -> Tier:
        """Return the best tier up to *wanted* with a model here; else *wanted*."""
        most = TIERS.index(wanted)
        below = [one for one in self.tiers(task) if TIERS.index(one) <= most]
        return below[-1] if below else wanted

    def higher_tier(self, task: Task, above: Tier, up_to: Tier) -> Tier | None:
        """Return the next tier above *above*, up to *up_to*, with a model here."""
        low, high = TIERS.index(above), TIERS.index(up_to)
        found = (one for one in self.tiers(task) if low < TIERS.index(one) <= high)
        return next(found, None)

    def open(self, manifest: Manifest) -> Session:
        """Return the session of *manifest*; it is loaded once and stays warm.

        Raises:
            ModelError: the weights are unreadable, not those of the manifest, unsafe,
                or do not run where they shall.
        """
        with self._lock:
            session = self._open.get(manifest.name)
            if session is None:
                weights = _read_weights(manifest)
                session = Session(manifest, weights, self._runtime)
                self._open[manifest.name] = session
                if session.fell_back:
                    log.warning("model_fell_back", model=manifest.name, device="cpu")
            return session

    def _rank(self, manifest: Manifest) -> int:
        """Place of its folder among those of the shelf."""
        return self._folders.index(manifest.folder.parent)

    def _read(self, path: Path) -> None:
        try:
            manifest = read_manifest(path)
        except ConfigError as error:
            self._broken.extend(error.problems)
        else:
            self._manifests.setdefault(manifest.name, manifest)

    def _nothing_fits(self, task: Task, name: str, tier: str) -> ModelError:
        here = ", ".join(
            f"{one.name} ({one.tier}{', default' if one.default else ''})"
            for one in self.manifests()
            if one.task == task
        )
        wanted = f"named {name}" if name else f"as default of the tier {tier}"
        return ModelError(
            f"no model for {task} {wanted}",
            hint=f"there is {here}" if here else f"there is none for {task} at all",
        )

    def _rival_defaults(self) -> Iterator[Problem]:
        """Two defaults for the same task, tier and scale: chance would choose."""
        first: dict[tuple[str, str, int, int], Manifest] = {}
        here = [one for one in self.manifests() if one.weights.is_file()]
        for one in here:
            place = (one.task, one.tier, one.scale, self._rank(one))
            if one.default and first.setdefault(place, one) is not one:
                yield Problem(
                    f"{first[place].name} is the default of this tier already",
                    "set default = false in one of them",
                    str(one.folder / FILE_NAME),
                    key="default",
                )


def _not_here(manifest: Manifest) -> ModelError:
    return ModelError(
        f"the weights of {manifest.name} are not here",
        hint=f"`retouchd models pull {manifest.name}` fetches them from {manifest.url}"
        if manifest.url
        else f"copy them there from {manifest.source}",
        file=manifest.weights,
    )


def _manifest_paths(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(folder.glob(f"*/{FILE_NAME}"))


def _read_weights(manifest: Manifest) -> bytes:
    """Read the weights once: what is hashed is what is looked through and loaded."""
    try:
        _check_size(manifest, manifest.weights.stat())
        weights = manifest.weights.read_bytes()
    except OSError as error:
        raise ModelError(
            f"the weights cannot be read: {error.strerror}",
            hint="run `retouchd check`",
            file=manifest.weights,
        ) from error
    found = hashlib.sha256(weights).hexdigest()
    if found != manifest.sha256:
        raise ModelError(
            f"sha256 is {found}, the manifest says {manifest.sha256}",
            hint="fetch the weights again, or correct the manifest if they are meant",
            file=manifest.weights,
        )
    refuse_unsafe(weights, manifest.weights)
    return weights


def _check_size(manifest: Manifest, status: os.stat_result) -> None:
    """Refuse pipes, and what is not as large as promised, before it is read."""
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(
            "the weights are not a regular file",
            hint="put the file itself there",
            file=manifest.weights,
        )
    if status.st_size != manifest.bytes:
        raise ModelError(
            f"the weights have {status.st_size:,} bytes, "
            f"the manifest says {manifest.bytes:,}",
            hint="fetch the weights again, or correct the manifest if they are meant",
            file=manifest.weights,
        )


def _weights_problem(manifest: Manifest) -> Problem | None:
    if manifest.url and not manifest.weights.exists():
        return None
    try:
        _read_weights(manifest)
    except ModelError as error:
        path = str(manifest.folder / FILE_NAME)
        named = (key for key in ("sha256", "bytes") if key in error.message)
        key = next(named, "file")
        return Problem(f"{manifest.file}: {error.message}", error.hint, path, key=key)
    return None
