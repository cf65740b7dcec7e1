"""The transport over aiohttp: with one packet per event it needs less than half the time of httpx's."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import ContextVar
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

from ...application.call.per_loop import PerLoop
from ...domain.errors import ModelportError, SettingsError
from ...ports.http import HttpRequest, HttpResponse
from ..net.closing import Closing
from ..net.errors import connection_error, without_frames
from ..net.tls import LazyContext, Verify
from .content import MAX_ANSWER_BYTES, Decoded, codings, too_large
from .proxies import EnvironmentProxies, checked_proxy, is_socks
from .target import prepared

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.client_proto import ResponseHandler
    from yarl import URL

__all__ = ["AiohttpTransport"]

_LONGEST_HEAD_LINE = 64 * 1024
_LARGE_BODY = 512 * 1024
_URL_AS_IT_IS = re.compile(r"[!-~]+")
"""What needs no encoding: a signed URL must arrive as it was signed."""


_connected: ContextVar[Callable[[], None] | None] = ContextVar("modelport_connected", default=None)
"""What to call once the request that is being sent has a connection."""


class AiohttpTransport(Closing):
    """Sends each request once, over HTTP/1.1: no retries, redirects, cookies or timeouts of its own.

    Args:
        proxy: a proxy's URL; by default the environment's proxies are used.
        verify: whether to check certificates, or a file or folder of authorities, or a context of one's own.
        max_bytes: the most that one answer may have, decompressed.
    """

    def __init__(self, *, proxy: str | None = None, verify: Verify = True, max_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._proxy = proxy
        self._verify = verify
        self._max_bytes = max_bytes
        self._tls: LazyContext | None = None
        self._environment = EnvironmentProxies()
        self._sessions: PerLoop[_Session] = PerLoop(lambda: _Session(_open(False)), _close)
        self._addressed: PerLoop[_Session] = PerLoop(lambda: _Session(_open(True)), _close)

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """Send and return at the head of the answer."""
        session = (self._sessions if request.address is None else self._addressed).get()
        sent = prepared(request)
        if self._tls is None:
            self._tls = LazyContext(self._verify)
        asked = _connected.set(on_connected)
        try:
            response = await session.client.request(
                sent.method,
                # a large body as a file, which is sent in parts: sent at once it would block every other task
                data=io.BytesIO(sent.body) if len(sent.body) > _LARGE_BODY else sent.body or None,
                allow_redirects=False,
                proxy=self._proxy_of(sent.url),
                ssl=self._tls.get() if sent.url.startswith("https") else True,
                **_target(sent),
            )
        except (ModelportError, AssertionError):  # a test's guard against the network raises the latter
            raise
        except Exception as error:
            raise connection_error(error, sent.url) from error
        except BaseException as error:
            raise without_frames(error)
        finally:
            _connected.reset(asked)
        session.answers.add(ref(response, session.answers.discard))
        return _Response(response, sent.url, self._max_bytes, self)

    def _proxy_of(self, url: str) -> str | None:
        """Looked up here, because the library would also replace our keys by those of `.netrc`."""
        proxy = checked_proxy(self._proxy) if self._proxy else self._environment.find(url)
        if proxy is not None and is_socks(proxy):
            raise SettingsError(
                "aiohttp supports no SOCKS proxies; use the transport httpx, with pip install 'httpx[socks]'"
            )
        return proxy

    async def aclose(self) -> None:
        """Close the running loop's pools."""
        await self._sessions.aclose()
        await self._addressed.aclose()


class _Session:
    """A client of one loop, and the answers it has given that are still referred to."""

    __slots__ = ("answers", "client")

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self.client = client
        self.answers: set[ref[aiohttp.ClientResponse]] = set()


async def _close(session: _Session) -> None:
    for answer in list(session.answers):
        if (response := answer()) is not None:
            response.close()  # the library warns of an answer that it finds open once its loop is closed
    await session.client.close()


def _open(addressed: bool) -> aiohttp.ClientSession:
    library = _load()
    kept: dict[str, Any] = {"force_close": True} if addressed else {"keepalive_timeout": 30.0}
    session = library.ClientSession(
        connector=_guarded_connector()(limit=0, **kept),
        timeout=library.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
        cookie_jar=library.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Content-Type",),
        max_line_size=_LONGEST_HEAD_LINE,
        max_field_size=_LONGEST_HEAD_LINE,
    )
    session._retry_connection = False  # there is no public way to have it send a GET only once
    return session  # type: ignore[no-any-return]  # of a module that was loaded late


