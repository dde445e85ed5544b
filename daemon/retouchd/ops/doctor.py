"""Examines a machine and a configuration: what works, what does not, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from retouchd.errors import InputError
from retouchd.intake.mounts import mount_of
from retouchd.jobs.energy import POWERCAP, processor_energy
from retouchd.jobs.process import try_out
from retouchd.jobs.sandbox import Confinement, Protection
from retouchd.media.clips.encoding import ClipEncoding, Encoder
from retouchd.media.clips.proving import prove
from retouchd.models.runtime import Runtime, has_nvidia_device
from retouchd.models.shelf import Shelf
from retouchd.ops.finding import Finding
from retouchd.ops.folders import access, examine_hot_folder, space
from retouchd.ops.machine import examine_machine
from retouchd.settings import Settings


def examine(settings: Settings) -> list[Finding]:
    """Examine all that the daemon will lean on, and change nothing.

    Takes a second or two, and five more for each share that does not answer.
    """
    device = settings.worker.device
    found = list(examine_machine(device))
    for_gpu = device == "cuda" or (device == "auto" and has_nvidia_device())
    closed = try_out(Confinement(for_gpu=for_gpu))
    found.append(sandbox(closed, is_required=settings.require_sandbox))
    found.append(energy(settings.energy.watts_per_core))
    found += ledger(settings.database.parent)
    found += models(settings.models_folders)
    found += encoder(settings.video.encoder)
    for folder in settings.hot_folders:
        found += examine_hot_folder(folder, settings.intake)
    return found


def sandbox(protection: Protection, *, is_required: bool) -> Finding:
    """Judge which locks closed around a worker that was started for this."""
    text = protection.sentence()
    if protection.landlock_version:
        text += f" (Landlock {protection.landlock_version})"
    if not protection.missing:
        return Finding("sandbox", "ok", f"workers are locked in by {text}")
    bad = is_required and not protection.is_enough
    return Finding(
        "sandbox",
        "problem" if bad else "warning",
        f"workers are locked in by {text}",
        "use a kernel from 5.13 on with Landlock among its security modules "
        "(/sys/kernel/security/lsm) and with seccomp filters",
    )


def energy(watts_per_core: float, powercap: Path = POWERCAP) -> Finding:
    """Say whether the energy of jobs is counted or estimated."""
    if processor_energy(powercap) is not None:
        return Finding("energy", "ok", "counted by the processor (RAPL)")
    return Finding(
        "energy",
        "ok",
        f"estimated, {watts_per_core:g} W for a busy core: RAPL is not here or root's",
    )


def encoder(by: Encoder) -> Iterator[Finding]:
    """Try out what encodes clips, where that is hardware."""
    one = ClipEncoding("mp4", by=by)
    if not one.is_hardware:
        return
    try:
        prove(one)
    except InputError as error:
        yield Finding("video encoder", "problem", error.message, error.hint)
    else:
        yield Finding("video encoder", "ok", f"{one.encoder} writes what can be read")


def ledger(folder: Path) -> Iterator[Finding]:
    """Examine the folder that holds the database."""
    complaints = list(access("ledger", folder))
    yield from complaints
    mount = mount_of(folder)
    if mount.is_network:
        yield Finding(
            "ledger",
            "problem",
            f"{folder} lies on {mount.file_system}, where SQLite may lose its writes",
            "set `database` to a path on a local disk",
        )
    elif not complaints:
        yield space("ledger", folder)


def models(folders: Sequence[Path]) -> Iterator[Finding]:
    """Examine every manifest and its weights; weights not fetched yet are only named.

    Args:
        folders: each holds one folder per model.
    """
    # No session is opened here; where it would run plays no part.
    shelf = Shelf(folders, Runtime("cpu"))
    for problem in shelf.problems():
        text = str(problem).removesuffix(f" ({problem.hint})")
        yield Finding("models", "problem", text, problem.hint)
    for one in shelf.manifests():
        subject = f"model {one.name}"
        text = f"{one.task}, {one.tier}"
        if one.weights.exists():
            yield Finding(subject, "ok", text)
        else:
            hint = f"where a rule shall use it: retouchd models pull {one.name}"
            yield Finding(subject, "ok", f"{text}, can be fetched", hint)
