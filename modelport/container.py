"""The container that wires a hub, and the ports that its providers serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.cards.yaml_source import YamlCardSource
    from .adapters.net.clock import SystemClock
    from .composition.container import ModelportContainer
    from .domain.card.cards import BaseCard, CardQuery
    from .ports.cards import CardSource
    from .ports.clock import Clock, TimerHandle
    from .ports.rate_limiter import RateLimiter
    from .ports.runtime import Runtime
    from .ports.telemetry import Telemetry

__all__ = [
    "BaseCard",
    "CardQuery",
    "CardSource",
    "Clock",
    "ModelportContainer",
    "RateLimiter",
    "Runtime",
    "SystemClock",
    "Telemetry",
    "TimerHandle",
    "YamlCardSource",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "BaseCard": "domain.card.cards",
        "CardQuery": "domain.card.cards",
        "CardSource": "ports.cards",
        "Clock": "ports.clock",
        "ModelportContainer": "composition.container",
        "RateLimiter": "ports.rate_limiter",
        "Runtime": "ports.runtime",
        "SystemClock": "adapters.net.clock",
        "Telemetry": "ports.telemetry",
        "TimerHandle": "ports.clock",
        "YamlCardSource": "adapters.cards.yaml_source",
    },
)
