"""The replaceable sources of block and message ids and of UTC timestamps.

Everything else in the domain is deterministic, so an application that replaces both gets reproducible objects.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from secrets import token_hex

__all__ = ["new_id", "new_timestamp", "set_id_factory", "set_timestamp_factory"]

IdFactory = Callable[[], str]
TimestampFactory = Callable[[], str]


_id_factory: IdFactory | None = None
_timestamp_factory: TimestampFactory | None = None


_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""The digit that says which kind of UUID it is, of any digit."""


def new_id() -> str:
    """An id from the current factory (default: 32 hexadecimal digits of a random UUID)."""
    if _id_factory is not None:
        return _id_factory()
    digits = token_hex(16)  # as `uuid4().hex`, in a third of its time
    return f"{digits[:12]}4{digits[13:16]}{_VARIANTS[digits[16]]}{digits[17:]}"


_now = datetime.now
_second = (datetime.min.replace(tzinfo=timezone.utc), "")
"""The last second that was written, and how: replaced as a whole, since threads share it."""


def new_timestamp() -> str:
    """The current time from the current factory (default: ISO 8601 in UTC with its offset)."""
    if _timestamp_factory is not None:
        return _timestamp_factory()
    global _second
    now = _now(timezone.utc)
    second, written = _second
    rest = now - second
    if rest.days or rest.seconds:
        second = now.replace(microsecond=0)
        written = second.isoformat().partition("+")[0]
        _second = (second, written)
    return f"{written}.{now.microsecond:06d}+00:00"


def set_id_factory(factory: IdFactory | None) -> None:
    """Replace the id factory for the whole process; `None` restores the default."""
    global _id_factory
    _id_factory = factory


def set_timestamp_factory(factory: TimestampFactory | None) -> None:
    """Replace the timestamp factory for the whole process; `None` restores the default."""
    global _timestamp_factory
    _timestamp_factory = factory
