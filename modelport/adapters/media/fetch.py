"""Media over HTTP: from checked addresses only, also after redirects, and never more than a limit."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import SplitResult, urljoin, urlsplit

from ...domain.errors import MediaError, ModelConnectionError, ModelError
from ...domain.message.urls import encoded_url, shown_url
from ...ports.http import HttpRequest, HttpResponse, HttpTransport
from .addresses import Resolver, is_public
from .encoding import LimitedBase64
from .media_types import contradicts

__all__ = ["HttpFetcher"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_MAX_ADDRESSES = 8
_ADVICE = "the media setting allow_private permits private, loopback and link-local addresses"


class HttpFetcher:
    """Fetches one URL at a time.

    A host is looked up once per request and the connection made to an address that was checked, so a name that
    changes its address in between gains nothing. Without `resolver` nothing is looked up or checked.
    """

    def __init__(
        self, transport: HttpTransport, *, resolver: Resolver | None, allow_private: bool, max_bytes: int
    ) -> None:
        self._transport = transport
        self._resolver = resolver
        self._allow_private = allow_private
        self._max_bytes = max_bytes

    async def fetch(self, url: str, media_type: str) -> str:
        """The body in base64; raises `MediaError` for everything but a whole answer of status 200."""
        for _ in range(_MAX_REDIRECTS + 1):
            response = await self._send(url, media_type)
            try:
                if response.status not in _REDIRECTS:
                    return await self._body(url, response, media_type)
                url = _redirected(url, response)
            finally:
                await response.aclose()
        raise MediaError(f"{shown_url(url)} redirects more than {_MAX_REDIRECTS} times")

    async def _send(self, url: str, media_type: str) -> HttpResponse:
        """The head of the answer, from the first address that can be reached."""
        headers = {"accept": f"{media_type}, */*;q=0.5", "accept-encoding": "identity", "user-agent": "modelport"}
        failure: ModelConnectionError | None = None
        for address in await self._addresses(_checked(url)):
            try:
                return await self._transport.send(HttpRequest("GET", url, headers, address=address))
            except ModelConnectionError as error:
                failure = error
            except ModelError as error:
                raise MediaError(f"{shown_url(url)} cannot be fetched: {error}") from error
        raise MediaError(f"{shown_url(url)} cannot be fetched: {failure}") from failure

    async def _addresses(self, url: SplitResult) -> Sequence[str | None]:
        """Where to connect to; a host with one forbidden address is refused whole."""
        if self._resolver is None:
            return [None]
        host = url.hostname or ""
        try:
            found = await self._resolver(host, url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError) as error:
            raise MediaError(f"{shown_url(url.geturl())} cannot be fetched: the host {host!r} is unknown") from error
        refused = [address for address in found if not (self._allow_private or is_public(address))]
        if refused or not found:
            where = f"is at {refused[0]}, which is not a public address" if refused else "has no address"
            raise MediaError(f"{shown_url(url.geturl())} may not be fetched: the host {host!r} {where}; {_ADVICE}")
        return found[:_MAX_ADDRESSES]

    async def _body(self, url: str, response: HttpResponse, media_type: str) -> str:
        if response.status != 200:
            raise MediaError(f"{shown_url(url)} answered HTTP {response.status}; it must be readable without a login")
        served = response.headers.get("content-type", "")
        if contradicts(served, media_type):
            raise MediaError(f"{shown_url(url)} is {served[:80]!r}, not {media_type} as its source says")
        encoded = LimitedBase64(shown_url(url), self._max_bytes)
        length = response.headers.get("content-length", "")
        if length.isdecimal():
            encoded.expect(int(length))
        try:
            async for data in response:
                encoded.add(data)
        except ModelConnectionError as error:
            raise MediaError(f"{shown_url(url)} cannot be fetched: the connection broke") from error
        except ModelError as error:
            raise MediaError(f"{shown_url(url)} cannot be fetched: {error}") from error
        return encoded.text()


def _checked(url: str) -> SplitResult:
    """The URL's parts; raises `MediaError` unless it is one that may be fetched."""
    try:
        parts = urlsplit(url)
        legal = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise MediaError(f"a media URL is malformed: {error}") from error
    if not legal:
        raise MediaError(f"{shown_url(url)} cannot be fetched: media come by http, https or file URLs")
    if "@" in parts.netloc:
        raise MediaError(f"{shown_url(url)} cannot be fetched: its URL holds a user name or password")
    return parts


def _redirected(url: str, response: HttpResponse) -> str:
    """Where to go on; never from https back to http."""
    location = response.headers.get("location", "")
    if not location:
        raise MediaError(f"{shown_url(url)} answered HTTP {response.status} without a location")
    try:
        target = encoded_url(urljoin(url, location))
        downgraded = urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http"
    except ValueError as error:
        raise MediaError(f"{shown_url(url)} redirects to a URL that cannot be fetched: {error}") from error
    if downgraded:
        raise MediaError(f"{shown_url(url)} redirects from https to http, which is not followed")
    return target
