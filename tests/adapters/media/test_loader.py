"""Loading media: limits, addresses, redirects, sharing, time and files."""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modelport.adapters.media.cache import RecentTexts
from modelport.adapters.media.encoding import LimitedBase64
from modelport.adapters.media.fetch import shown
from modelport.adapters.media.loader import HttpMediaLoader
from modelport.adapters.media.media_types import contradicts
from modelport.adapters.transport.httpx import HttpxTransport
from modelport.domain.blocks import URLSource
from modelport.domain.errors import MediaError
from modelport.testing.clock import VirtualClock
from tests.adapters.media.server import Elsewhere, Server, answer, redirect, serving

PUBLIC, PRIVATE = "93.184.216.34", "10.1.2.3"
PNG = b"\x89PNG and the rest of it"


def source(url: str, media_type: str = "image/png") -> URLSource:
    return URLSource(url=url, media_type=media_type)


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


async def refusal(loader: HttpMediaLoader, url: str, media_type: str = "image/png") -> str:
    with pytest.raises(MediaError) as caught:
        await loader.load(source(url, media_type))
    return str(caught.value)


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
        assert "no public address" in message and "allow_private" in message
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
        assert "where to go" in await refusal(loader, server.url("/cat"))


class TestTypes:
    @pytest.mark.parametrize(
        ("served", "declared"),
        [
            ("image/jpeg", "image/png"),
            ("", "image/png"),
            ("application/octet-stream", "video/mp4"),
            ("Binary/Octet-Stream", "image/png"),
            ("video/mp4", "audio/mp4"),
            ("application/ogg", "audio/ogg"),
            ("text/plain; charset=utf-8", "text/markdown"),
            ("application/x-pdf", "application/pdf"),
            ("text/html", "text/html"),
        ],
    )
    def test_what_may_be(self, served: str, declared: str) -> None:
        assert not contradicts(served, declared)

    @pytest.mark.parametrize(
        ("served", "declared"),
        [
            ("text/html", "image/png"),
            ("TEXT/HTML; charset=utf-8", "application/pdf"),
            ("text/html", "text/plain"),
            ("application/json", "image/png"),
            ("image/png", "audio/wav"),
            ("video/mp4", "image/gif"),
            ("image/png", "application/pdf"),
        ],
    )
    def test_what_may_not_be(self, served: str, declared: str) -> None:
        assert contradicts(served, declared)


class TestKeeping:
    async def test_a_second_load_makes_no_request(self, server: Server, loader: HttpMediaLoader) -> None:
        server.answers["/cat"] = answer(PNG)
        first = await loader.load(source(server.url("/cat")))
        assert await loader.load(source(server.url("/cat"))) == first
        assert len(server.requests) == 1

    async def test_a_failure_is_not_kept(self, server: Server, loader: HttpMediaLoader) -> None:
        await refusal(loader, server.url("/cat"))
        server.answers["/cat"] = answer(b"<html>", "text/html")
        await refusal(loader, server.url("/cat"))
        server.answers["/cat"] = answer(PNG)
        assert (await loader.load(source(server.url("/cat")))).data

    async def test_another_declared_type_is_checked_anew(self, server: Server, loader: HttpMediaLoader) -> None:
        server.answers["/cat"] = answer(PNG)
        await loader.load(source(server.url("/cat")))
        await refusal(loader, server.url("/cat"), "audio/wav")

    async def test_loads_at_the_same_time_share_one_request(self, server: Server, loader: HttpMediaLoader) -> None:
        server.answers["/cat"] = answer(PNG)
        server.answers["/dog"] = answer(PNG)
        wanted = [source(server.url(path)) for path in ("/cat", "/dog", "/cat", "/cat")]
        loaded = await asyncio.gather(*(loader.load(each) for each in wanted))
        assert len({each.data for each in loaded}) == 1
        assert sorted(server.paths) == ["/cat", "/dog"]

    async def test_they_share_a_failure_too(self, server: Server, loader: HttpMediaLoader) -> None:
        loads = (loader.load(source(server.url("/none"))) for _ in range(3))
        results = await asyncio.gather(*loads, return_exceptions=True)
        assert [type(each) for each in results] == [MediaError] * 3
        assert len(server.requests) == 1

    def test_the_one_unused_for_longest_goes_first(self) -> None:
        recent = RecentTexts(10)
        recent.put("a", "aaaa")
        recent.put("b", "bbbb")
        assert recent.get("a") == "aaaa"
        recent.put("c", "cccc")
        assert [recent.get(key) for key in "abc"] == ["aaaa", None, "cccc"]
        recent.put("d", "d" * 11)
        assert [recent.get(key) for key in "acd"] == ["aaaa", "cccc", None]

    @given(st.lists(st.tuples(st.sampled_from("abcd"), st.text("x", max_size=9)), max_size=20))
    def test_the_limit_holds(self, puts: list[tuple[str, str]]) -> None:
        recent = RecentTexts(12)
        for key, text in puts:
            recent.put(key, text)
            kept = [recent.get(each) or "" for each in "abcd"]
            assert recent.get(key) == text
            assert sum(map(len, kept)) <= 12

    async def test_a_small_cache_loads_again(self, server: Server, transport: HttpxTransport) -> None:
        server.answers["/cat"] = answer(PNG)
        loader = HttpMediaLoader(transport, allow_private=True, cache_bytes=4)
        for _ in range(2):
            await loader.load(source(server.url("/cat")))
        assert len(server.requests) == 2

    def test_several_event_loops_one_after_another(self) -> None:
        loader = HttpMediaLoader(HttpxTransport(trust_env=False), allow_private=True, cache_bytes=0)

        async def load() -> str:
            async with serving() as server:
                server.answers["/cat"] = answer(PNG)
                return (await loader.load(source(server.url("/cat")))).data

        assert asyncio.run(load()) == asyncio.run(load())