@cache
def _guarded_connector() -> type[aiohttp.TCPConnector]:
    """A connector class for these connections, which says when it has one. Made late, with the library."""
    from aiohttp import TCPConnector
    from aiohttp.connector import Connection

    class Connector(TCPConnector):
        def __init__(self, **options: Any) -> None:  # Any: arguments of the library's
            super().__init__(**options)
            self._factory = partial(_guarded_handler(), loop=self._loop)

        async def connect(self, *request: Any, **options: Any) -> Connection:  # Any: as above
            """A connection, be it new or reused. A trace of the library's would say so too, at ten times the cost."""
            connection = await super().connect(*request, **options)
            on_connected = _connected.get()
            if on_connected is not None:
                on_connected()
            return connection

    return Connector


@cache
def _guarded_handler() -> type[ResponseHandler]:
    """A class of connections that are closed by bytes that come after the end of an answer.

    The library would take them for the answer to the next request on that connection.
    """
    from aiohttp.client_proto import ResponseHandler

    class Handler(ResponseHandler):
        """One connection. `_answered` says that the answer to the last request has arrived whole."""

        _answered = False
        _final = False
        """Whether the head of the answer has come, of which there is one."""

        def set_response_params(self, **options: Any) -> None:
            self._answered = self._final = False
            super().set_response_params(**options)

        def feed_data(self, data: Any, size: int = 0) -> None:  # a message and its body
            if self._final:  # came in one packet with the end of the answer, which has freed the connection
                self._close()
                return
            self._final = data[0].code >= 200
            super().feed_data(data, size)

        def data_received(self, data: bytes) -> None:
            if self._answered and data:
                self._close()
                return
            super().data_received(data)
            payload = self._payload
            self._answered = self._final and payload is not None and payload.is_eof()

        def _close(self) -> None:
            self.force_close()
            if self.transport is not None:
                self.transport.close()

    return cast("type[ResponseHandler]", Handler)


class _Response:
    """An answer of aiohttp, whose own buffer reads ahead and returns everything that has arrived."""

    __slots__ = ("_closed", "_left", "_limit", "_response", "_transport", "_url", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse, url: str, limit: int, transport: AiohttpTransport) -> None:
        self._response = response
        self._transport = transport  # which would close the connection when dropped
        self._closed = False
        self._url = url
        self._limit = self._left = limit
        self.status: int = response.status
        self.headers: Mapping[str, str] = response.headers

    def __aiter__(self) -> AsyncIterator[bytes]:
        applied = codings(self.headers) if "content-encoding" in self.headers else []
        return Decoded(self, applied, self._limit) if applied else self

    async def __anext__(self) -> bytes:
        content = self._response.content
        try:
            data = b"" if content.at_eof() else await content.readany()
        except Exception as error:
            if rest := self._rest():
                return rest  # the next read raises the error again
            raise connection_error(error, self._url) from error
        if not data:
            raise StopAsyncIteration
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._limit)
        return data

    def _rest(self) -> bytes:
        """What arrived before the connection broke: the library keeps it and reports only the break."""
        read = getattr(self._response.content, "_read_nowait", None)
        return read(-1) if read is not None and not self._closed else b""

    async def aclose(self) -> None:
        """Release the connection."""
        self._closed = True
        self._response.close()


def _load() -> Any:  # Any: a module that may not be installed
    try:
        import aiohttp
    except ImportError as error:
        raise SettingsError("transport 'aiohttp' needs an extra: pip install 'modelport[aiohttp]'") from error
    except OSError as error:  # it makes a TLS context when it is imported
        raise SettingsError(f"aiohttp cannot be loaded: {error}; check the environment's SSLKEYLOGFILE") from error
    return aiohttp


def _target(request: HttpRequest) -> dict[str, Any]:  # Any: arguments of the library's
    """The target: with an address, the host name goes into `Host` and TLS."""
    url = _parsed(request.url)
    if request.address is None:
        return {"url": url, "headers": request.headers}
    headers = {"Host": url.host_port_subcomponent or "", **request.headers}
    return {"url": url.with_host(request.address), "headers": headers, "server_hostname": url.raw_host}


@lru_cache(maxsize=64)
def _parsed(url: str) -> URL:
    from yarl import URL  # loaded by the first request

    return URL(url, encoded=_URL_AS_IT_IS.fullmatch(url) is not None)
