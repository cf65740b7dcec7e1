"""The default transport, over httpx or its successor httpx2: the two have one API, so one adapter serves both."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Literal, Self

from ...application.call.per_loop import PerLoop
from ...domain.errors import SettingsError
from ...ports.http import HttpRequest, HttpResponse
from ..net.errors import connection_error
from ..net.tls import tls_context
from .read_ahead import ReadAhead

__all__ = ["HttpxTransport"]

_SENDING = "send_request_headers.started"


class HttpxTransport:
    """Sends each request once: no retries, redirects or timeouts of its own.

    Args:
        library: `httpx` or `httpx2`; imported at the first request.
        options: further arguments of its `AsyncClient`, e.g. `proxy`, `verify` or `http2` (Any: the library's own).
    """

    def __init__(self, library: Literal["httpx", "httpx2"] = "httpx", **options: Any) -> None:
        self._library = library
        self._options = options
        self._clients: PerLoop[Any] = PerLoop(self._open, _close)  # Any: AsyncClient of either library
        self._addressed: PerLoop[Any] = PerLoop(self._open_addressed, _close)  # Any: as above

    def _open(self) -> Any:
        module = _load(self._library)
        limits = module.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30.0)
        return _client(module, {"timeout": None, "follow_redirects": False, "limits": limits, **self._options})

    def _open_addressed(self) -> Any:
        """The client of requests with an address: it keeps no connections, since its pool ignores host names."""
        module = _load(self._library)
        limits = module.Limits(max_connections=None, max_keepalive_connections=0)
        fixed = {"timeout": None, "follow_redirects": False, "limits": limits, "http2": False, "cookies": _no_cookies()}
        return _client(module, {**self._options, **fixed})

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """Send and return at the head of the answer."""
        client = (self._clients if request.address is None else self._addressed).get()
        module = _load(self._library)
        extensions: dict[str, Any] = {}
        url, headers = request.url, request.headers
        try:
            if request.address is not None:
                url, headers = _at_address(module.URL(url), request.address, headers, extensions)
            sent = client.build_request(
                request.method, url, headers=headers, content=request.body, extensions=extensions
            )
            if on_connected is not None:
                sent.extensions["trace"] = _tracer(on_connected, sent.extensions)
            return _Response(await client.send(sent, stream=True), module, self)
        except (module.HTTPError, module.InvalidURL, UnicodeError) as error:
            raise connection_error(error, request.url) from error

    async def aclose(self) -> None:
        """Close the running loop's pools."""
        await self._clients.aclose()
        await self._addressed.aclose()


class _Response:
    """An answer of either library. A body without compression is read below the client's own layers."""

    __slots__ = ("_ahead", "_module", "_response", "_transport", "headers", "status")

    def __init__(self, response: Any, module: Any, transport: HttpxTransport) -> None:
        self._response = response
        self._module = module
        self._transport = transport  # which would close the connection when dropped
        self._ahead: ReadAhead | None = None
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def __aiter__(self) -> AsyncIterator[bytes]:
        response = self._response
        plain = response.headers.get("content-encoding", "identity") == "identity"
        body = aiter(response.stream) if plain else response.aiter_bytes()
        if "content-length" in response.headers:  # all of it is there at once, or nearly so
            return _Translated(body, self._translated)
        self._ahead = ReadAhead(body, self._translated)
        return self._ahead

    def _translated(self, error: Exception) -> Exception:
        if not isinstance(error, self._module.HTTPError):
            return error
        translated = connection_error(error, str(self._response.url))
        translated.__cause__ = error
        return translated

    async def aclose(self) -> None:
        """Release the connection."""
        if self._ahead is not None:
            await self._ahead.aclose()
        await self._response.aclose()


class _Translated:
    """The bytes of a body, with its errors in our terms."""

    __slots__ = ("_next", "_translate")

    def __init__(self, body: AsyncIterator[bytes], translate: Callable[[Exception], Exception]) -> None:
        self._next = body.__anext__
        self._translate = translate

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self._next()
        except StopAsyncIteration:
            raise
        except Exception as error:
            raise self._translate(error) from error.__cause__


def _client(module: Any, options: dict[str, Any]) -> Any:  # Any: of either library
    """A client; `SettingsError` for options, passed or from the environment, that it does not accept."""
    verify = options.get("verify")
    if isinstance(verify, str | Path):
        options["verify"] = tls_context(verify)
    try:
        return module.AsyncClient(**options)
    except (ImportError, OSError, TypeError, ValueError) as error:
        raise SettingsError(f"{module.__name__} does not take these options or the environment's: {error}") from error


async def _close(client: Any) -> None:  # Any: AsyncClient of either library
    await client.aclose()


def _load(library: str) -> Any:  # Any: a module
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise SettingsError(f"transport {library!r} needs its library: pip install {library}") from error


def _at_address(
    url: Any, address: str, headers: Mapping[str, str], extensions: dict[str, Any]
) -> tuple[Any, Mapping[str, str]]:
    """The URL (Any: the library's) with the address as its host; the host name goes into `Host` and TLS."""
    extensions["sni_hostname"] = url.raw_host.decode("ascii")
    return url.copy_with(host=address), {"host": url.netloc.decode("ascii"), **headers}


def _no_cookies() -> CookieJar:
    """A jar that keeps nothing: hosts that share an address must not get each other's cookies."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def _tracer(
    on_connected: Callable[[], None], extensions: dict[str, Any]
) -> Callable[[str, Any], Awaitable[None]]:  # Any: of the library
    """Calls `on_connected` when the request is about to be sent, and then takes itself out of the way."""

    async def trace(event: str, info: Any) -> None:  # Any: details that are not looked at
        if event.endswith(_SENDING):
            extensions.pop("trace", None)
            on_connected()

    return trace
