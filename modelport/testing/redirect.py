"""Transports that send everything to a server on this machine, whatever its host."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from urllib.parse import urlsplit, urlunsplit

from ..ports.transport import HttpRequest, HttpResponse, HttpTransport
from ..ports.websocket import WebSocketConnection, WebSocketConnector, WebSocketRequest

__all__ = ["RedirectConnector", "RedirectTransport"]


class RedirectTransport:
    """Wraps a transport: scheme and host become `base_url`'s, path and query stay. For running examples offline.

    Requests to the hosts in `kept` are left alone.
    """

    def __init__(self, inner: HttpTransport, base_url: str, kept: Collection[str] = ()) -> None:
        self._inner = inner
        self._base_url = base_url
        self._kept = kept

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """Send the request to the other host."""
        url = request.url if urlsplit(request.url).hostname in self._kept else _moved(request.url, self._base_url)
        return await self._inner.send(dataclasses.replace(request, url=url), on_connected)

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        await self._inner.aclose()


class RedirectConnector:
    """The same for WebSockets; `base_url` begins with `ws`."""

    def __init__(self, inner: WebSocketConnector, base_url: str, kept: Collection[str] = ()) -> None:
        self._inner = inner
        self._base_url = base_url
        self._kept = kept

    async def connect(self, request: WebSocketRequest) -> WebSocketConnection:
        """Connect to the other host."""
        url = request.url if urlsplit(request.url).hostname in self._kept else _moved(request.url, self._base_url)
        return await self._inner.connect(dataclasses.replace(request, url=url))

    async def aclose(self) -> None:
        """Close what the wrapped connector has open."""
        await self._inner.aclose()


def _moved(url: str, base_url: str) -> str:
    parts, base = urlsplit(url), urlsplit(base_url)
    return urlunsplit((base.scheme, base.netloc, parts.path, parts.query, ""))
