"""Fields of a dataclass that can also be read by name, as those of a dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

__all__ = ["NamedFields"]


class NamedFields:
    """`response["content"]`, `.get`, `in`, `.items()` and `dict(response)` beside `response.content`.

    Programs that were written for AgentScope, whose responses and usages are dictionaries, read them so.
    """

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:  # Any: the field's own type
        """A field by its name; raises `KeyError` for any other name."""
        if name in self.keys():
            return getattr(self, name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> tuple[str, ...]:
        """The names of the fields, so that `dict(response)` has them all."""
        return tuple(each.name for each in fields(self))  # type: ignore[arg-type]  # every subclass is a dataclass

    def values(self) -> tuple[Any, ...]:  # Any: as of `[]`
        """The values of the fields, in the order of `keys`."""
        return tuple(getattr(self, name) for name in self.keys())

    def items(self) -> tuple[tuple[str, Any], ...]:  # Any: as of `[]`
        """The fields as pairs of name and value."""
        return tuple((name, getattr(self, name)) for name in self.keys())

    def get(self, name: str, default: Any = None) -> Any:  # Any: as of `[]`
        """A field by its name, else the default."""
        return self[name] if name in self.keys() else default
