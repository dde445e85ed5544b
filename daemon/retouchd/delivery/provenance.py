"""What an output has to say about how it was made."""

from __future__ import annotations

from collections.abc import Iterable

_BY_WEIGHT = ("", "algorithmicallyEnhanced", "compositeWithTrainedAlgorithmicMedia")


def source_type_of(steps: Iterable[str]) -> str:
    """Return the IPTC DigitalSourceType that the steps of a job add up to.

    Args:
        steps: the type that each step which changed the picture stands for; empty for
            steps that state nothing, such as a crop.

    Returns:
        the heaviest of them: invented pixels outweigh corrected ones. Empty where no
        step states anything. Source: cv.iptc.org, newscodes/digitalsourcetype.
    """
    return max(steps, key=_BY_WEIGHT.index, default="")
