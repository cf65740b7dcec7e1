"""One model, used by several tasks at once and by one event loop after another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..chat.collect import Told, hear, told
from ..core.case import Case, case, require_equal
from ..core.recordings import Taped
from .selectors import A_STREAM, a_stream, good, streams

if TYPE_CHECKING:
    from ..chat.contract import ChatContract

__all__ = ["CASES"]

_TASKS = 8


@case("Many calls at once share nothing", streams, A_STREAM)
async def many_at_once(contract: ChatContract, tape: Taped) -> None:
    wanted = await contract.expected(tape)
    model, mutant = contract.play(tape, tape.answer(tape.frames))
    heard = await asyncio.gather(*(hear(model) for _ in range(_TASKS)))
    for one in heard:
        require_equal("the answer", told(one.whole(), tape.body), wanted)
    require_equal("requests", len(mutant.requests), _TASKS)


@case("Different answers at once are not mixed up", a_stream, A_STREAM)
async def different_at_once(contract: ChatContract, tape: Taped) -> None:
    tapes = contract.streams()  # data of a provider's own depend on the model asked, which is one here
    wanted = [(await contract.expected(each)).without_owned() for each in tapes]
    model, _ = contract.play(tape, *(each.answer(each.frames) for each in tapes))
    heard = await asyncio.gather(*(hear(model) for _ in tapes))
    found = [told(one.whole(), each.body).without_owned() for one, each in zip(heard, tapes, strict=True)]
    require_equal("the answers", found, wanted)


@case("A model that is never closed answers in one event loop after another", good, "a cassette of an answer")
async def two_event_loops(contract: ChatContract, tape: Taped) -> None:
    wanted = await contract.expected(tape)
    model, _ = contract.play(tape, tape.answer(), stream=tape.streamed)

    async def ask() -> Told:
        return told((await hear(model)).whole(), tape.body)

    for _ in range(2):
        require_equal("the answer", await asyncio.to_thread(asyncio.run, ask()), wanted)


CASES: tuple[Case[Any], ...] = (many_at_once, different_at_once, two_event_loops)
