"""Tries whether a network that finds subjects finds one."""

from __future__ import annotations

from retouchd.errors import ModelError
from retouchd.media.pixels import Pixels
from retouchd.models.adding.conventions import Conventions
from retouchd.models.adding.probe import fitted, run
from retouchd.models.manifest import Manifest
from retouchd.models.matting import estimate_matte
from retouchd.models.session import Session

_ROUNDING = 0.02
_LEAST_SHARE, _MOST_SHARE = 0.01, 0.95
_MOST_DOUBT = 0.5
"""Pixels in doubt, as share of those of the subject; soft hair is far below."""


def settle_matte(
    session: Session, known: Conventions, picture: Pixels
) -> tuple[Manifest, list[str]]:
    """Complete the manifest of *session* by a run on *picture*.

    Args:
        session: its manifest holds what is known.
        known: what need not be found out.
        picture: (H, W, 3), shows what the network is made for.

    Returns:
        The manifest, and what people should know.

    Raises:
        ModelError: it does not run, or finds nothing, or everything, or is unsure.
    """
    if known.activation is None:
        _refuse_other_values(session, picture)
    matte = estimate_matte(session, picture)
    share, doubt = (
        float((matte > 0.5).mean()),
        float(((matte > 0.1) & (matte < 0.9)).mean()),
    )
    if not _LEAST_SHARE < share < _MOST_SHARE or doubt > _MOST_DOUBT * share:
        raise ModelError(
            f"it finds no clear subject: {share:.0%} of the picture, "
            f"and is in doubt about {doubt:.0%}",
            hint="name a picture of what it is made for with --picture, or correct "
            "--range, --mean, --std or --activation",
            file=session.manifest.weights,
        )
    return session.manifest, [
        f"finds a subject on {share:.0%} of the picture, in doubt about {doubt:.0%}"
    ]


def _refuse_other_values(session: Session, picture: Pixels) -> None:
    """Demand opacity, where nobody said how the output becomes so."""
    manifest = session.manifest
    size = manifest.input.fixed or (manifest.tile, manifest.tile)
    values = run(session, fitted(picture, *size))
    low, high = float(values.min()), float(values.max())
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise ModelError(
            f"its values go from {low:.2f} to {high:.2f}: that is no opacity yet",
            hint="say --activation sigmoid (most networks that give any number), or "
            "minmax (U2-Net and its kin)",
            file=manifest.weights,
        )
