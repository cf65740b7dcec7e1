"""Transports, timeouts and retries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.cassettes.http_record import RecordTransport
    from .adapters.cassettes.http_replay import ReplayTransport
    from .adapters.cassettes.websocket_record import RecordWebSockets
    from .adapters.cassettes.websocket_replay import ReplayWebSockets
    from .adapters.http.aiohttp import AiohttpTransport
    from .adapters.http.httpx import HttpxTransport
    from .adapters.websocket.websockets import WebsocketsConnector
    from .domain.retry import RetryPolicy, Timeouts
    from .ports.http import HttpRequest, HttpResponse, HttpTransport
    from .ports.media import MediaLoader
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
        "AiohttpTransport": "adapters.http.aiohttp",
        "HttpRequest": "ports.http",
        "HttpResponse": "ports.http",
        "HttpTransport": "ports.http",
        "HttpxTransport": "adapters.http.httpx",
        "MediaLoader": "ports.media",
        "RecordTransport": "adapters.cassettes.http_record",
        "RecordWebSockets": "adapters.cassettes.websocket_record",
        "ReplayTransport": "adapters.cassettes.http_replay",
        "ReplayWebSockets": "adapters.cassettes.websocket_replay",
        "RetryPolicy": "domain.retry",
        "Timeouts": "domain.retry",
        "WebSocketClosed": "ports.websocket",
        "WebSocketConnection": "ports.websocket",
        "WebSocketConnector": "ports.websocket",
        "WebSocketRejected": "ports.websocket",
        "WebSocketRequest": "ports.websocket",
        "WebsocketsConnector": "adapters.websocket.websockets",
    },
)
