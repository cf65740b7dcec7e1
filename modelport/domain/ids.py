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


_id_factory: IdFactory | None = None
_timestamp_factory: TimestampFactory | None = None


def new_id() -> str:
    """An id from the current factory (default: 32 hexadecimal digits of a random UUID)."""
    return uuid4().hex if _id_factory is None else _id_factory()


def new_timestamp() -> str:
    """The current time from the current factory (default: ISO 8601 in UTC with its offset)."""
    return datetime.now(timezone.utc).isoformat() if _timestamp_factory is None else _timestamp_factory()


def set_id_factory(factory: IdFactory | None) -> None:
    """Replace the id factory for the whole process; `None` restores the default."""
    global _id_factory
    _id_factory = factory


def set_timestamp_factory(factory: TimestampFactory | None) -> None:
    """Replace the timestamp factory for the whole process; `None` restores the default."""
    global _timestamp_factory
    _timestamp_factory = factory
