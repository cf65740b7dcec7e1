"""Whole programs without a network: transports that send every request to a server on this machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from ..composition.defaults import build_runtime, replaced_default_runtime
from ..ports.http import HttpRequest, HttpResponse, HttpTransport
from ..ports.runtime import Runtime
from ..ports.websocket import WebSocketConnection, WebSocketConnector, WebSocketRequest
from .providers import answer_provider, answer_provider_socket
from .servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from .servers.websocket import ScriptedWebSocketServer

__all__ = ["RedirectConnector", "RedirectTransport", "offline_providers", "redirected_runtime"]


class RedirectTransport:
    """Wraps a transport: scheme and host become `base_url`'s, path and query stay. For running examples offline.

    Requests to the hosts in `kept` are left alone.
    """

    stand_in: ClassVar[str] = "offline"

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


@contextmanager
def offline_providers(
    answer: Callable[[RecordedRequest], ScriptedAnswer] = answer_provider,
) -> Iterator[ScriptedServer]:
    """Within it, models that were given neither transport nor hub are answered on this machine, whatever their URLs.

    `answer` gives the answers over HTTP. The servers run in threads of their own, so that programs may start and end
    event loops. The HTTP server is handed out: its `requests` are what the models sent.
    """
    with (
        ScriptedServer(answer).in_thread() as server,
        ScriptedWebSocketServer(answer_provider_socket).in_thread() as sockets,
        replaced_default_runtime(lambda: redirected_runtime(server.base_url, sockets.base_url)),
    ):
        yield server


def redirected_runtime(http_url: str, websocket_url: str) -> Runtime:
    """The default runtime, with all traffic going to these hosts; 127.0.0.1 is kept, as it is a test's own server."""
    runtime = build_runtime()
    return dataclasses.replace(
        runtime,
        transport=RedirectTransport(runtime.transport, http_url, kept=("127.0.0.1",)),
        websockets=RedirectConnector(runtime.websockets, websocket_url, kept=("127.0.0.1",)),
    )
