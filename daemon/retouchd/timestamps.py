"""The one written form of a time: UTC, ISO 8601, milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(timestamp: float) -> str:
    """Return *timestamp*, seconds since the epoch, as ``2026-11-22T19:00:00.000Z``."""
    moment = datetime.fromtimestamp(timestamp, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def utc_date(timestamp: float) -> str:
    """Return the UTC date of *timestamp* as ``2026-11-22``."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
