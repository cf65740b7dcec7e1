"""The bundle of driven ports that a model runs on, and the one slot for the default bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cards import CardSource
    from .clock import Clock
    from .http import HttpTransport
    from .media import MediaLoader
    from .rate_limiter import RateLimiter
    from .telemetry import Telemetry
    from .websocket import WebSocketConnector

__all__ = ["Runtime", "default_runtime", "replaced_default_runtime", "set_default_runtime"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything outside that a model needs. One hub's models share one; a model built by hand uses the default."""

    transport: HttpTransport
    clock: Clock
    media_loader: MediaLoader
    cards: CardSource
    rate_limiter: RateLimiter
    telemetry: Telemetry
    websockets: WebSocketConnector


_factory: Callable[[], Runtime] | None = None
_default: Runtime | None = None


def set_default_runtime(factory: Callable[[], Runtime]) -> None:
    """Say how the default runtime is built; it is built at its first use, and again after this call."""
    global _factory, _default
    _factory, _default = factory, None


@contextmanager
def replaced_default_runtime(factory: Callable[[], Runtime]) -> Iterator[None]:
    """Within it the default runtime is this one; afterwards the one from before, with whatever it has open."""
    global _factory, _default
    before = _factory, _default
    set_default_runtime(factory)
    try:
        yield
    finally:
        _factory, _default = before


def default_runtime() -> Runtime:
    """The runtime of models that were given none."""
    global _default
    if _default is None:
        if _factory is None:
            raise RuntimeError("no default runtime is set; import modelport before building models")
        _default = _factory()
    return _default
