"""One error tree: what happened, to which file, and what to do about it."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Numbers of the operating system that mean: there is no room."""

AWAY = frozenset(
    {
        errno.EIO,
        errno.EROFS,
        errno.ESTALE,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ECONNABORTED,
        errno.ECONNRESET,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ENODEV,
        errno.ENOTCONN,
        errno.ENXIO,
        errno.ESHUTDOWN,
        errno.ETIMEDOUT,
    }
)
"""Numbers that mean: the share is down, no file is to blame."""


class RetouchdError(Exception):
    """Base of every error that retouchd raises on purpose.

    Attributes:
        message: what happened, in one sentence that names the culprit.
        hint: what the reader can do about it; may be empty.
        file: the file it happened to, where there is one.
        facts: further values for the log.
        retryable: whether the same work may succeed later without a change.
        exit_code: what a command ends with when this error reaches it.
    """

    retryable = False
    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        file: str | Path | None = None,
        **facts: object,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.file = None if file is None else str(file)
        self.facts = facts

    def __str__(self) -> str:
        """Give message, file and hint as one readable line."""
        text = f"{self.file}: {self.message}" if self.file else self.message
        return f"{text} ({self.hint})" if self.hint else text


class InputError(RetouchdError):
    """The dropped file cannot be processed; it ends in ``failed/``."""


class DamagedError(InputError):
    """Bytes are missing or wrong; the file is looked at once more, then refused.

    A copy that stalled looks complete until its pixels are read.
    """

    retryable = True


class StepError(RetouchdError):
    """A step cannot do what the rule asks of this picture."""


class ModelError(RetouchdError):
    """A model file, its manifest or its session is unusable."""


class StorageError(RetouchdError):
    """A folder is full, read-only or away; the work waits and is tried again.

    Attributes:
        errno: what the operating system said; 0 where it said nothing.
    """

    retryable = True

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        file: str | Path | None = None,
        errno: int = 0,
        **facts: object,
    ) -> None:
        super().__init__(message, hint=hint, file=file, **facts)
        self.errno = errno


class RootInUseError(StorageError):
    """Another daemon works on this root and lives; it is watched and waited for."""


class LostRootError(StorageError):
    """Another daemon took this root over; this one must never touch it again."""

    retryable = False


class HeldError(RetouchdError):
    """Only a person can decide what happened to a delivery."""


class LedgerError(RetouchdError):
    """The database is locked, full, damaged or on a network file system."""


class LedgerRefusedError(LedgerError):
    """The database is damaged, foreign or too new: starting again does not help."""

    exit_code = 2


class NoSuchJobError(LedgerError):
    """A command names a job that the ledger does not know."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One mistake in a rule, LUT, manifest, configuration key or variable.

    Attributes:
        message: what is wrong, naming the value found.
        hint: the way out.
        file: the file (or ``environment``) that holds the mistake.
        line: 1-based line in *file*; 0 where there is none.
        key: dotted key, such as ``steps[1].upscale.long_edge``; may be empty.
    """

    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
    key: str = ""

    def __str__(self) -> str:
        """Give ``file:line: key: message (hint)``, leaving out what is empty."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        text = ": ".join(part for part in (place, self.key, self.message) if part)
        return f"{text} ({self.hint})" if self.hint else text


class ConfigError(RetouchdError):
    """Configuration, a rule, a LUT or a manifest is wrong."""

    exit_code = 2

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
