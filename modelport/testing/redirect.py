"""A transport that sends every request to a server on this machine, whatever its host."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from ..ports.transport import HttpRequest, HttpResponse, HttpTransport

__all__ = ["RedirectTransport"]


class RedirectTransport:
    """Wraps a transport: scheme and host become `base_url`'s, path and query stay. For running examples offline."""

    def __init__(self, inner: HttpTransport, base_url: str) -> None:
        self._inner = inner
        self._base = urlsplit(base_url)

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """Send the request to the other host."""
        parts = urlsplit(request.url)
        url = urlunsplit((self._base.scheme, self._base.netloc, parts.path, parts.query, ""))
        return await self._inner.send(dataclasses.replace(request, url=url), on_connected)

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        await self._inner.aclose()
