"""Transports, timeouts and retries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.transport.aiohttp import AiohttpTransport
    from .adapters.transport.httpx import HttpxTransport
    from .adapters.transport.record import RecordTransport
    from .adapters.transport.replay import ReplayTransport
    from .adapters.transport.websocket_record import RecordWebSockets
    from .adapters.transport.websocket_replay import ReplayWebSockets
    from .adapters.transport.websockets import WebsocketsConnector
    from .domain.retry import RetryPolicy, Timeouts
    from .ports.media import MediaLoader
    from .ports.transport import HttpRequest, HttpResponse, HttpTransport
    from .ports.websocket import (
        WebSocketClosed,
        WebSocketConnection,
        WebSocketConnector,
        WebSocketRejected,
        WebSocketRequest,
    )

__all__ = [
    "AiohttpTransport",
    "HttpRequest",
    "HttpResponse",
    "HttpTransport",
    "HttpxTransport",
    "MediaLoader",
    "RecordTransport",
    "RecordWebSockets",
    "ReplayTransport",
    "ReplayWebSockets",
    "RetryPolicy",
    "Timeouts",
    "WebSocketClosed",
    "WebSocketConnection",
    "WebSocketConnector",
    "WebSocketRejected",
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
        "RecordWebSockets": "adapters.transport.websocket_record",
        "ReplayTransport": "adapters.transport.replay",
        "ReplayWebSockets": "adapters.transport.websocket_replay",
        "RetryPolicy": "domain.retry",
        "Timeouts": "domain.retry",
        "WebSocketClosed": "ports.websocket",
        "WebSocketConnection": "ports.websocket",
        "WebSocketConnector": "ports.websocket",
        "WebSocketRejected": "ports.websocket",
        "WebSocketRequest": "ports.websocket",
        "WebsocketsConnector": "adapters.transport.websockets",
    },
)
