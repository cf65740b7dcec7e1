"""What is kept, what is shared, and what ends early."""

from __future__ import annotations

import asyncio
import base64
import gc
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.http.httpx import HttpxTransport
from modelport.adapters.media.cache import RecentTexts
from modelport.adapters.media.loader import HttpMediaLoader
from modelport.domain.errors import MediaError
from modelport.testing.clock import VirtualClock
from tests.adapters.media.server import Server, answer, redirect, serving
from tests.adapters.media.support import PNG, refusal, source


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
