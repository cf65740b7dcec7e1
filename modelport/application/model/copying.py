"""Copies of objects that may hold shared connections and locks; a copy that is not possible raises an error."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Self

__all__ = ["Copied", "no_copy"]


class Copied:
    """Can be pickled and deep-copied as long as what it holds can; a shallow copy shares it and is always possible."""

    _shared: tuple[str, ...] = ()
    """The attributes that may hold connections."""

    def __copy__(self) -> Self:
        made = object.__new__(type(self))
        vars(made).update(vars(self))
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:  # Any: the copies made so far
        from pickle import PicklingError  # here, because `pickle` takes as long to load as a provider

        made = object.__new__(type(self))
        memo[id(self)] = made
        try:
            vars(made).update({name: copy.deepcopy(value, memo) for name, value in vars(self).items()})
        except (TypeError, AttributeError, NotImplementedError, PicklingError) as error:
            raise no_copy(self, error) from error
        return made

    def __reduce_ex__(self, protocol: Any, /) -> Any:  # Any: as `object` declares them
        from pickle import PicklingError, dumps

        for value in self._parts():
            try:
                dumps(value)
            except (TypeError, AttributeError, NotImplementedError, PicklingError) as error:
                raise no_copy(self, error) from error
        return super().__reduce_ex__(protocol)

    def _parts(self) -> Iterator[object]:
        return (value for name in self._shared if (value := getattr(self, name, None)) is not None)


def no_copy(value: object, reason: BaseException) -> TypeError:
    """The error for an object that cannot be copied, in one sentence."""
    if isinstance(reason, TypeError) and "cannot be pickled or deep-copied" in str(reason):
        return reason
    return TypeError(
        f"{type(value).__name__} cannot be pickled or deep-copied, because it holds connections, locks or a cache of "
        "this process; build it from its settings where it is used, or make a shallow copy"
    )
