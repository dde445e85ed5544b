"""Locks a worker process in: few files, no network, no other process.

Imports nothing heavy: the locks must close before numpy, ONNX Runtime or libvips start
threads, because Landlock binds the calling thread and those that it starts later.
"""

from __future__ import annotations

from retouchd.jobs.sandbox.confine import Confinement, Protection, confine

__all__ = ["Confinement", "Protection", "confine"]
