"""Dataclasses of the library's inside, whose methods are shared: making a class takes a quarter of the time.

`dataclasses` generates and compiles the methods of each class anew, and loading the library for one call makes dozens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    import dataclasses
    from reprlib import recursive_repr

    def record(cls=None, /, *, frozen=False, slots=True, kw_only=False):
        """`dataclasses.dataclass`, of which only `__init__` is generated; the other methods are shared.

        `frozen` is checked by type checkers alone. A frozen record has a hash, as a frozen dataclass has.
        """

        def made(each):
            found = dataclasses.dataclass(each, eq=False, repr=False, slots=slots, kw_only=kw_only)
            methods = {"__repr__": _repr, "__eq__": _eq, "__hash__": _hash if frozen else None}
            for name, method in methods.items():
                if name not in vars(each):
                    setattr(found, name, method)
            return found

        return made if cls is None else made(cls)

    @recursive_repr()
    def _repr(self):
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _eq(self, other):
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _compared(self) == _compared(other)

    def _compared(self):
        return tuple(getattr(self, field.name) for field in dataclasses.fields(self) if field.compare)

    def _hash(self):
        fields = dataclasses.fields(self)
        return hash(
            tuple(getattr(self, each.name) for each in fields if (each.compare if each.hash is None else each.hash))
        )
