"""Transports, timeouts and retries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.transport.httpx import HttpxTransport
    from .domain.retry import RetryPolicy, Timeouts
    from .ports.media import MediaLoader
    from .ports.transport import HttpRequest, HttpResponse, HttpTransport

__all__ = [
    "HttpRequest",
    "HttpResponse",
    "HttpTransport",
    "HttpxTransport",
    "MediaLoader",
    "RetryPolicy",
    "Timeouts",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "HttpRequest": "ports.transport",
        "HttpResponse": "ports.transport",
        "HttpTransport": "ports.transport",
        "HttpxTransport": "adapters.transport.httpx",
        "MediaLoader": "ports.media",
        "RetryPolicy": "domain.retry",
        "Timeouts": "domain.retry",
    },
)
