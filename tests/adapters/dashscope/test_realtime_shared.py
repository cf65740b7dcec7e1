"""One realtime model used by several tasks at once: each gets the audio of its own text, and no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from modelport.application.speech.realtime.model import RealtimeTTSModel
from modelport.domain.message.wav import streaming_header
from modelport.error import InvalidRequestError
from tests.adapters.dashscope.speech_servers import voice
from tests.adapters.dashscope.speech_support import EACH, QWEN, Kind, audio, nothing_left, opened, read, whole

WORDS = {
    "alice": ["My PIN ", "is ", "4711. "],
    "bob": ["Hello ", "from ", "Bob. "],
    "carol": ["Nothing ", "of ", "theirs. "],
}


async def speak(model: RealtimeTTSModel, name: str) -> bytes:
    heard = b""
    for word in WORDS[name]:
        heard += audio(await model.push(word))
        await asyncio.sleep(0.001)
    return heard + b"".join(map(audio, await read(await opened(model))))


async def speak_by_tasks(model: RealtimeTTSModel, name: str) -> bytes:
    """Each push in a task of its own, as `asyncio.wait_for` runs it before Python 3.12."""
    heard = b""
    for word in WORDS[name]:
        heard += audio(await asyncio.ensure_future(model.push(word)))
        await asyncio.sleep(0.001)
    return heard + b"".join(map(audio, await read(await asyncio.ensure_future(opened(model)))))


async def entering(model: RealtimeTTSModel, name: str) -> bytes:
    async with model:
        return await speak(model, name)


async def connecting(model: RealtimeTTSModel, name: str) -> bytes:
    await model.connect()
    try:
        return await speak(model, name)
    finally:
        await model.close()


async def by_tasks(model: RealtimeTTSModel, name: str) -> bytes:
    async with model:
        return await speak_by_tasks(model, name)


async def at_once(model: RealtimeTTSModel, name: str) -> bytes:
    return b"".join(map(audio, await read(await opened(model, "".join(WORDS[name])))))


User = Callable[[RealtimeTTSModel, str], Awaitable[bytes]]


def check(kind: Kind, heard: dict[str, bytes], spoken: list[str]) -> None:
    for name, got in heard.items():
        assert got == streaming_header(24_000) + voice("".join(WORDS[name]))
    assert sorted(filter(None, spoken)) == sorted("".join(WORDS[name]) for name in heard)


@EACH
@pytest.mark.parametrize("user", [entering, connecting, by_tasks, at_once])
async def test_users_of_one_model_get_their_own_audio(kind: Kind, user: User) -> None:
    async with kind.server() as server, nothing_left(server):
        model = kind.model(server)
        got = await asyncio.gather(*(user(model, name) for name in WORDS))
        check(kind, dict(zip(WORDS, got, strict=True)), server.utterances)
        await model.aclose()


@EACH
@pytest.mark.parametrize("user", [speak, entering, at_once])
async def test_users_within_one_connect_get_their_own_audio(kind: Kind, user: User) -> None:
    async with kind.server() as server, nothing_left(server):
        async with kind.model(server) as model:
            got = await asyncio.gather(*(user(model, name) for name in WORDS))
        check(kind, dict(zip(WORDS, got, strict=True)), server.utterances)


@EACH
async def test_a_user_that_leaves_does_not_stop_the_others(kind: Kind) -> None:
    async with kind.server() as server, nothing_left(server):
        model, left = kind.model(server), asyncio.Event()

        async def long() -> bytes:
            async with model:
                first = audio(await model.push("My PIN "))
                await left.wait()
                return first + b"".join(map(audio, await read(await opened(model, "is 4711. "))))

        async def short() -> None:
            async with model:
                await model.push("Hello ")
            left.set()

        got, _ = await asyncio.gather(long(), short())
    assert got == streaming_header(24_000) + voice("My PIN is 4711. ")


@EACH
async def test_the_text_of_a_cancelled_task_is_not_spoken_by_the_next(kind: Kind) -> None:
    async with kind.server() as server, nothing_left(server), kind.model(server, stream=False) as model:

        async def push_and_hang() -> None:
            await model.push("My PIN is 4711. ")
            await asyncio.Event().wait()

        task = asyncio.ensure_future(push_and_hang())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        await model.push("Hello ")
        assert bytes_after_header(audio(await whole(model, "from Bob. "))) == voice("Hello from Bob. ")


def bytes_after_header(sound: bytes) -> bytes:
    return sound[44:]


async def test_one_task_may_write_and_another_read_and_end() -> None:
    async with QWEN.server() as server, nothing_left(server), QWEN.model(server) as model:
        written = asyncio.Event()

        async def write() -> None:
            for word in WORDS["alice"]:
                await model.push(word)
            written.set()
            await asyncio.Event().wait()

        writer = asyncio.ensure_future(write())
        await written.wait()
        heard = b"".join(map(audio, await read(await opened(model))))
        writer.cancel()
        await asyncio.wait([writer])
    assert voice("".join(WORDS["alice"])).endswith(heard[-20:])


async def test_ending_one_of_several_utterances_of_others_is_refused() -> None:
    async with QWEN.server() as server, nothing_left(server), QWEN.model(server) as model:

        async def hold(word: str) -> None:
            await model.push(word)
            await asyncio.Event().wait()

        holders = [asyncio.ensure_future(hold(word)) for word in ("one ", "two ")]
        await asyncio.sleep(0.01)
        with pytest.raises(InvalidRequestError, match="2 utterances"):
            await model.synthesize()
        for holder in holders:
            holder.cancel()
        await asyncio.wait(holders)
