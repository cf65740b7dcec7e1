"""Requests with an address: they connect there and stay requests to the URL's host in everything else."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest

from modelport.adapters.http.aiohttp import AiohttpTransport
from modelport.adapters.http.httpx import HttpxTransport
from modelport.adapters.media.loader import HttpMediaLoader
from modelport.domain.errors import MediaError, ModelConnectionError
from modelport.domain.message.blocks import URLSource
from modelport.ports.http import HttpRequest, HttpTransport
from tests.adapters.media.server import Elsewhere, Server, answer, redirect, serving

PEM = Path(__file__).with_name("media_example.pem")
HERE = "127.0.0.1"
Library = Literal["httpx", "httpx2", "aiohttp"]
LIBRARIES: tuple[Library, ...] = ("httpx", "httpx2", "aiohttp")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as running:
        running.answers["/cat"] = answer()
        yield running


@pytest.fixture
async def tls_server() -> AsyncIterator[Server]:
    """Its certificate is for media.example alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    async with serving(context) as running:
        running.answers["/cat"] = answer()
        yield running


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> Any:  # Any: one of the library names
    return request.param


@pytest.fixture
def transport(library: Library) -> HttpTransport:
    context = ssl.create_default_context(cafile=str(PEM))
    if library == "aiohttp":
        return AiohttpTransport(verify=context)
    return HttpxTransport(library, trust_env=False, verify=context)


async def get(transport: HttpTransport, url: str, address: str | None = HERE) -> bytes:
    response = await transport.send(HttpRequest("GET", url, address=address))
    try:
        return b"".join([data async for data in response])
    finally:
        await response.aclose()


async def test_the_request_names_the_host_of_the_url(server: Server, transport: HttpTransport) -> None:
    assert await get(transport, server.url("/cat", "media.example")) == b"\x89PNG"
    assert server.requests[0][0] == "GET /cat HTTP/1.1"
    assert server.header("host") == f"media.example:{server.port}"


async def test_the_certificate_must_be_the_hosts(tls_server: Server, transport: HttpTransport) -> None:
    assert await get(transport, tls_server.url("/cat", "media.example", "https")) == b"\x89PNG"
    with pytest.raises(ModelConnectionError, match=r"other\.example"):
        await get(transport, tls_server.url("/cat", "other.example", "https"))
    with pytest.raises(ModelConnectionError):
        await get(transport, tls_server.url("/cat", HERE, "https"))
    assert tls_server.paths == ["/cat"]


async def test_no_connection_serves_two_hosts(tls_server: Server, transport: HttpTransport) -> None:
    """A pool that knows hosts by address would hand other.example the connection of media.example, unchecked."""
    await get(transport, tls_server.url("/cat", "media.example", "https"))
    with pytest.raises(ModelConnectionError):
        await get(transport, tls_server.url("/cat", "other.example", "https"))
    await get(transport, tls_server.url("/cat", "media.example", "https"))
    assert tls_server.connections == 2  # the refused handshake never got as far


async def test_no_cookie_passes_from_host_to_host(server: Server, transport: HttpTransport) -> None:
    server.answers["/cat"] = answer(b"x", "image/png", "200 OK", "Set-Cookie: id=1; Path=/")
    await get(transport, server.url("/cat", "one.example"))
    await get(transport, server.url("/cat", "two.example"))
    await get(transport, server.url("/cat", "one.example"))
    assert server.header("cookie") == ""


async def test_ordinary_requests_keep_their_pool(server: Server, transport: HttpTransport) -> None:
    for address in (None, HERE, None, HERE):
        await get(transport, server.url("/cat"), address)
    assert server.connections == 3


async def test_a_proxy_is_sent_to_the_address(library: Library, server: Server) -> None:
    """So that no proxy looks the name up again."""
    proxy = server.url("")
    transport: HttpTransport = (
        AiohttpTransport(proxy=proxy) if library == "aiohttp" else HttpxTransport(library, trust_env=False, proxy=proxy)
    )
    with pytest.raises(ModelConnectionError):
        await get(transport, "https://media.example/cat", "93.184.216.34")
    assert server.requests[0][0] == "CONNECT 93.184.216.34:443 HTTP/1.1"


@pytest.mark.parametrize("address", [None, HERE])
async def test_closing_ends_what_is_open(server: Server, transport: HttpTransport, address: str | None) -> None:
    async def half(writer: asyncio.StreamWriter) -> None:
        writer.write(answer()[:-1])

    server.answers["/half"] = half
    response = await transport.send(HttpRequest("GET", server.url("/half"), address=address))
    await transport.aclose()
    await server.closed.wait()
    await response.aclose()
    assert await get(transport, server.url("/cat"), address) == b"\x89PNG"


class TestLoader:
    async def test_https_media_of_a_named_host(self, tls_server: Server, transport: HttpTransport) -> None:
        loader = HttpMediaLoader(Elsewhere(transport), resolver=public)
        url = tls_server.url("/cat", "media.example", "https")
        loaded = await loader.load(URLSource(url=url, media_type="image/png"))
        assert base64.b64decode(loaded.data) == b"\x89PNG"

    async def test_a_way_back_to_http_is_not_followed(self, tls_server: Server, transport: HttpTransport) -> None:
        tls_server.answers["/cat"] = redirect("http://media.example/cat")
        watched = Elsewhere(transport)
        loader = HttpMediaLoader(watched, resolver=public)
        with pytest.raises(MediaError, match="from https to http"):
            await loader.load(URLSource(url=tls_server.url("/cat", "media.example", "https"), media_type="image/png"))
        assert len(watched.sent) == 1

    async def test_http_may_lead_to_https(self, server: Server, tls_server: Server, transport: HttpTransport) -> None:
        server.answers["/cat"] = redirect(tls_server.url("/cat", "media.example", "https"))
        loader = HttpMediaLoader(Elsewhere(transport), resolver=public)
        loads = [loader.load(URLSource(url=server.url("/cat", "a.example"), media_type="image/png")) for _ in range(3)]
        assert {each.data for each in await asyncio.gather(*loads)} == {base64.b64encode(b"\x89PNG").decode()}


async def public(host: str, port: int) -> list[str]:
    return ["93.184.216.34"]
