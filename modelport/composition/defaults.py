"""The runtime of models that were built by hand."""

from __future__ import annotations

from ..adapters.cards.yaml_source import YamlCardSource
from ..adapters.http.httpx import HttpxTransport
from ..adapters.media.loader import HttpMediaLoader
from ..adapters.net.clock import SystemClock
from ..adapters.rate_limit.unlimited import Unlimited
from ..adapters.telemetry.silent import SilentTelemetry
from ..adapters.websocket.websockets import WebsocketsConnector
from ..ports.http import HttpTransport
from ..ports.runtime import Runtime

__all__ = ["build_runtime"]


def build_runtime(transport: HttpTransport | None = None) -> Runtime:
    """A runtime of real adapters, with one connection pool per event loop."""
    transport = transport or HttpxTransport()
    return Runtime(
        transport=transport,
        clock=SystemClock(),
        media_loader=HttpMediaLoader(transport),
        cards=YamlCardSource(),
        rate_limiter=Unlimited(),
        telemetry=SilentTelemetry(),
        websockets=WebsocketsConnector(),
    )
