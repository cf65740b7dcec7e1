"""For how long one call holds the event loop: CPU of the loop's thread between two of its turns, at most.

python -m tests.benchmarks.holds [--smoke]
"""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import time
from collections.abc import Awaitable, Callable

import orjson

from modelport.credential import OpenAICredential
from modelport.message import DataBlock, UserMsg
from modelport.model import ChatStream, OpenAIChatModel
from tests.benchmarks.memory import FromMemory
from tests.benchmarks.table import Row, main

ROUNDS = 5
Work = Callable[[], Awaitable[int]]
"""Makes the call; the result is what is checked."""


async def longest_hold(work: Work, least: int) -> float:
    """Milliseconds of CPU of this thread between two turns of the loop, at most, while the work runs."""
    gc.collect()
    working = asyncio.ensure_future(work())
    longest, before = 0.0, time.thread_time()
    while not working.done():
        await asyncio.sleep(0)
        now = time.thread_time()
        longest, before = max(longest, now - before), now
    assert await working >= least
    return longest * 1e3


def model(answer: FromMemory) -> OpenAIChatModel[ChatStream]:
    """A chat model that streams this answer."""
    return OpenAIChatModel[ChatStream](
        OpenAICredential(api_key="k"), "gpt-4.1", stream=True, transport=answer, card_checks="off"
    )


def counted_tokens(size: int) -> Work:
    """Estimates the tokens of so many bytes of English and of JSON in turn."""
    prose = "The quick brown fox jumps over the lazy dog. " * (size // 45)
    rows = orjson.dumps([{"id": number, "name": f"item {number}"} for number in range(size // 32)]).decode()
    asked = model(FromMemory([]))

    async def work() -> int:
        return min([int(await asked.count_tokens([UserMsg("user", text)])) for text in (prose, rows)])

    return work


def joined_audio(pieces: int) -> Work:
    """Reads an answer of so many pieces of 24 kB of audio, which its last response joins."""
    sound = os.urandom(24_000)
    delta = {"delta": {"audio": {"id": "a", "data": base64.b64encode(sound).decode()}}}
    choices = [delta] * pieces + [{"delta": {}, "finish_reason": "stop"}]
    bodies = [orjson.dumps({"id": "c", "model": "m", "choices": [{"index": 0, **each}]}) for each in choices]
    events = b"".join(b"data: " + body + b"\n\n" for body in [*bodies, b"[DONE]"])
    asked = model(FromMemory([events[start : start + 2**16] for start in range(0, len(events), 2**16)]))

    async def work() -> int:
        async for response in await asked([UserMsg("user", "Sing.")]):
            last = response
        return sum(isinstance(block, DataBlock) for block in last.content)

    return work


def rows(smoke: bool) -> list[Row]:
    """Both, the least of all rounds."""
    size, pieces, rounds = (60_000, 3, 1) if smoke else (1_000_000, 400, ROUNDS)
    works = [
        ("count_tokens of 1 MB: longest hold of the loop", counted_tokens(size), size // 10, 20.0),
        ("an answer with 9.6 MB of audio: longest hold of the loop", joined_audio(pieces), 1, 10.0),
    ]
    return [
        Row(what, min(asyncio.run(longest_hold(work, least)) for _ in range(rounds)), None, "", "ms of CPU", goal)
        for what, work, least, goal in works
    ]


if __name__ == "__main__":
    main(rows)
