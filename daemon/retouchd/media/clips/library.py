"""The one importer of PyAV, which comes with the extra ``video``."""

from __future__ import annotations

from types import ModuleType

from retouchd.errors import InputError
from retouchd.settings import silence_svt_av1


def pyav() -> ModuleType:
    """Return PyAV, loaded when the first clip comes: stills need none of its 100 MB.

    Raises:
        InputError: the extra ``video`` is not installed.
    """
    try:
        import av  # noqa: PLC0415  (an extra, and slow to load)
    except ImportError as error:
        raise InputError(
            "clips need the extra 'video', which is not installed",
            hint="pip install 'retouchd[video]', restart the daemon, then drop the "
            "clip again",
        ) from error
    av.logging.set_level(None)  # what matters is raised; the rest is chatter
    silence_svt_av1()
    return av
