"""The connections of httpx's or httpx2's transport, kept by host and used by one request at a time.

The libraries' own pool looks at every connection and every waiting request whenever one begins or ends, so that a
thousand calls at once hold the event loop for seconds. Here the next free connection of a host is the top of a stack.
The protocol on each connection remains the library's. HTTP/2 shares connections, so there the library's pool serves.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import lru_cache, partial
from typing import Any, Self

from .pools import Pools
from .proxies import EnvironmentProxies, checked_proxy
from .sockets import Sockets

__all__ = ["ONE_USE", "ON_CONNECTED", "RAW_BODY", "Connections"]

ONE_USE = "modelport_one_use"
"""The extension of a request whose connection serves no other."""
ON_CONNECTED = "modelport_on_connected"
"""The extension of a request that holds what to call once there is a connection."""
RAW_BODY = "modelport_raw_body"
"""The extension of an answer that holds its body, below the client's layers."""

_SENDING = "send_request_headers.started"

_KEPT_SECONDS = 30.0
_KEPT = 1000

_Key = tuple[object, ...]


class Connections:
    """Sends requests in place of the library's pool, in one event loop (Any: objects of libraries loaded late).

    Args:
        module: httpx or httpx2.
        core: the library below it, httpcore or httpcore2.
        tls: makes the context for https; called at the first such request.
        proxy: a proxy's URL or the library's `Proxy`; by default the environment's, if `trust_env`.
        http2: whether to offer HTTP/2.
        limits: the library's `Limits`.
        options: further arguments of httpcore's pools.
    """

    def __init__(
        self,
        module: Any,
        core: Any,
        tls: Callable[[], Any],
        *,
        proxy: Any = None,
        trust_env: bool = True,
        http2: bool = False,
        limits: Any = None,
        **options: Any,
    ) -> None:
        self._core, self._tls = core, tls
        self._sockets = Sockets(core)
        self._proxy = checked_proxy(proxy) if isinstance(proxy, str) else proxy
        self._environment = EnvironmentProxies() if trust_env and proxy is None else None
        self._http2 = http2
        most = getattr(limits, "max_connections", None)
        self._slots = None if most is None else asyncio.Semaphore(most)
        kept = getattr(limits, "max_keepalive_connections", None)
        self._kept: int = _KEPT if kept is None else kept
        self._expiry = _KEPT_SECONDS if limits is None else limits.keepalive_expiry
        common = {"keepalive_expiry": self._expiry, "max_keepalive_connections": self._kept, **options}
        self._pools = Pools(module, core, tls, network_backend=self._sockets, max_connections=None, **common)
        self._free: dict[_Key, deque[Any]] = {}
        self._count = 0
        self._busy: set[Any] = set()

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request of the library below and return its answer, whose body is still to be read."""
        extensions, origin = request.extensions, request.url.origin
        place = origin.scheme, origin.host, origin.port
        proxy = self._proxy if self._environment is None else self._environment.find(_text(*place))
        if self._slots is not None:
            await self._slots.acquire()
        connection = None
        try:
            if self._http2 and ONE_USE not in extensions:
                connection, release = self._pools.get(proxy, secure=True, http2=True), self._release_slot
            else:
                key = None if ONE_USE in extensions else (proxy, *place)
                connection = self._kept_connection(key) or await self._connection(request, origin, proxy)
                release = partial(self._released, key, connection)
                self._busy.add(connection)
            if ON_CONNECTED in extensions and isinstance(connection, self._core.AsyncHTTP11Connection):
                extensions[ON_CONNECTED]()
            elif ON_CONNECTED in extensions:  # the library makes the connection with the first request
                extensions["trace"] = _tracer(extensions[ON_CONNECTED], extensions)
            answer = await connection.handle_async_request(request)
        except BaseException:
            self._release_slot()
            if connection is not None and connection in self._busy:
                self._busy.discard(connection)
                await connection.aclose()
            raise
        facts = {**answer.extensions, RAW_BODY: answer.stream}
        return self._core.Response(
            answer.status, headers=answer.headers, content=_Body(answer.stream, release), extensions=facts
        )

    async def _connection(self, request: Any, origin: Any, proxy: Any) -> Any:
        """A new connection; one to a proxy is opened by its first request."""
        secure = origin.scheme == b"https"
        if proxy is not None:
            return self._pools.get(proxy, secure=secure).create_connection(origin)
        host = origin.host.decode("ascii")
        context = self._tls() if secure else None
        stream = await self._sockets.connect_tcp(host, origin.port)
        if context is not None:
            context.set_alpn_protocols(["http/1.1"])
            stream = await stream.start_tls(context, request.extensions.get("sni_hostname") or host)
        return self._core.AsyncHTTP11Connection(origin, stream, self._expiry)

    def _kept_connection(self, key: _Key | None) -> Any:
        """A free connection to the host, or `None`. What was closed, expired or sent unasked bytes is closed."""
        free = self._free.get(key) if key is not None else None
        while free:
            connection = free.pop()
            self._count -= 1
            if not connection.has_expired() and connection.is_available():
                return connection
            _close_soon(connection)
        return None

    def _released(self, key: _Key | None, connection: Any) -> None:
        """The body was closed: keep the connection, unless it cannot serve another request."""
        if self._slots is not None:
            self._slots.release()
        self._busy.discard(connection)
        if key is None or not connection.is_idle() or self._count >= self._kept:
            _close_soon(connection)
            return
        self._free.setdefault(key, deque()).append(connection)
        self._count += 1
        for free in self._free.values():
            if free and free[0] is not connection and free[0].has_expired():
                self._count -= 1
                _close_soon(free.popleft())

    def _release_slot(self) -> None:
        if self._slots is not None:
            self._slots.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        connections = [*self._busy, *(connection for free in self._free.values() for connection in free)]
        self._free.clear()
        self._busy.clear()
        self._count = 0
        for connection in connections:
            await connection.aclose()
        await self._pools.aclose()


@lru_cache(maxsize=256)
def _text(scheme: bytes, host: bytes, port: int | None) -> str:
    """The origin as a URL."""
    name = host.decode("ascii")
    name = f"[{name}]" if ":" in name else name
    return f"{scheme.decode('ascii')}://{name}:{port}"


class _Body:
    """The body of an answer (Any: the library's stream), which gives its connection back when it is closed."""

    def __init__(self, stream: Any, release: Callable[[], None]) -> None:
        self._stream = stream
        self._release: Callable[[], None] | None = release

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        """Close the body, and its connection if more than the answer has been read from it.

        Those bytes would be taken for the next answer. The library keeps them and has no public way to ask for them.
        """
        release, self._release = self._release, None
        if release is None:
            return
        stream = self._stream
        try:
            protocol = getattr(getattr(stream, "_stream", stream), "_connection", None)
            state = getattr(protocol, "_h11_state", None)
            surplus = state is not None and bool(state.trailing_data[0])
            await stream.aclose()
            if surplus and protocol is not None:
                await protocol.aclose()
        finally:
            release()


def _tracer(on_connected: Callable[[], None], extensions: dict[str, Any]) -> Callable[[str, Any], Awaitable[None]]:
    """Calls `on_connected` when the request is about to be sent, and then removes itself."""

    async def trace(event: str, info: Any) -> None:  # the request may be one to a proxy
        if event.endswith(_SENDING) and info["request"].method != b"CONNECT":
            extensions.pop("trace", None)
            on_connected()

    return trace


_closing: set[asyncio.Task[None]] = set()
"""Tasks that close connections; the event loop holds tasks weakly."""


def _close_soon(connection: Any) -> None:
    if not connection.is_closed():
        task = asyncio.get_running_loop().create_task(connection.aclose())
        _closing.add(task)
        task.add_done_callback(_closing.discard)
