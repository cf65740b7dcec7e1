"""Class attributes that are made at their first use, so that a class can be loaded without what only calls need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

__all__ = ["late"]

T = TypeVar("T")


class _Late(Generic[T]):
    """Stands for an attribute until it is read; then the value takes its place in the class that declares it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner, self._name = owner, name

    def __get__(self, instance: object, owner: type) -> T:
        value = self._make()
        setattr(self._owner, self._name, value)
        return value


if TYPE_CHECKING:

    def late(make: Callable[[], T]) -> T:
        """The value of a class attribute: what `make` returns when the attribute is first read.

        `make` imports what the value is made of. It may run twice when two threads are first at the same time, and
        the last value stays.
        """

else:

    def late(make: Callable[[], Any]) -> _Late[Any]:
        """The value of a class attribute: what `make` returns when the attribute is first read.

        `make` imports what the value is made of. It may run twice when two threads are first at the same time, and
        the last value stays.
        """
        return _Late(make)
