"""Outcomes of jobs that no worker could give: it died, hung, or was never reached."""

from __future__ import annotations

import errno

from retouchd.jobs.messages import Begun
from retouchd.jobs.order import Order
from retouchd.values import Outcome


def killer(order: Order, code: int) -> Outcome:
    """*order* was the one file on which workers died, the last with *code*."""
    return Outcome(
        job=order.job,
        error=f"the program that edits pictures died on this file (exit code {code})",
        hint="open it in an editor and save it anew; if that file fails too, report it",
    )


def hung(begun: Begun) -> Outcome:
    """The step that *begun* tells of overran once too often."""
    return Outcome(
        job=begun.job,
        error=f"the step {begun.step} did not end within {begun.seconds:.0f} s "
        f"at {begun.megapixels:.1f} megapixels, twice",
        hint="on a slow machine raise step_factor under [limits]; else save the file "
        "anew and drop it again",
    )


def stranded(order: Order) -> Outcome:
    """*order* was handed back before it began: its share does not answer."""
    return Outcome(
        job=order.job,
        error="its share went away before the job began",
        hint="nothing to do: it runs when the share is back",
        retryable=True,
        errno=errno.ECANCELED,
    )


def stalled(order: Order, begun: Begun) -> Outcome:
    """The storage that *order* needs did not answer while *begun* ran."""
    return Outcome(
        job=order.job,
        error=f"the storage did not answer for {begun.seconds:.0f} s "
        f"at the step {begun.step}",
        hint="is the server of the share up? see `mount` and the kernel's log",
        retryable=True,
        errno=errno.ETIMEDOUT,
    )
