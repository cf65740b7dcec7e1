"""The bundle of driven ports that a model runs on, and how a model without one finds the default bundle."""

from __future__ import annotations

from collections.abc import Callable
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

__all__ = ["Runtime", "default_runtime", "set_default_runtime"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """All driven ports that a model needs. One hub's models share one; a model built by hand uses the default."""

    transport: HttpTransport
    clock: Clock
    media_loader: MediaLoader
    cards: CardSource
    rate_limiter: RateLimiter
    telemetry: Telemetry
    websockets: WebSocketConnector

    def over(self, transport: HttpTransport) -> Runtime:
        """The same ports, but for the HTTP transport. `dataclasses.replace` would take twice as long, at each call."""
        return Runtime(
            transport,
            self.clock,
            self.media_loader,
            self.cards,
            self.rate_limiter,
            self.telemetry,
            self.websockets,
        )


def _not_installed() -> Runtime:
    raise RuntimeError("no default runtime is installed; import modelport before building models")


_default: Callable[[], Runtime] = _not_installed
"""A port that composition fills: models read the default runtime, and may not import the module that owns it."""


def set_default_runtime(get: Callable[[], Runtime]) -> None:
    """Install the function that returns the default runtime. Composition calls it; it owns the runtime's lifetime."""
    global _default
    _default = get


def default_runtime() -> Runtime:
    """The runtime of models that were built without one."""
    return _default()
