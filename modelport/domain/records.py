"""Dataclasses of the library's inside of which only `__init__` is generated: making one takes a quarter of the time.

`dataclasses` generates and compiles the methods of each class anew, and loading the library for one call makes dozens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    import dataclasses
    from operator import attrgetter
    from reprlib import recursive_repr

    def record(cls=None, /, *, frozen=False, slots=True, kw_only=False):
        """`dataclasses.dataclass`, of which only `__init__` is generated.

        `frozen` is checked by type checkers alone. A frozen record has a hash, as a frozen dataclass has.
        """

        def made(each):
            found = dataclasses.dataclass(each, eq=False, repr=False, slots=slots, kw_only=kw_only)
            fields = dataclasses.fields(found)
            compared = _getter(field.name for field in fields if field.compare)
            hashed = _getter(field.name for field in fields if (field.compare if field.hash is None else field.hash))

            def equal(self, other):
                return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

            def hash_of(self):
                return hash(hashed(self))

            for name, method in {"__repr__": _repr, "__eq__": equal, "__hash__": hash_of if frozen else None}.items():
                if name not in vars(each):
                    setattr(found, name, method)
            return found

        return made if cls is None else made(cls)

    def _getter(names):
        """What reads these attributes; without names, a constant."""
        listed = tuple(names)
        return attrgetter(*listed) if listed else lambda value: ()

    @recursive_repr()
    def _repr(self):
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"
