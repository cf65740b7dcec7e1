"""One model, used by several tasks at once and by one event loop after another."""

from __future__ import annotations

import asyncio
from typing import Any

from ..core.case import Case, case, require_equal
from .asking_over import AN_ANSWER, good
from .model_contract import AskingContract, Tape

__all__ = ["CASES"]

_TASKS = 8


@case("Many calls at once share nothing", good, AN_ANSWER)
async def many_at_once(contract: AskingContract, tape: Tape) -> None:
    wanted = await contract.expected(tape)
    played = contract.play(tape, tape.answer())
    answered = await asyncio.gather(*(played.ask() for _ in range(_TASKS)))
    for one in answered:
        require_equal("the answer", one.whole(), wanted)
    require_equal("ids that two answers share", _TASKS - len({one.response.id for one in answered}), 0)
    require_equal("requests", len(played.wire.requests), _TASKS)
    require_equal("answers left open", played.wire.unclosed, 0)


@case("A model that is never closed answers in one event loop after another", good, AN_ANSWER)
async def two_event_loops(contract: AskingContract, tape: Tape) -> None:
    wanted = await contract.expected(tape)
    played = contract.play(tape, tape.answer())

    async def ask() -> Any:  # Any: the value of an answer
        return (await played.ask()).whole()

    for _ in range(2):
        require_equal("the answer", await asyncio.to_thread(asyncio.run, ask()), wanted)


CASES: tuple[Case[Any], ...] = (many_at_once, two_event_loops)
