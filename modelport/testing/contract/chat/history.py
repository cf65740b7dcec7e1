"""What leaves: conversations from anywhere become requests, with nobody else's data, and one's own comes back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ....domain.chat.tools import ToolChoice, ToolSchema
from ....domain.message.blocks import ToolCallBlock
from ....domain.message.messages import AssistantMsg, Msg
from ....domain.message.responses import ChatResponse
from ..core.case import Case, case, require, require_equal
from ..core.recordings import Taped
from ..model.card_probe import probe
from .collect import hear, question
from .conversations import DAMAGED, FOREIGN, History, result
from .endpoint import Nowhere

if TYPE_CHECKING:
    from .contract import ChatContract

__all__ = ["CASES", "TOOLS", "after", "leaves", "sent"]

Json = Any
"""A JSON value."""
_TOLD = 4
TOOLS: list[ToolSchema] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Asks the {name} of a place.",
            "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
        },
    }
    for name in ("gauge", "wind")
]


def _histories(contract: ChatContract) -> Sequence[History]:
    return DAMAGED


async def sent(model: Any, messages: Sequence[Msg], tools: Sequence[ToolSchema] | None = None) -> Json:
    """The body of the request that the messages become (Any: a chat model on `Nowhere`)."""
    nowhere = model.runtime.transport
    heard = await hear(model, messages, tools=list(tools) if tools else None)
    if not nowhere.requests:
        raise heard.error or AssertionError("no request was made")
    return json.loads(nowhere.requests.pop().body)


def leaves(value: Json) -> Iterator[str]:
    """Every text in a JSON value, also those that are JSON inside."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from leaves(each)
    elif isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            yield from _inside(value)


def _inside(text: str) -> Iterable[str]:
    try:
        return list(leaves(json.loads(text)))
    except ValueError:
        return []


@case("Any conversation becomes a request, always the same, and all of it", _histories)
async def any_history(contract: ChatContract, history: History) -> None:
    model = contract.build(Nowhere(), max_retries=0)
    messages = history.make()
    body = await sent(model, messages, TOOLS)
    text = json.dumps(body, ensure_ascii=False)
    require_equal("the same conversation again", await sent(model, messages, TOOLS), body)
    require(FOREIGN not in text, "data that belong to another provider are sent")
    for said in history.told:
        require_equal(f"how often {said!r} is sent", text.count(said), 1)


@dataclass(frozen=True)
class _RoundTrip:
    """An answer on a cassette, and the recorded request that follows on it."""

    answer: Taped
    follow_up: Taped

    def __str__(self) -> str:
        return self.follow_up.name

    def replayed(self) -> set[str]:
        """The texts of the answer that the recorded request sends back."""
        asked = set(leaves(self.answer.interaction.asked.body))
        texts = set(leaves(self.follow_up.interaction.asked.body)) - asked
        known = self.answer.body.decode("utf-8", "replace")
        return {text for text in texts if len(text) >= _TOLD and json.dumps(text, ensure_ascii=False)[1:-1] in known}


def _round_trips(contract: ChatContract) -> list[_RoundTrip]:
    tapes = [tape for tape in contract.tapes() if tape.succeeded]
    same = [(one, other) for one, other in pairwise(tapes) if other.name.startswith(f"{one.name}-")]
    return [trip for trip in (_RoundTrip(*pair) for pair in same) if trip.replayed()]


@case(
    "What the provider's own client sends back of an answer, ids and replay data, goes back verbatim",
    _round_trips,
    "a cassette with an answer and a request that follows on it",
)
async def round_trip(contract: ChatContract, trip: _RoundTrip) -> str:
    wanted = trip.replayed()
    answer, tools = await _asked_with_tools(contract, trip.answer)
    body = await sent(_next(contract, trip.follow_up), after(answer), tools)
    lost = sorted(wanted - set(leaves(body)))
    require(not lost, f"not sent back: {[text[:80] for text in lost]}")
    return f"{len(wanted)} texts go back"


async def _asked_with_tools(contract: ChatContract, tape: Taped) -> tuple[ChatResponse, list[ToolSchema]]:
    """The answer to a request that offers the tools it calls: replay data may be bound to what was asked."""
    model, _ = contract.play(tape, tape.answer(), stream=tape.streamed)
    tools = _tools_of((await hear(model)).whole())
    return (await hear(model, tools=tools or None)).whole(), tools


def after(answer: ChatResponse) -> list[Msg]:
    """The conversation in which a model said this, with a result for each of its calls."""
    results = [result(block.id, "2.31 m", block.name) for block in answer.content if isinstance(block, ToolCallBlock)]
    return [*question(), AssistantMsg("assistant", [*answer.content, *results])]


def _tools_of(answer: ChatResponse) -> list[ToolSchema]:
    names = dict.fromkeys(block.name for block in answer.content if isinstance(block, ToolCallBlock))
    return [{"type": "function", "function": {**TOOLS[0]["function"], "name": name}} for name in names]


def _next(contract: ChatContract, tape: Taped) -> Any:  # Any: a chat model
    return contract.build(Nowhere(), tape.model, max_retries=0)


@case("A conversation is stored and read back without a change to the request")
async def stored_history(contract: ChatContract, variant: str) -> None:
    model = contract.build(Nowhere(), max_retries=0)
    for history in DAMAGED:
        messages = history.make()
        read_back = [Msg.model_validate_json(message.model_dump_json()) for message in messages]
        require_equal(history.name, await sent(model, read_back, TOOLS), await sent(model, messages, TOOLS))


@case("A tool choice changes the request, or it is told that it cannot")
async def tool_choices(contract: ChatContract, variant: str) -> None:
    plain = await probe(contract.build(Nowhere(), max_retries=0), TOOLS)
    for choice in (ToolChoice("none"), ToolChoice("required"), ToolChoice("wind"), ToolChoice("auto", ["wind"])):
        model = contract.build(Nowhere(), max_retries=0, on_unsupported="error")
        body = await probe(model, TOOLS, choice=choice)
        require(body is None or body != plain, f"{choice} changes nothing, and nobody is told")


@case("Body fields and headers of the call are sent, and win")
async def fields_of_the_call(contract: ChatContract, variant: str) -> None:
    nowhere = Nowhere()
    model = contract.build(nowhere, max_retries=0)
    await hear(model, extra_body={"zebra": 1}, extra_headers={"x-trace": "7"}, lion=2)
    require_equal("requests through self.runtime.transport", len(nowhere.requests), 1)
    (request,) = nowhere.requests
    body = json.loads(request.body)
    require_equal("the fields", (body.get("zebra"), body.get("lion")), (1, 2))
    headers = {name.lower(): value for name, value in request.headers.items()}
    require_equal("the header", headers.get("x-trace"), "7")


CASES: tuple[Case[Any], ...] = (any_history, round_trip, stored_history, tool_choices, fields_of_the_call)
