"""Speech from text that is still being written: each byte once, nobody waits, and one model speaks again and again."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

from ....domain.errors import InvalidRequestError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import End
from ..model.asking_over import AN_ANSWER, a_good, good
from ..model.model_contract import Played
from ..model.selectors import some
from ..model.timeouts import turns
from .collect import Spoken, audio_of, listen
from .recordings import Talk

if TYPE_CHECKING:
    from .contract import TTSContract

__all__ = ["CASES"]

_TEXTS = ("The bell ", "rings ", "twice.")
_TURNS = 30


def _realtime(contract: TTSContract) -> list[Any]:  # Any: tapes
    """Every good conversation of a realtime class."""
    if not contract.realtime:
        raise NotApplicableError("the class takes its text at once")
    return good(contract)


def _a_realtime(contract: TTSContract) -> list[Any]:  # Any: tapes
    return a_good(contract) if _realtime(contract) else []


def _played(contract: TTSContract, tape: Any, *answers: Any, **options: Any) -> Played:
    """A model on these answers, else on the cassette's (Any: a tape, answers, options of the model)."""
    return contract.play(tape, *(answers or [tape.answer()]), **options)


async def _said(model: Any, pause: int = 0) -> tuple[bytes, Any]:  # Any: a realtime model, what `synthesize` heard
    """All pieces pushed, with turns of the event loop between them, and then spoken to the end."""
    pushed = b""
    for text in _TEXTS:
        response = await model.push(text)
        require(not response.is_last, "push() says is_last=True")
        pushed += audio_of(response)
        await turns(pause)
    return pushed, await listen_more(model)


async def listen_more(model: Any) -> list[bytes]:  # Any: a realtime model
    """The audio of what is still to be spoken, step by step; the last one repeats nothing."""
    steps = [response async for response in await model.synthesize()]
    require(steps and steps[-1].is_last and steps[-1].content is None, "the stream does not end with an empty response")
    require_equal("responses that say is_last", sum(step.is_last for step in steps), 1)
    return [audio_of(step) for step in steps]


@case("push and synthesize together deliver each byte once, as one file", _realtime, AN_ANSWER)
async def each_byte_once(contract: TTSContract, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    for pause, units in itertools.product((0, 3, _TURNS), (tape.frames, tape.early)):
        played = _played(contract, tape, tape.answer(units))
        async with played.model as model:
            pushed, steps = await _said(model, pause)
        found = (pushed + b"".join(steps))[_header(wanted) :]
        require_equal("the audio", found, wanted.audio)
        require_equal("connections left open", played.wire.unclosed, 0)


def _header(spoken: Spoken) -> int:
    return 44 if spoken.media_type == "audio/wav" else 0


@case("Without a stream push and synthesize together deliver each sample once", _realtime, AN_ANSWER)
async def each_byte_once_whole(contract: TTSContract, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    played = _played(contract, tape, stream=False)
    async with played.model as model:
        pushed = b""
        for text in _TEXTS:
            pushed += audio_of(await model.push(text))
        rest = (await listen(model, None)).whole()
    require_equal("the audio", pushed[_header(wanted) :] + rest.audio, wanted.audio)


@case("push returns while the server says nothing", _realtime, AN_ANSWER)
async def push_never_waits(contract: TTSContract, tape: Any) -> None:
    units = contract.units(tape)
    for place in some(range(1, len(units)), 5):
        played = _played(contract, tape, tape.answer(units[:place], End.HANG), timeouts=None)
        async with played.model as model:
            for text in (*_TEXTS, "", *_TEXTS):
                await asyncio.wait_for(model.push(text), contract.patience)
        require_equal("connections left open", played.wire.unclosed, 0)


@case("One model speaks again and again, also when the server has closed in between", _a_realtime, AN_ANSWER)
async def again_and_again(contract: TTSContract, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    closing = tape.answer(contract.units(tape), End.BROKEN)
    for answers in ((tape.answer(),), (closing, closing, tape.answer())):
        played = _played(contract, tape, *answers)
        async with played.model as model:
            for number in range(3):
                answered = await listen(model, f"Bell number {number}.")
                require_equal(f"what is heard of utterance {number}", answered.whole().audio, wanted.audio)
                await asyncio.sleep(0)
        require_equal("connections left open", played.wire.unclosed, 0)


@case("Utterances with pushes follow each other, and none is heard in another", _a_realtime, AN_ANSWER)
async def utterances_are_apart(contract: TTSContract, tape: Any) -> None:
    wanted: Spoken = await contract.expected(tape)
    played = _played(contract, tape)
    async with played.model as model:
        for _ in range(3):
            pushed, steps = await _said(model, _TURNS)
            require_equal("the audio", (pushed + b"".join(steps))[_header(wanted) :], wanted.audio)


@case(
    "Closing ends everything at once: unused, twice, while it is written and while it is spoken", _a_realtime, AN_ANSWER
)
async def close_is_clean(contract: TTSContract, tape: Any) -> None:
    units = contract.units(tape)
    for place in range(1, len(units) + 1):
        answer = tape.answer(units[:place], End.HANG)
        for said in (False, True):
            played = _played(contract, tape, answer)
            await played.model.connect()
            if said:
                await played.model.push(_TEXTS[0])
                await asyncio.sleep(0)
            await asyncio.wait_for(played.model.close(), contract.patience)
            await played.model.close()
            require_equal("connections left open", played.wire.unclosed, 0)


@case("push without connect is refused", _a_realtime, AN_ANSWER)
async def push_needs_connect(contract: TTSContract, tape: Any) -> None:
    played = _played(contract, tape)
    try:
        await played.model.push("text")
    except InvalidRequestError:
        return
    raise AssertionError("push() without connect() is taken")


@case("Connections over real sockets say the same, and are closed", _realtime, AN_ANSWER)
async def over_a_real_socket(contract: TTSContract, tape: Any) -> None:
    from .sockets import served

    wanted: Spoken = await contract.expected(tape)
    answer = tape.answer()
    assert isinstance(answer, Talk)
    async with served(contract, tape.model, answer) as (model, server):
        answered = await listen(model, "The bell rings.")
        require_equal("the audio", answered.whole().audio, wanted.audio)
        await asyncio.wait_for(server.emptied.wait(), contract.patience)


CASES: tuple[Case[Any], ...] = (
    each_byte_once,
    each_byte_once_whole,
    push_never_waits,
    again_and_again,
    utterances_are_apart,
    close_is_clean,
    push_needs_connect,
    over_a_real_socket,
)
