"""The replaceable sources of block and message ids and of UTC timestamps.

Everything else in the domain is deterministic, so an application that replaces both gets reproducible objects.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from uuid import uuid4

__all__ = ["new_id", "new_timestamp", "set_id_factory", "set_timestamp_factory"]

IdFactory = Callable[[], str]
TimestampFactory = Callable[[], str]


def _uuid_hex() -> str:
    return uuid4().hex


def _utc_now() -> str:
    return datetime.now(timezone.utc).isoformat()


_id_factory: IdFactory = _uuid_hex
_timestamp_factory: TimestampFactory = _utc_now


def new_id() -> str:
    """An id from the current factory (default: 32 hexadecimal digits of a random UUID)."""
    return _id_factory()


def new_timestamp() -> str:
    """The current time from the current factory (default: ISO 8601 in UTC with its offset)."""
    return _timestamp_factory()


def set_id_factory(factory: IdFactory | None) -> None:
    """Replace the id factory for the whole process; `None` restores the default."""
    global _id_factory
    _id_factory = factory or _uuid_hex


def set_timestamp_factory(factory: TimestampFactory | None) -> None:
    """Replace the timestamp factory for the whole process; `None` restores the default."""
    global _timestamp_factory
    _timestamp_factory = factory or _utc_now
