"""Loading media over HTTP: answers, limits, addresses and redirects."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modelport.adapters.http.httpx import HttpxTransport
from modelport.adapters.media.encoding import LimitedBase64
from modelport.adapters.media.loader import HttpMediaLoader
from modelport.domain.message.urls import shown_url
from tests.adapters.media.server import Elsewhere, Server, answer, redirect, serving
from tests.adapters.media.support import PNG, refusal, source

PUBLIC, PRIVATE = "93.184.216.34", "10.1.2.3"


def names(*addresses: str) -> Resolver:
    return Resolver([list(addresses)])


class Resolver:
    """Answers each question with the next list of addresses, the last one again and again."""

    def __init__(self, answers: list[list[str]]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as running:
        yield running


@pytest.fixture
def transport() -> HttpxTransport:
    return HttpxTransport(trust_env=False)


@pytest.fixture
def loader(transport: HttpxTransport) -> HttpMediaLoader:
    return HttpMediaLoader(transport, allow_private=True)


class TestLoading:
    async def test_the_bytes_come_in_base64_with_the_declared_type(
        self, server: Server, loader: HttpMediaLoader
    ) -> None:
        server.answers["/cat"] = answer(PNG, "image/jpeg")
        loaded = await loader.load(source(server.url("/cat"), "image/png"))
        assert (base64.b64decode(loaded.data), loaded.media_type) == (PNG, "image/png")

    async def test_what_is_asked_for(self, server: Server, loader: HttpMediaLoader) -> None:
        server.answers["/cat?size=2"] = answer()
        await loader.load(source(server.url("/cat?size=2")))
        assert server.requests[-1][0] == "GET /cat?size=2 HTTP/1.1"
        assert server.header("host") == f"127.0.0.1:{server.port}"
        assert server.header("accept").startswith("image/png")
        assert server.header("authorization") == server.header("cookie") == ""

    @pytest.mark.parametrize("status", ["404 Not Found", "401 Unauthorized", "204 No Content", "206 Partial", "500 No"])
    async def test_any_other_status_is_an_error(self, server: Server, loader: HttpMediaLoader, status: str) -> None:
        server.answers["/cat"] = answer(b"" if status[:3] == "204" else PNG, "image/png", status)
        assert f"HTTP {status[:3]}" in await refusal(loader, server.url("/cat"))

    async def test_a_page_in_place_of_a_picture_is_an_error(self, server: Server, loader: HttpMediaLoader) -> None:
        server.answers["/cat"] = answer(b"<html>", "text/html; charset=utf-8")
        message = await refusal(loader, server.url("/cat"))
        assert "text/html" in message and "image/png" in message

    async def test_an_empty_body_is_an_error(self, server: Server, loader: HttpMediaLoader) -> None:
        server.answers["/cat"] = answer(b"")
        assert "empty" in await refusal(loader, server.url("/cat"))

    async def test_a_broken_connection_is_an_error(self, server: Server, loader: HttpMediaLoader) -> None:
        async def half(writer: asyncio.StreamWriter) -> None:
            writer.write(answer(PNG)[:-4])
            await writer.drain()
            raise ConnectionResetError

        server.answers["/cat"] = half
        assert "broke" in await refusal(loader, server.url("/cat"))

    async def test_no_server_is_an_error(self, loader: HttpMediaLoader) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            assert "cannot be fetched" in await refusal(loader, f"http://127.0.0.1:{free.getsockname()[1]}/cat")

    async def test_messages_show_no_query_and_no_password(self, server: Server, loader: HttpMediaLoader) -> None:
        messages = [
            await refusal(loader, server.url("/cat?signature=sesame")),
            await refusal(loader, "http://ann:sesame@127.0.0.1/cat"),
            await refusal(loader, "http://ann:sesame@[127/cat"),
            await refusal(loader, "http://ann:sesame@127.0.0.1:port/cat"),
        ]
        assert "sesame" not in str(messages)

    @pytest.mark.parametrize(
        "url", ["ftp://h/x", "gopher://h/x", "http:///x", "http://h:0/x", "data://image/png;base64,AA"]
    )
    async def test_other_urls_are_refused(self, loader: HttpMediaLoader, url: str) -> None:
        assert "http, https or file" in await refusal(loader, url)


class TestSize:
    async def test_the_limit_itself_is_allowed(self, server: Server, transport: HttpxTransport) -> None:
        server.answers["/cat"] = answer(PNG)
        loader = HttpMediaLoader(transport, allow_private=True, max_bytes=len(PNG))
        assert (await loader.load(source(server.url("/cat")))).data

    async def test_what_says_it_is_too_large_is_not_read(self, server: Server, transport: HttpxTransport) -> None:
        async def only_a_head(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")

        server.answers["/cat"] = only_a_head
        loader = HttpMediaLoader(transport, allow_private=True, max_bytes=100)
        assert "larger than 100 bytes" in await refusal(loader, server.url("/cat"))
        await server.closed.wait()

    async def test_an_endless_body_is_left_at_the_limit(self, server: Server, transport: HttpxTransport) -> None:
        async def endless(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"400\r\n" + b"x" * 0x400 + b"\r\n")
                await writer.drain()

        server.answers["/cat"] = endless
        loader = HttpMediaLoader(transport, allow_private=True, max_bytes=5000)
        message = await refusal(loader, server.url("/cat"))
        assert "larger than 5000 bytes" in message and "max_bytes" in message
        await server.closed.wait()

    @given(st.lists(st.binary(max_size=9), max_size=9))
    def test_pieces_encode_to_what_the_whole_does(self, pieces: list[bytes]) -> None:
        encoded = LimitedBase64("x", 100)
        for piece in pieces:
            encoded.add(piece)
        if whole := b"".join(pieces):
            assert encoded.text() == base64.b64encode(whole).decode()


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1/x",
            "http://localhost/x",
            "http://[::1]/x",
            "http://127.1/x",
            "http://2130706433/x",
            "http://0x7f000001/x",
            "http://0/x",
            "http://10.0.0.1/x",
            "http://169.254.169.254/latest/meta-data",
            "http://[::ffff:127.0.0.1]/x",
            "http://[64:ff9b::7f00:1]/x",
            "http://[2002:7f00:1::]/x",
            "https://192.168.1.1:8443/x",
        ],
    )
    async def test_what_is_not_public_is_refused_before_any_request(self, url: str, transport: HttpxTransport) -> None:
        watched = Elsewhere(transport)
        message = await refusal(HttpMediaLoader(watched), url)
        assert "not a public address" in message and "allow_private" in message
        assert watched.sent == []

    async def test_a_name_with_one_private_address_is_refused(self, transport: HttpxTransport) -> None:
        watched = Elsewhere(transport)
        loader = HttpMediaLoader(watched, resolver=names(PUBLIC, PRIVATE))
        assert PRIVATE in await refusal(loader, "https://media.example/x")
        assert watched.sent == []

    async def test_the_connection_goes_to_the_address_that_was_checked(
        self, server: Server, transport: HttpxTransport
    ) -> None:
        server.answers["/cat"] = answer(PNG)
        resolver = Resolver([[PUBLIC], [PRIVATE]])  # the name changes right after the check
        watched = Elsewhere(transport)
        loader = HttpMediaLoader(watched, resolver=resolver)
        await loader.load(source(server.url("/cat", "media.example")))
        assert [request.address for request in watched.sent] == [PUBLIC]
        assert resolver.asked == [("media.example", server.port)]
        assert server.header("host") == f"media.example:{server.port}"

    async def test_the_next_address_is_tried(self, server: Server, transport: HttpxTransport) -> None:
        server.answers["/cat"] = answer(PNG)
        loader = HttpMediaLoader(transport, allow_private=True, resolver=names("::1", "127.0.0.1"))
        await loader.load(source(server.url("/cat", "media.example")))
        assert server.paths == ["/cat"]

    async def test_an_unknown_host_is_an_error(self, transport: HttpxTransport) -> None:
        async def unknown(host: str, port: int) -> Sequence[str]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        loader = HttpMediaLoader(transport, resolver=unknown)
        assert "'media.example' is unknown" in await refusal(loader, "http://media.example/x")
        assert "no address" in await refusal(HttpMediaLoader(transport, resolver=names()), "http://media.example/x")

    @pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example"])
    async def test_an_impossible_name_is_an_error(self, transport: HttpxTransport, host: str) -> None:
        assert "unknown" in await refusal(HttpMediaLoader(transport), f"http://{host}/x")

    async def test_allowed_addresses_are_not_looked_up(
        self, server: Server, transport: HttpxTransport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.answers["/cat"] = answer(PNG)
        watched = Elsewhere(transport)
        await HttpMediaLoader(watched, allow_private=True).load(source(server.url("/cat")))
        assert watched.sent[0].address is None


class TestRedirects:
    @pytest.mark.parametrize("status", ["301 A", "302 B", "303 C", "307 D", "308 E"])
    async def test_a_redirect_is_followed(self, server: Server, loader: HttpMediaLoader, status: str) -> None:
        server.answers |= {"/a/b": redirect("../cat?x=1", status), "/cat?x=1": answer(PNG)}
        assert base64.b64decode((await loader.load(source(server.url("/a/b")))).data) == PNG

    async def test_five_are_followed_and_no_sixth(self, server: Server, loader: HttpMediaLoader) -> None:
        server.answers |= {f"/{left}": redirect(f"/{left - 1}") for left in range(1, 7)} | {"/0": answer(PNG)}
        await loader.load(source(server.url("/5")))
        assert "more than 5" in await refusal(loader, server.url("/6"))
        assert server.paths == ["/5", "/4", "/3", "/2", "/1", "/0", "/6", "/5", "/4", "/3", "/2", "/1"]

    async def test_each_target_is_checked(self, server: Server, transport: HttpxTransport) -> None:
        server.answers["/cat"] = redirect("http://inner.example/secret")
        resolver = Resolver([[PUBLIC], [PRIVATE]])
        watched = Elsewhere(transport)
        loader = HttpMediaLoader(watched, resolver=resolver)
        assert PRIVATE in await refusal(loader, server.url("/cat", "media.example"))
        assert resolver.asked == [("media.example", server.port), ("inner.example", 80)]
        assert len(watched.sent) == 1

    @pytest.mark.parametrize(
        ("target", "reason"),
        [
            ("file:///etc/passwd", "http, https or file"),
            ("ftp://127.0.0.1/x", "http, https or file"),
            ("//ann:pw@127.0.0.1/x", "password"),
            ("http://[::", "cannot be fetched"),
        ],
    )
    async def test_other_targets_are_refused(
        self, server: Server, loader: HttpMediaLoader, target: str, reason: str
    ) -> None:
        server.answers["/cat"] = redirect(target)
        assert reason in await refusal(loader, server.url("/cat"))

    async def test_a_redirect_to_nowhere_is_an_error(self, server: Server, loader: HttpMediaLoader) -> None:
        server.answers["/cat"] = answer(b"", "", "302 Found")
        assert "without a location" in await refusal(loader, server.url("/cat"))


@given(st.text())
@example("//ann:sesame@host/x?sesame")
def test_shown_urls_hold_no_secret(rest: str) -> None:
    assert "sesame" not in shown_url(f"https://ann:sesame@host/path?key=sesame#{rest.replace('sesame', '')}")
