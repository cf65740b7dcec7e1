"""Transports, timeouts and retries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.transport.aiohttp import AiohttpTransport
    from .adapters.transport.httpx import HttpxTransport
    from .adapters.transport.record import RecordTransport
    from .adapters.transport.replay import ReplayTransport
    from .adapters.transport.websockets import WebsocketsConnector
    from .domain.retry import RetryPolicy, Timeouts
    from .ports.media import MediaLoader
    from .ports.transport import HttpRequest, HttpResponse, HttpTransport
    from .ports.websocket import WebSocketConnection, WebSocketConnector, WebSocketRequest

__all__ = [
    "AiohttpTransport",
    "HttpRequest",
    "HttpResponse",
    "HttpTransport",
    "HttpxTransport",
    "MediaLoader",
    "RecordTransport",
    "ReplayTransport",
    "RetryPolicy",
    "Timeouts",
    "WebSocketConnection",
    "WebSocketConnector",
    "WebSocketRequest",
    "WebsocketsConnector",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "AiohttpTransport": "adapters.transport.aiohttp",
        "HttpRequest": "ports.transport",
        "HttpResponse": "ports.transport",
        "HttpTransport": "ports.transport",
        "HttpxTransport": "adapters.transport.httpx",
        "MediaLoader": "ports.media",
        "RecordTransport": "adapters.transport.record",
        "ReplayTransport": "adapters.transport.replay",
        "RetryPolicy": "domain.retry",
        "Timeouts": "domain.retry",
        "WebSocketConnection": "ports.websocket",
        "WebSocketConnector": "ports.websocket",
        "WebSocketRequest": "ports.websocket",
        "WebsocketsConnector": "adapters.transport.websockets",
    },
)
