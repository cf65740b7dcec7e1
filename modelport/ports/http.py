"""The HTTP port: one method. Values are plain bytes and strings, so that any client library can serve it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..domain.secrets import hide_url_secrets

__all__ = ["HttpRequest", "HttpResponse", "HttpTransport"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. Header values and the secrets of the URL are kept out of the repr."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    address: str | None = None
    """An IP address to connect to in place of looking the URL's host up: the caller has looked it up and checked it."""

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {hide_url_secrets(self.url)}, {len(self.body)} bytes)"


class HttpResponse(Protocol):
    """An answer whose body has not been read.

    Contract: the body is iterated at most once. `aclose()` may be called at any time, more than once and from another
    task, whose read of the body then ends; it ends the connection unless the body was read to its end. Chunks are
    decoded (no gzip) and cut as the network cut them.
    """

    @property
    def status(self) -> int:
        """The HTTP status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Header values by lower-case name."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None:
        """Release the connection."""
        ...


class HttpTransport(Protocol):
    """Sends requests.

    Contract: exactly one request per call – no retries, no redirects, no timeouts of its own; the engine owns them.
    Failures to connect or read raise `ModelConnectionError`, from `send` as well as from the body's iteration. A body
    that is larger than the transport permits, or not compressed as it says, raises `ResponseDecodeError`. Nothing that
    belongs to one request, such as a cookie, goes out with another.
    Cancelling `send` or the iteration closes the connection at once. A transport may be used from several tasks, and
    from one event loop after another; what it opened in a loop is closed when that loop shuts down.
    A request with an `address` is sent over a connection to that address and no other. It stays a request to the URL's
    host in everything else (`Host`, TLS name, certificate), and its connection serves no other request.
    A transport that answers in place of the servers, as from recordings, has a non-empty text as the attribute
    `stand_in`; caches keep its answers apart from those of the servers.
    """

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """Send and return at the response's head; `on_connected` is called once the connection is open."""
        ...

    async def aclose(self) -> None:
        """Close what was opened in the running loop; the transport stays usable."""
        ...
