"""The in-process limiter and the one on a shared database."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from modelport.adapters.http.httpx import HttpxTransport
from modelport.adapters.rate_limit.in_process import InProcessRateLimiter
from modelport.adapters.rate_limit.limits import RateLimit
from modelport.adapters.rate_limit.sql import SQLRateLimiter
from modelport.composition.defaults import build_runtime
from modelport.credential import OpenAICredential
from modelport.embedding import OpenAIEmbeddingModel
from modelport.error import ModelConnectionError, ModelportError, SettingsError
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel
from modelport.ports.http import HttpRequest, HttpResponse
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer

POSTGRES = os.environ.get("MODELPORT_TEST_POSTGRES", "")
KEY = "openai/m"
Build = Callable[[dict[str, RateLimit]], Any]


@pytest.fixture(params=["in_process", "sqlite", "postgres"])
def build(request: pytest.FixtureRequest, tmp_path: Path) -> Build:
    if request.param == "in_process":
        return lambda limits: InProcessRateLimiter(limits)
    if request.param == "postgres" and not POSTGRES:
        pytest.skip("no PostgreSQL: MODELPORT_TEST_POSTGRES holds no URL")
    url = POSTGRES if request.param == "postgres" else f"sqlite+aiosqlite:///{tmp_path}/limits.db"
    return lambda limits: SQLRateLimiter(url, limits)


def key() -> str:
    """A key of the test's own, as a database outlives a test."""
    return f"openai/{uuid4().hex}"


async def test_waits_and_lets_through_in_order() -> None:
    clock = VirtualClock(skip_sleeps=True)
    limiter = InProcessRateLimiter({"openai": RateLimit(requests=3, period=60)}, clock)
    begun, order = clock.monotonic(), []

    async def one(number: int) -> None:
        await limiter.acquire(KEY, 1)
        order.append((number, round((clock.monotonic() - begun) / 63)))

    await asyncio.gather(*(one(number) for number in range(8)))
    assert order == [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1), (5, 1), (6, 2), (7, 2)]


async def test_tokens_count_and_a_request_above_the_limit_goes_alone() -> None:
    clock = VirtualClock(skip_sleeps=True)
    limiter = InProcessRateLimiter({"*": RateLimit(tokens=100, period=60)}, clock)
    for tokens, total in ((60, 0), (40, 0), (1, 63), (1000, 126), (1, 189)):
        await limiter.acquire(KEY, tokens)
        assert sum(clock.sleeps) == pytest.approx(total)


async def test_keys_are_counted_by_themselves_unless_a_provider_is_named() -> None:
    clock = VirtualClock(skip_sleeps=True)
    each = InProcessRateLimiter({"openai/*": RateLimit(requests=1)}, clock)
    await each.acquire("openai/a", 0)
    await each.acquire("openai/b", 0)
    assert clock.sleeps == []
    together = InProcessRateLimiter({"openai": RateLimit(requests=1)}, clock)
    await together.acquire("openai/a", 0)
    await together.acquire("openai/b", 0)
    assert clock.sleeps == [pytest.approx(63)]


async def test_learns_from_refusals_and_from_what_is_left() -> None:
    clock = VirtualClock(skip_sleeps=True)
    limiter = InProcessRateLimiter(clock=clock)
    limiter.observe(KEY, 429, {"retry-after": "30"})
    await limiter.acquire("openai/other", 0)
    assert clock.sleeps == []
    await limiter.acquire(KEY, 0)
    assert sum(clock.sleeps) == pytest.approx(30)
    limiter.observe(KEY, 200, {"x-ratelimit-remaining-requests": "2", "x-ratelimit-reset-requests": "10s"})
    for total in (30, 30, 40, 40):  # after its renewal nothing is known
        await limiter.acquire(KEY, 0)
        assert sum(clock.sleeps) == pytest.approx(total)
    limiter.observe(KEY, 200, {"x-ratelimit-remaining-tokens": "50", "x-ratelimit-reset-tokens": "5s"})
    for tokens, total in ((40, 40), (5, 40), (6, 45)):
        await limiter.acquire(KEY, tokens)
        assert sum(clock.sleeps) == pytest.approx(total)


async def test_no_period_holds_more_than_the_limit(build: Build) -> None:
    name, begun, granted = key(), time.monotonic(), []
    limiters = [build({"*": RateLimit(requests=10, tokens=70, period=0.3)}) for _ in range(2)]
    shared = isinstance(limiters[0], SQLRateLimiter)

    async def one(number: int) -> None:
        limiter = limiters[number % 2 if shared else 0]
        await limiter.acquire(name, 10)
        granted.append(time.monotonic() - begun)
        limiter.observe(name, 200, {})

    await asyncio.gather(*(one(number) for number in range(20)))
    assert len(granted) == 20 and max(granted) < 60
    granted.sort()
    for start in granted:  # 70 tokens are 7 requests
        assert sum(start <= when < start + 0.3 for when in granted) <= 7
    for limiter in limiters:
        if shared:
            await limiter.aclose()


async def test_a_cancelled_wait_uses_nothing_up(build: Build) -> None:
    name = key()
    limiter = build({"*": RateLimit(requests=1, period=0.2)})
    await limiter.acquire(name, 0)
    limiter.observe(name, 200, {})
    waiting = [asyncio.create_task(limiter.acquire(name, 0)) for _ in range(150)]
    await asyncio.sleep(0.02)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    begun = time.monotonic()
    await limiter.acquire(name, 0)
    assert time.monotonic() - begun < 15, "the cancelled ones used up their 30 seconds"


