"""Every key of ``retouchd.toml`` with its default and its limits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from retouchd.settings.budget import Budget
from retouchd.settings.energy import Energy
from retouchd.settings.environment import PREFIX
from retouchd.settings.listen import check_listen
from retouchd.settings.machine import granted_memory, granted_processors
from retouchd.settings.review import Review
from retouchd.settings.shipped import shipped_folder
from retouchd.settings.video import Video

_GIGABYTE = 1024**3
_PRIVATE = ".retouchd"


def _absolute(path: Path) -> Path:
    # Lexical on purpose: a share that hangs must not keep the daemon from starting.
    return Path(os.path.normpath(path.expanduser().absolute()))


def _only_move(mode: object) -> object:
    if mode in ("keep", "replace"):
        raise ValueError(
            f"mode {mode!r} is not in this version", 'set mode = "move" or leave it out'
        )
    return mode


def _split(value: object) -> object:
    """Let a variable of the environment hold a list, with commas."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Gigabytes = Annotated[float, Field(ge=0, le=100_000)]


def _below(name: str) -> Any:
    return Field(default_factory=lambda known: known["path"] / name)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HotFolder(_Section):
    """One watched root.

    Attributes:
        name: what reports and the ledger call it.
        path: the root; the folders below may be set elsewhere, one by one.
        rules: names of rules; the first one that matches a drop wins.
        settle_seconds: overrides the setting of the intake for this folder.
        budget: what it may spend; ``None``: as much as it does.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    path: AbsolutePath
    rules: Annotated[tuple[str, ...], Field(min_length=1)]
    mode: Annotated[Literal["move"], BeforeValidator(_only_move)] = "move"
    settle_seconds: Seconds | None = None
    budget: Budget | None = None
    out: AbsolutePath = _below("out")
    review: AbsolutePath = _below("review")
    rejected: AbsolutePath = _below("rejected")
    done: AbsolutePath = _below("done")
    failed: AbsolutePath = _below("failed")

    @property
    def inbox(self) -> Path:
        """Where people drop files."""
        return self.path / "in"

    @property
    def private(self) -> Path:
        """Marker, claims and unfinished results."""
        return self.path / _PRIVATE

    @property
    def verdicts(self) -> dict[Literal["approve", "reject"], Path]:
        """Where people move results that they decided, by what they decided."""
        return {
            "approve": self.review / "approve",
            "reject": self.review / "reject",
        }

    @property
    def folders(self) -> dict[str, Path]:
        """Every folder under its word, the inbox first."""
        return {
            "in": self.inbox,
            "out": self.out,
            "review": self.review,
            "rejected": self.rejected,
            "done": self.done,
            "failed": self.failed,
            _PRIVATE: self.private,
        }


class Intake(_Section):
    """When a file counts as complete, and how folders are watched.

    Attributes:
        settle_seconds: a file must rest so long on a local disk.
        settle_seconds_network: the same on NFS, SMB and other shares.
        rescan_seconds: a full look beside the events of inotify.
        rescan_seconds_network: the only look where events do not arrive.
        ignore: further file patterns that are never taken.
        watch: ``auto`` decides by the mount of each hot folder.
        reserve_mb: nothing is taken in while less is free where results are staged
            and originals archived; millions of bytes.
        return_seconds: how often a share that is away, or full, is tried again.
        heartbeat_seconds: how often a daemon says that it works on a root.
        takeover_seconds: how long it must have been silent before another one on
            another machine takes the root over.
    """

    settle_seconds: Seconds = 2.0
    settle_seconds_network: Seconds = 10.0
    rescan_seconds: Annotated[Seconds, Field(gt=0)] = 60.0
    rescan_seconds_network: Annotated[Seconds, Field(gt=0)] = 5.0
    ignore: Names = ()
    watch: Literal["auto", "inotify", "scan"] = "auto"
    reserve_mb: Annotated[float, Field(ge=0, le=1_000_000_000)] = 200.0
    return_seconds: Annotated[Seconds, Field(gt=0)] = 5.0
    heartbeat_seconds: Annotated[Seconds, Field(gt=0)] = 10.0
    takeover_seconds: Annotated[Seconds, Field(gt=0)] = 60.0


class Worker(_Section):
    """What the worker process may use, and when it is renewed.

    Attributes:
        threads: jobs side by side; 0: one for each granted processor.
        device: ``auto`` takes the GPU where one really loads.
        gpu_fallback: whether a GPU that fails may be replaced by the processor.
        memory_gb: all jobs together; 0: 60 % of what the machine grants.
        gpu_memory_gb: limit for the models on the GPU; 0: no limit.
        max_jobs: the worker is renewed after so many jobs,
        max_hours: or when it is so old,
        max_memory_gb: or when it holds so much beside what its jobs need; 0: as
            much as all jobs together.
    """

    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    gpu_fallback: bool = False
    memory_gb: Gigabytes = 0.0
    gpu_memory_gb: Gigabytes = 0.0
    max_jobs: PositiveInt = 2000
    max_hours: Annotated[float, Field(gt=0, le=8_760)] = 24.0
    max_memory_gb: Gigabytes = 0.0

    @property
    def thread_count(self) -> int:
        """Threads to start, at least 1."""
        return self.threads or granted_processors()

    @property
    def memory_bytes(self) -> int:
        """Bytes that all jobs together may need."""
        if self.memory_gb:
            return int(self.memory_gb * _GIGABYTE)
        return granted_memory() * 6 // 10

    @property
    def max_resident_bytes(self) -> int:
        """Bytes that an idle worker may hold before it is renewed."""
        return int(self.max_memory_gb * _GIGABYTE) or self.memory_bytes


class Limits(_Section):
    """What a file may ask for, before any pixel is decoded and while it is worked on.

    Attributes:
        megapixels: largest picture, in millions of pixels.
        file_mb: largest file, in millions of bytes.
        step_seconds: what each step gets, beside its seconds per megapixel.
        step_factor: multiplies the limit of every step.
    """

    megapixels: Annotated[float, Field(gt=0, le=10_000)] = 500.0
    file_mb: Annotated[float, Field(gt=0, le=1_000_000)] = 2048.0
    step_seconds: Annotated[float, Field(gt=0, le=86_400)] = 120.0
    step_factor: Annotated[float, Field(gt=0, le=1_000)] = 1.0


class Log(_Section):
    """How the log is written; ``auto``: colours on a terminal, else JSON."""

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error", "critical"] = "info"


class Metrics(_Section):
    """Where Prometheus reads figures: ``unix:PATH`` or ``127.0.0.1:PORT``."""

    listen: Annotated[str, AfterValidator(check_listen)] = ""


class Settings(BaseSettings):
    """The whole configuration; made by ``load_settings``."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    database: AbsolutePath
    rules_dir: AbsolutePath | None = None
    models_dir: AbsolutePath | None = None
    require_sandbox: bool = False
    hot_folders: tuple[HotFolder, ...] = ()
    intake: Intake = Intake()
    worker: Worker = Worker()
    limits: Limits = Limits()
    energy: Energy = Energy()
    review: Review = Review()
    video: Video = Video()
    log: Log = Log()
    metrics: Metrics = Metrics()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (pydantic-settings calls it)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (not offered)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (not offered)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file; nothing else is read."""
        return env_settings, init_settings

    @property
    def rules_folders(self) -> tuple[Path, ...]:
        """Where rules are looked for: the configured folder, then the shipped one."""
        return _with_shipped(self.rules_dir, "rules")

    @property
    def models_folders(self) -> tuple[Path, ...]:
        """Where models are looked for: the configured folder, then the shipped one."""
        return _with_shipped(self.models_dir, "models")


def _with_shipped(configured: Path | None, name: str) -> tuple[Path, ...]:
    shipped = shipped_folder(name)
    return (shipped,) if configured is None else (configured, shipped)