class Slow:
    """An answer that waits until it is let go."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        whole = answer(PNG)
        writer.write(whole[:-4])
        self.asked.set()
        await self.go.wait()
        writer.write(whole[-4:])
        await writer.drain()


class TestTimeAndCancelling:
    async def test_a_load_that_takes_too_long_is_an_error(self, server: Server, transport: HttpxTransport) -> None:
        server.answers["/cat"] = slow = Slow()
        clock = VirtualClock()
        loader = HttpMediaLoader(transport, allow_private=True, timeout=7, clock=clock)
        load = asyncio.create_task(refusal(loader, server.url("/cat")))
        await slow.asked.wait()
        clock.advance(6.9)
        assert not load.done()
        clock.advance(0.2)
        assert "longer than 7 s" in await load
        assert clock.pending == 0
        slow.go.set()

    async def test_no_timer_stays_behind(self, server: Server, transport: HttpxTransport) -> None:
        server.answers["/cat"] = answer(PNG)
        clock = VirtualClock()
        await HttpMediaLoader(transport, allow_private=True, clock=clock).load(source(server.url("/cat")))
        assert clock.pending == 0

    async def test_cancelling_the_only_load_closes_its_connection(
        self, server: Server, loader: HttpMediaLoader
    ) -> None:
        async def endless(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"1\r\nx\r\n")
                await writer.drain()
                asked.set()
                await asyncio.sleep(0)

        asked = asyncio.Event()
        server.answers["/cat"] = endless
        load = asyncio.create_task(loader.load(source(server.url("/cat"))))
        await asked.wait()
        load.cancel()
        with pytest.raises(asyncio.CancelledError):
            await load
        assert not [task for task in asyncio.all_tasks() if "_fetch" in str(task.get_coro())]
        await server.closed.wait()
        server.answers["/cat"] = answer(PNG)
        assert (await loader.load(source(server.url("/cat")))).data

    async def test_cancelling_one_of_two_loads_leaves_the_other(self, server: Server, loader: HttpMediaLoader) -> None:
        server.answers["/cat"] = slow = Slow()
        first, second = (asyncio.create_task(loader.load(source(server.url("/cat")))) for _ in range(2))
        await slow.asked.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        slow.go.set()
        assert base64.b64decode((await second).data) == PNG
        assert len(server.requests) == 1

    async def test_nothing_is_left_behind(self, server: Server, transport: HttpxTransport) -> None:
        server.answers |= {"/cat": answer(PNG), "/far": redirect("/cat"), "/html": answer(b"<html>", "text/html")}
        loader = HttpMediaLoader(transport, allow_private=True, max_bytes=100)
        before = asyncio.all_tasks()
        await loader.load(source(server.url("/far")))
        await refusal(loader, server.url("/html"))
        await transport.aclose()
        gc.collect()
        own = {task for task in asyncio.all_tasks() - before if "serve" not in str(task.get_coro())}
        assert own == set()


class TestFiles:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "allowed" / "inner").mkdir(parents=True)
        (tmp_path / "outside").mkdir()
        for place in ("allowed/cat.png", "allowed/inner/a cat #1.png", "outside/cat.png"):
            (tmp_path / place).write_bytes(PNG)
        return tmp_path

    @pytest.fixture
    def files(self, transport: HttpxTransport, folder: Path) -> HttpMediaLoader:
        return HttpMediaLoader(transport, roots=[folder / "absent", folder / "allowed"], max_bytes=100)

    @pytest.mark.parametrize("place", ["allowed/cat.png", "allowed/inner/a cat #1.png", "allowed/inner/../cat.png"])
    async def test_below_a_root(self, files: HttpMediaLoader, folder: Path, place: str) -> None:
        url = (folder / "allowed").as_uri() + (folder / place).as_uri()[len((folder / "allowed").as_uri()) :]
        assert base64.b64decode((await files.load(source(url))).data) == PNG

    async def test_without_roots_nothing_may_be_read(self, transport: HttpxTransport, folder: Path) -> None:
        url = (folder / "allowed/cat.png").as_uri()
        message = await refusal(HttpMediaLoader(transport, allow_private=True), url)
        assert "may not be read" in message and "media setting roots" in message

    @pytest.mark.parametrize(
        "place",
        [
            "outside/cat.png",
            "allowed/../outside/cat.png",
            "allowed/%2e%2e/outside/cat.png",
            "allowed-too/x",
            "outside/none",
        ],
    )
    async def test_elsewhere(self, files: HttpMediaLoader, folder: Path, place: str) -> None:
        assert "may not be read" in await refusal(files, f"file://{folder}/{place}")

    async def test_a_link_leads_nowhere_else(self, files: HttpMediaLoader, folder: Path) -> None:
        (folder / "allowed/link.png").symlink_to(folder / "outside/cat.png")
        (folder / "allowed/door").symlink_to(folder / "outside")
        (folder / "allowed/loop").symlink_to(folder / "allowed/loop")
        assert "may not be read" in await refusal(files, (folder / "allowed/link.png").as_uri())
        assert "may not be read" in await refusal(files, (folder / "allowed/door/cat.png").as_uri())
        assert "cannot be read" in await refusal(files, (folder / "allowed/loop").as_uri())

    async def test_links_inside_and_a_linked_root_are_followed(self, transport: HttpxTransport, folder: Path) -> None:
        (folder / "allowed/link.png").symlink_to("inner/a cat #1.png")
        (folder / "root").symlink_to(folder / "allowed")
        loader = HttpMediaLoader(transport, roots=[folder / "root"])
        for url in ((folder / "root/link.png").as_uri(), (folder / "allowed/cat.png").as_uri()):
            assert (await loader.load(source(url))).data

    async def test_only_regular_files(self, files: HttpMediaLoader, folder: Path) -> None:
        os.mkfifo(folder / "allowed/pipe")
        assert "not a regular file" in await refusal(files, (folder / "allowed/pipe").as_uri())
        assert "cannot be read" in await refusal(files, (folder / "allowed/none").as_uri())
        assert "regular" in await refusal(files, (folder / "allowed/inner").as_uri())
        assert "cannot be read" in await refusal(files, f"file://{folder}/allowed/%00")

    async def test_the_limit(self, files: HttpMediaLoader, folder: Path) -> None:
        (folder / "allowed/big").write_bytes(b"x" * 101)
        (folder / "allowed/empty").touch()
        assert "larger than 100 bytes" in await refusal(files, (folder / "allowed/big").as_uri())
        assert "empty" in await refusal(files, (folder / "allowed/empty").as_uri())

    async def test_another_machine_is_refused(self, files: HttpMediaLoader) -> None:
        assert "file:///folder/file" in await refusal(files, "file://server/share/cat.png")

    async def test_a_changed_file_is_read_anew(self, files: HttpMediaLoader, folder: Path) -> None:
        url = (folder / "allowed/cat.png").as_uri()
        first = await files.load(source(url))
        (folder / "allowed/cat.png").write_bytes(b"another")
        assert (await files.load(source(url))).data != first.data

    async def test_reading_happens_in_a_thread(
        self, files: HttpMediaLoader, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        threads: list[int] = []
        opened = os.open

        def watched(path: str, flags: int) -> int:
            threads.append(threading.get_ident())
            return opened(path, flags)

        monkeypatch.setattr(os, "open", watched)
        await files.load(source((folder / "allowed/cat.png").as_uri()))
        assert threads and threading.get_ident() not in threads


@given(st.text())
@example("//ann:sesame@host/x?sesame")
def test_shown_urls_hold_no_secret(rest: str) -> None:
    assert "sesame" not in shown(f"https://ann:sesame@host/path?key=sesame#{rest.replace('sesame', '')}")