async def test_a_request_counts_from_its_answer_on(tmp_path: Path) -> None:
    """It may have travelled that long, so what was granted long ago may have arrived just now."""
    name, limits = key(), {"*": RateLimit(requests=1, period=0.2)}
    url = POSTGRES or f"sqlite+aiosqlite:///{tmp_path}/limits.db"
    one, other = SQLRateLimiter(url, limits), SQLRateLimiter(url, limits)
    await one.acquire(name, 0)
    second = asyncio.create_task(other.acquire(name, 0))
    done, _ = await asyncio.wait([second], timeout=0.8)
    assert not done, "the first request is still on its way"
    answered = time.monotonic()
    one.observe(name, 200, {})
    await second
    assert 0.4 < time.monotonic() - answered < 9, "the ten seconds after which a lost request is forgotten"
    await one.aclose()
    await other.aclose()


async def test_a_refusal_of_one_process_holds_the_others(build: Build) -> None:
    name = key()
    one, other = (build({"*": RateLimit(requests=100)}) for _ in range(2))
    if isinstance(one, InProcessRateLimiter):
        other = one
    refused = time.monotonic()
    one.observe(name, 429, {"retry-after-ms": "300"})
    first = asyncio.create_task(one.acquire(name, 0))
    await asyncio.sleep(0.05)
    if isinstance(one, SQLRateLimiter):
        first.cancel()  # the other process learns of it at its next request
        await asyncio.gather(first, return_exceptions=True)
        await one._ask(name, RateLimit(requests=100), 0, one._gate(name))
    await other.acquire(name, 0)
    assert time.monotonic() - refused > 0.29
    await asyncio.gather(first, return_exceptions=True)


async def test_without_a_limit_the_database_is_not_asked() -> None:
    await SQLRateLimiter("postgresql+asyncpg://nobody@127.0.0.1:1/none", {}).acquire(KEY, 1)


async def test_a_database_that_is_away_is_an_error_of_ours() -> None:
    limiter = SQLRateLimiter("postgresql+asyncpg://nobody:secret@127.0.0.1:1/none", {"*": RateLimit(requests=1)})
    with pytest.raises(ModelportError, match="the rate limiter at") as caught:
        await limiter.acquire(KEY, 1)
    assert "secret" not in str(caught.value)
    with pytest.raises(SettingsError, match="the rate limiter"):
        SQLRateLimiter("mysql://host/db", {})


class Recorder:
    """What the engine asks and tells."""

    counts_tokens = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.statuses: list[int] = []

    async def acquire(self, key: str, tokens: int) -> None:
        self.asked.append((key, tokens))

    def observe(self, key: str, status: int, headers: Any) -> None:
        self.statuses.append(status)


async def test_the_engine_asks_before_each_attempt_and_tells_of_each_answer() -> None:
    recorder = Recorder()
    runtime = dataclasses.replace(build_runtime(), rate_limiter=recorder, clock=VirtualClock(skip_sleeps=True))
    good = ScriptedAnswer.json({"data": [{"index": 0, "embedding": [1.0]}]})
    async with ScriptedServer([ScriptedAnswer.json({"error": "busy"}, 503), good]) as server:
        credential = OpenAICredential(base_url=server.base_url)
        await OpenAIEmbeddingModel(credential, "m", runtime=runtime)(["twelve bytes"])
    assert recorder.asked == [("openai/m", 5)] * 2 and recorder.statuses == [503, 200]


class RefusedOnce:
    """A transport whose first connection is refused."""

    def __init__(self) -> None:
        self._inner = HttpxTransport()
        self._refused = False

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        if not self._refused:
            self._refused = True
            raise ModelConnectionError("refused")
        return await self._inner.send(request, on_connected)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def test_a_long_wait_for_leave_is_no_connect_timeout() -> None:
    """Between two attempts only the total clock runs."""
    clock = VirtualClock(skip_sleeps=True)
    limiter = InProcessRateLimiter({"*": RateLimit(requests=1, period=100)}, clock)
    runtime = dataclasses.replace(build_runtime(RefusedOnce()), rate_limiter=limiter, clock=clock)
    answer = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}]}
    async with ScriptedServer([ScriptedAnswer.json(answer)]) as server:
        model = OpenAIChatModel(OpenAICredential(base_url=server.base_url), "m", stream=False, runtime=runtime)
        response: Any = await model([UserMsg("user", "hi")])
    assert response.text == "hi" and sum(clock.sleeps) >= 100


@pytest.mark.parametrize("counts", [True, False])
async def test_a_chat_call_says_about_how_many_tokens_it_sends(counts: bool) -> None:
    recorder = Recorder()
    recorder.counts_tokens = counts
    runtime = dataclasses.replace(build_runtime(), rate_limiter=recorder)
    answer = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}]}
    tools: Any = [{"type": "function", "function": {"name": "add", "description": "", "parameters": {}}}]
    async with ScriptedServer([ScriptedAnswer.json(answer)] * 2) as server:
        model = OpenAIChatModel(OpenAICredential(base_url=server.base_url), "m", stream=False, runtime=runtime)
        await model([UserMsg("user", "a" * 3000)])
        await model([UserMsg("user", "a" * 3000)], tools)
    short, long = [tokens for _, tokens in recorder.asked]
    assert (1000 <= short < 1020 and short < long < short + 50) if counts else (short, long) == (0, 0)
