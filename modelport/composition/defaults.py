"""The default runtime: what models run on that were given no runtime, such as those built by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..ports.runtime import set_default_runtime

if TYPE_CHECKING:
    from ..ports.clock import Clock
    from ..ports.http import HttpTransport
    from ..ports.runtime import Runtime

__all__ = ["build_runtime", "install", "replaced_default_runtime"]


def build_runtime(transport: HttpTransport | None = None, clock: Clock | None = None) -> Runtime:
    """A new runtime of the default graph (`wiring`), with one connection pool per event loop.

    Args:
        transport, clock: used in place of the default ones by everything in the runtime.
    """
    from .wiring import build_node, runtime

    given = {"transport": transport, "clock": clock}
    return build_node(runtime, {"settings": None} | {name: part for name, part in given.items() if part is not None})


class _Lazy:
    """The runtime that `build` makes, from its first use on."""

    def __init__(self, build: Callable[[], Runtime]) -> None:
        self._build = build
        self._built: Runtime | None = None

    def __call__(self) -> Runtime:
        if self._built is None:
            self._built = self._build()
        return self._built


_current = _Lazy(build_runtime)


def install() -> None:
    """Let models use the current default runtime; nothing is built before the first use."""
    set_default_runtime(_current)


@contextmanager
def replaced_default_runtime(build: Callable[[], Runtime]) -> Iterator[None]:
    """Within it the default runtime is the one that `build` makes; afterwards the one from before, pools and all."""
    global _current
    before, _current = _current, _Lazy(build)
    install()
    try:
        yield
    finally:
        _current = before
        install()
