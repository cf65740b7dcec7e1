"""The transport over httpx or its successor httpx2: the two have one API, so one adapter serves both."""

from __future__ import annotations

import importlib
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from ...application.call.per_loop import PerLoop
from ...domain.errors import ModelportError, SettingsError
from ...ports.http import HttpRequest, HttpResponse
from ..net.closing import Closing
from ..net.errors import connection_error, without_frames
from ..net.tls import LazyContext
from .connections import ON_CONNECTED, ONE_USE, RAW_BODY, Connections
from .content import MAX_ANSWER_BYTES, Decoded, codings, too_large
from .read_ahead import ReadAhead
from .target import prepared

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

__all__ = ["HttpxTransport"]

_OF_CONNECTIONS = ("proxy", "trust_env", "http1", "http2", "limits")


class HttpxTransport(Closing):
    """Sends each request once: no retries, redirects, cookies or timeouts of its own.

    Args:
        library: `httpx` or `httpx2`; imported at the first request.
        max_bytes: the most that one answer may have, decompressed.
        options: further arguments of its `AsyncClient`, e.g. `proxy`, `verify` or `http2` (Any: the library's own).
    """

    def __init__(
        self, library: Literal["httpx", "httpx2"] = "httpx", *, max_bytes: int = MAX_ANSWER_BYTES, **options: Any
    ) -> None:
        self._library = library
        self._max_bytes = max_bytes
        self._options = options
        self._clients: PerLoop[Any] = PerLoop(self._open, _close)  # Any: AsyncClient of either library

    def _open(self) -> Any:
        module = _load(self._library)
        options = dict(self._options)
        if "cookies" in options:
            raise SettingsError(f"{self._library}: cookies are not kept; send them in a `cookie` header")
        own = {name: options.pop(name) for name in _OF_CONNECTIONS if name in options}
        try:
            tls = LazyContext(options.pop("verify", True), options.pop("cert", None))
            if own.get("http2") and find_spec("h2") is None:
                raise SettingsError(f"HTTP/2 needs a further package: pip install '{self._library}[http2]'")
            if "transport" not in options:
                core = _load(self._library.replace("httpx", "httpcore"))
                options["transport"] = _transport(module, Connections(module, core, tls.get, **own))
            return module.AsyncClient(timeout=None, follow_redirects=False, cookies=_no_cookies(), **options)
        except (ImportError, OSError, TypeError, ValueError) as error:
            raise SettingsError(f"{self._library} does not take these options: {error}") from error

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """Send and return at the head of the answer."""
        client = self._clients.get()
        sent = prepared(request)
        try:
            outgoing = _outgoing(client, sent)
            if on_connected is not None:
                outgoing.extensions[ON_CONNECTED] = on_connected
            return _Response(await client.send(outgoing, stream=True), sent.url, self._max_bytes, self)
        except (ModelportError, AssertionError):  # a test's guard against the network raises the latter
            raise
        except Exception as error:
            raise connection_error(error, sent.url) from error
        except BaseException as error:
            raise without_frames(error)

    async def aclose(self) -> None:
        """Close the running loop's pools."""
        await self._clients.aclose()


class _Response:
    """An answer of either library. Its body is read below the client's own layers."""

    __slots__ = ("_ahead", "_left", "_limit", "_next", "_response", "_transport", "_url", "headers", "status")

    def __init__(self, response: Any, url: str, limit: int, transport: HttpxTransport) -> None:
        self._response = response
        self._url = url
        self._limit = self._left = limit
        self._transport = transport  # which would close the connection when dropped
        self._ahead: ReadAhead | None = None
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def __aiter__(self) -> AsyncIterator[bytes]:
        body = aiter(self._response.extensions.get(RAW_BODY) or self._response.stream)
        if "content-encoding" in self.headers and (applied := codings(self.headers)):
            body = Decoded(body, applied, self._limit)
        if "content-length" not in self.headers:
            self._ahead = ReadAhead(body, self._translated, limit=self._limit)
            return self._ahead
        self._next = body.__anext__  # all of it is there at once, or nearly so
        return self

    async def __anext__(self) -> bytes:
        try:
            data: bytes = await self._next()
        except StopAsyncIteration:
            raise
        except Exception as error:
            raise self._translated(error) from error.__cause__
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._limit)
        return data

    def _translated(self, error: Exception) -> Exception:
        if isinstance(error, ModelportError | AssertionError):
            return error
        translated = connection_error(error, self._url)
        translated.__cause__ = error
        return translated

    async def aclose(self) -> None:
        """Release the connection."""
        if self._ahead is not None:
            await self._ahead.aclose()
        await self._response.aclose()


async def _close(client: Any) -> None:  # Any: AsyncClient of either library
    await client.aclose()


def _load(library: str) -> Any:  # Any: a module
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise SettingsError(f"transport {library!r} needs its library: pip install {library}") from error


def _transport(module: Any, connections: Connections) -> Any:  # Any: AsyncHTTPTransport of either library
    """The library's transport on our connections. It is the library's, so that tools that replace its methods work."""
    unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    transport = module.AsyncHTTPTransport(verify=unused, trust_env=False)
    transport._pool = connections  # there is no public way to give it another pool
    return transport


def _outgoing(client: Any, request: HttpRequest) -> Any:  # Any: the library's Request
    """The library's request. With an address, the host name goes into `Host` and TLS; the connection is not kept."""
    if request.address is None:
        return client.build_request(
            request.method, request.url, headers=request.headers, content=request.body, extensions={}
        )
    url = client.build_request(request.method, request.url).url
    return client.build_request(
        request.method,
        url.copy_with(host=request.address),
        headers={"host": url.netloc.decode("ascii"), **request.headers},
        content=request.body,
        extensions={"sni_hostname": url.raw_host.decode("ascii"), ONE_USE: True},
    )


def _no_cookies() -> CookieJar:
    """A jar that keeps nothing: a cookie set for one key must not go out with another."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy  # slow to import, and a client is rarely opened

    return CookieJar(DefaultCookiePolicy(allowed_domains=()))
