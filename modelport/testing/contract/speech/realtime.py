"""Realtime models: text pushed in pieces, each byte of audio once, no waiting for the server, and many utterances."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from ....domain.errors import InvalidRequestError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import End
from ..model.selectors import AN_ANSWER, good, simplest, some
from ..model.timeouts import turns
from .base import TTSContractBase
from .collect import HEADER_SIZE, TEXT, WAV, Spoken, audio_of, collect
from .recordings import PlayedConversation
from .sockets import served

__all__ = ["CASES"]

_TEXTS = ("The bell ", "rings ", "twice.")
_TURNS = 30


def _all_realtime(contract: TTSContractBase) -> list[Any]:  # Any: tapes
    """Every good conversation of a realtime class."""
    if not contract.realtime:
        raise NotApplicableError("the class takes its whole text at once")
    return good(contract)


def _one_realtime(contract: TTSContractBase) -> list[Any]:  # Any: tapes
    return simplest(contract) if _all_realtime(contract) else []


async def _push_all(model: Any, pause: int = 0) -> tuple[bytes, list[bytes]]:  # Any: a realtime model
    """Push all pieces, with turns of the event loop between them, and then read to the end: both parts of the audio."""
    pushed = b""
    for text in _TEXTS:
        response = await model.push(text)
        require(not response.is_last, "push() says is_last=True")
        pushed += audio_of(response)
        await turns(pause)
    return pushed, await _rest(model)


async def _rest(model: Any) -> list[bytes]:  # Any: a realtime model
    """The audio that `synthesize` gives after pushes, step by step; the last response has none."""
    steps = [response async for response in await model.synthesize()]
    require(steps and steps[-1].is_last and steps[-1].content is None, "the stream does not end with an empty response")
    require_equal("responses that say is_last", sum(step.is_last for step in steps), 1)
    return [audio_of(step) for step in steps]


@case("push and synthesize together deliver each byte once, as one file", _all_realtime, AN_ANSWER)
async def each_byte_once(contract: TTSContractBase, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    for pause, units in itertools.product((0, 3, _TURNS), (tape.frames, tape.early)):
        model, wire = contract.play(tape, tape.answer(units))
        async with model:
            pushed, steps = await _push_all(model, pause)
        found = (pushed + b"".join(steps))[_header(wanted) :]
        require_equal("the audio", found, wanted.audio)
        require_equal("connections left open", wire.unclosed, 0)


def _header(spoken: Spoken) -> int:
    return HEADER_SIZE if spoken.media_type == WAV else 0


@case("Without a stream push and synthesize together deliver each sample once", _all_realtime, AN_ANSWER)
async def each_byte_once_whole(contract: TTSContractBase, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    model, _ = contract.play(tape, tape.answer(), stream=False)
    async with model:
        pushed = b""
        for text in _TEXTS:
            pushed += audio_of(await model.push(text))
        rest = (await collect(model, None)).whole()
    require_equal("the audio", pushed[_header(wanted) :] + rest.audio, wanted.audio)


@case("push returns while the server sends nothing", _all_realtime, AN_ANSWER)
async def push_never_waits(contract: TTSContractBase, tape: Any) -> None:
    units = contract.units(tape)
    for place in some(range(1, len(units)), 5):
        model, wire = contract.play(tape, tape.answer(units[:place], End.HANG), timeouts=None)
        async with model:
            for text in (*_TEXTS, "", *_TEXTS):
                await asyncio.wait_for(model.push(text), contract.patience)
        require_equal("connections left open", wire.unclosed, 0)


@case(
    "One model speaks several times, also when the server has closed the connection in between",
    _one_realtime,
    AN_ANSWER,
)
async def several_utterances(contract: TTSContractBase, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    closing = tape.answer(contract.units(tape), End.BROKEN)
    for answers in ((tape.answer(),), (closing, closing, tape.answer())):
        model, wire = contract.play(tape, *answers)
        async with model:
            for number in range(3):
                result = await collect(model, f"Bell number {number}.")
                require_equal(f"the audio of utterance {number}", result.whole().audio, wanted.audio)
                await asyncio.sleep(0)
        require_equal("connections left open", wire.unclosed, 0)


@case("Utterances with pushes follow each other without sharing audio", _one_realtime, AN_ANSWER)
async def utterances_are_apart(contract: TTSContractBase, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    model, _wire = contract.play(tape, tape.answer())
    async with model:
        for _ in range(3):
            pushed, steps = await _push_all(model, _TURNS)
            require_equal("the audio", (pushed + b"".join(steps))[_header(wanted) :], wanted.audio)


@case("Closing ends everything at once: unused, twice, during pushes and during speech", _one_realtime, AN_ANSWER)
async def close_is_clean(contract: TTSContractBase, tape: Any) -> None:
    units = contract.units(tape)
    for place in range(1, len(units) + 1):
        answer = tape.answer(units[:place], End.HANG)
        for pushes in (False, True):
            model, wire = contract.play(tape, answer)
            await model.connect()
            if pushes:
                await model.push(_TEXTS[0])
                await asyncio.sleep(0)
            await asyncio.wait_for(model.close(), contract.patience)
            await model.close()
            require_equal("connections left open", wire.unclosed, 0)


@case("push without connect is refused", _one_realtime, AN_ANSWER)
async def push_needs_connect(contract: TTSContractBase, tape: Any) -> None:
    model, _wire = contract.play(tape, tape.answer())
    try:
        await model.push("text")
    except InvalidRequestError:
        return
    raise AssertionError("push() without connect() must be an InvalidRequestError")


@case("Over real sockets the audio is the same, and connections are closed", _all_realtime, AN_ANSWER)
async def over_a_real_socket(contract: TTSContractBase, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    answer = tape.answer()
    assert isinstance(answer, PlayedConversation)
    async with served(contract, tape.model, answer) as (model, server):
        result = await collect(model, TEXT)
        require_equal("the audio", result.whole().audio, wanted.audio)
        await asyncio.wait_for(server.emptied.wait(), contract.patience)


CASES: tuple[Case[Any], ...] = (
    each_byte_once,
    each_byte_once_whole,
    push_never_waits,
    several_utterances,
    utterances_are_apart,
    close_is_clean,
    push_needs_connect,
    over_a_real_socket,
)
