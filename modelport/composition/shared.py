"""The container's singleton: one object for as long as what it is built from stays the same."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, TypeVar

from dependency_injector import providers

__all__ = ["Shared"]

T = TypeVar("T")


class Shared(providers.Singleton[T]):
    """A singleton that is built again after one of its dependencies was overridden or reset.

    A plain `Singleton` keeps the dependencies of its first use, so that a later override would have no effect and raise
    nothing. What was built before keeps its parts.

    Args:
        provides: builds the object from its dependencies by keyword.
        dependencies: a provider for each.
    """

    def __init__(self, provides: Callable[..., T] | None = None, **dependencies: providers.Provider[Any]) -> None:
        super().__init__(provides, **dependencies)  # Any: each dependency has a type of its own
        self._lock = RLock()
        self._built: tuple[dict[str, object], T] | None = None

    def _provide(self, args: tuple[object, ...], kwargs: dict[str, object]) -> T:
        parts = {name: dependency() for name, dependency in self.kwargs.items()}
        with self._lock:
            if self._built is None or any(self._built[0][name] is not part for name, part in parts.items()):
                self._built = parts, self.cls(**parts)
            return self._built[1]

    def adopt(self, value: T) -> None:
        """Hand this object out that was built elsewhere, of what the dependencies are now."""
        with self._lock:
            self._built = {name: dependency() for name, dependency in self.kwargs.items()}, value

    @property
    def built(self) -> T | None:
        """The object, if one was built."""
        return self._built[1] if self._built else None

    def reset(self) -> Any:  # Any: a context manager of dependency-injector, which resets again
        """Forget the object; the next use builds another."""
        self._built = None
        return super().reset()
