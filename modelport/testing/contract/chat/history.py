"""Conversations become requests: complete, repeatable, with the provider's own data and no other's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ....domain.chat.tools import ToolChoice, ToolSchema
from ....domain.message.blocks import ToolCallBlock
from ....domain.message.messages import AssistantMsg, Msg
from ....domain.message.responses import ChatResponse
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import UnreachableTransport
from ..core.recordings import Recording
from .base import ChatContractBase
from .collect import collect, question
from .conversations import DAMAGED, FOREIGN, History, result
from .requests import TOOLS, leaves, sent, sent_unless_refused

__all__ = ["CASES", "after"]

_SHORTEST = 4


def _histories(contract: ChatContractBase) -> Sequence[History]:
    return DAMAGED


@case("Any conversation becomes a request, always the same, with all its texts", _histories)
async def any_history(contract: ChatContractBase, history: History) -> None:
    model = contract.build(UnreachableTransport(), max_retries=0)
    messages = history.make()
    body = await sent(model, messages, TOOLS)
    text = json.dumps(body, ensure_ascii=False)
    require_equal("the same conversation again", await sent(model, messages, TOOLS), body)
    require(FOREIGN not in text, "data that belong to another provider are sent")
    for expected in history.texts:
        require_equal(f"how often {expected!r} is sent", text.count(expected), 1)


@dataclass(frozen=True)
class _RoundTrip:
    """An answer on a cassette, and the recorded request that follows on it."""

    answer: Recording
    follow_up: Recording

    def __str__(self) -> str:
        return self.follow_up.name

    def replayed(self) -> set[str]:
        """The texts of the answer that the recorded request sends back."""
        asked = set(leaves(self.answer.interaction.asked.body))
        texts = set(leaves(self.follow_up.interaction.asked.body)) - asked
        known = self.answer.body.decode("utf-8", "replace")
        return {
            text for text in texts if len(text) >= _SHORTEST and json.dumps(text, ensure_ascii=False)[1:-1] in known
        }


def _round_trips(contract: ChatContractBase) -> list[_RoundTrip]:
    tapes = [tape for tape in contract.tapes() if tape.succeeded]
    same = [(one, other) for one, other in pairwise(tapes) if other.name.startswith(f"{one.name}-")]
    return [trip for trip in (_RoundTrip(*pair) for pair in same) if trip.replayed()]


@case(
    "What the provider's own client sends back of an answer, ids and replay data, goes back verbatim",
    _round_trips,
    "a cassette with an answer and a request that follows on it",
)
async def round_trip(contract: ChatContractBase, trip: _RoundTrip) -> str:
    wanted = trip.replayed()
    answer, tools = await _asked_with_tools(contract, trip.answer)
    body = await sent(_next(contract, trip.follow_up), after(answer), tools)
    lost = sorted(wanted - set(leaves(body)))
    require(not lost, f"not sent back: {[text[:80] for text in lost]}")
    return f"{len(wanted)} texts go back"


async def _asked_with_tools(contract: ChatContractBase, tape: Recording) -> tuple[ChatResponse, list[ToolSchema]]:
    """The answer to a request that offers the tools it calls: replay data may be bound to what was asked."""
    model, _ = contract.play(tape, tape.answer(), stream=tape.streamed)
    tools = _tools_of((await collect(model)).whole())
    return (await collect(model, tools=tools or None)).whole(), tools


def after(answer: ChatResponse) -> list[Msg]:
    """The conversation in which a model said this, with a result for each of its calls."""
    results = [result(block.id, "2.31 m", block.name) for block in answer.content if isinstance(block, ToolCallBlock)]
    return [*question(), AssistantMsg("assistant", [*answer.content, *results])]


def _tools_of(answer: ChatResponse) -> list[ToolSchema]:
    names = dict.fromkeys(block.name for block in answer.content if isinstance(block, ToolCallBlock))
    return [{"type": "function", "function": {**TOOLS[0]["function"], "name": name}} for name in names]


def _next(contract: ChatContractBase, tape: Recording) -> Any:  # Any: a chat model
    return contract.build(UnreachableTransport(), tape.model, max_retries=0)


@case("A conversation is stored and read back without a change to the request")
async def stored_history(contract: ChatContractBase, variant: str) -> None:
    model = contract.build(UnreachableTransport(), max_retries=0)
    for history in DAMAGED:
        messages = history.make()
        read_back = [Msg.model_validate_json(message.model_dump_json()) for message in messages]
        require_equal(history.name, await sent(model, read_back, TOOLS), await sent(model, messages, TOOLS))


@case("A tool choice changes the request, or there is a warning that it cannot")
async def tool_choices(contract: ChatContractBase, variant: str) -> None:
    plain = await sent_unless_refused(contract.build(UnreachableTransport(), max_retries=0), TOOLS)
    for choice in (ToolChoice("none"), ToolChoice("required"), ToolChoice("wind"), ToolChoice("auto", ["wind"])):
        model = contract.build(UnreachableTransport(), max_retries=0, on_unsupported="error")
        body = await sent_unless_refused(model, TOOLS, choice=choice)
        require(body is None or body != plain, f"{choice} changes nothing, and gives no warning")


@case("Body fields and headers of the call are sent, and take precedence")
async def fields_of_the_call(contract: ChatContractBase, variant: str) -> None:
    transport = UnreachableTransport()
    model = contract.build(transport, max_retries=0)
    await collect(model, extra_body={"zebra": 1}, extra_headers={"x-trace": "7"}, lion=2)
    require_equal("requests through self.runtime.transport", len(transport.requests), 1)
    (request,) = transport.requests
    body = json.loads(request.body)
    require_equal("the fields", (body.get("zebra"), body.get("lion")), (1, 2))
    headers = {name.lower(): value for name, value in request.headers.items()}
    require_equal("the header", headers.get("x-trace"), "7")


CASES: tuple[Case[Any], ...] = (any_history, round_trip, stored_history, tool_choices, fields_of_the_call)
