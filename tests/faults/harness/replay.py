"""Says how to run one failing case again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Replay:
    """Wraps each case of a test.

    Usage: ``with replay(seed=7, point=12): ...`` prints both and the command that runs
    that case alone when the body raises. A test that can run one case alone looks into
    ``asked`` for what the command named.
    """

    test: str
    wanted: str
    is_long: bool

    @property
    def asked(self) -> dict[str, str]:
        """What ``--replay`` named, as text by key; empty: run every case."""
        pairs = [pair.partition("=") for pair in self.wanted.split(",") if pair]
        return {key: value for key, _, value in pairs}

    @contextmanager
    def __call__(self, **facts: object) -> Iterator[None]:
        """Print *facts* and the command when the body raises."""
        try:
            yield
        except BaseException:
            case = ",".join(f"{key}={value}" for key, value in facts.items())
            long = " --long" if self.is_long else ""
            sys.stdout.write(
                f"case: {case}\n"
                f"replay: python -m pytest '{self.test}'{long} --replay '{case}'\n"
            )
            raise
