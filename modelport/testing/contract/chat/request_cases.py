"""Conversations become requests: complete, repeatable, with the provider's own data and no other's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ....domain.chat.tools import ToolChoice, ToolSchema
from ....domain.errors import UnsupportedFeatureError
from ....domain.message.blocks import Base64Source, DataBlock, TextBlock, ToolCallBlock
from ....domain.message.messages import AssistantMsg, Msg, UserMsg
from ....domain.message.responses import ChatResponse
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import PIXEL, UnreachableTransport
from ..core.recordings import Recording
from ..model.selectors import A_CARD, CardOf, cards
from .base import ChatContractBase
from .collect import collect, question
from .conversations import DAMAGED, FOREIGN, History, result
from .requests import TOOLS, leaves, sent, sent_unless_refused

__all__ = ["CASES", "after"]

_SHORTEST = 4
_MEDIA = ("image/png", "image/jpeg", "audio/wav", "video/mp4", "application/pdf")


def _histories(contract: ChatContractBase) -> Sequence[History]:
    return DAMAGED


@case("Any conversation becomes a request, always the same, with all its texts", _histories)
async def any_history(contract: ChatContractBase, history: History) -> None:
    model = contract.build(UnreachableTransport(), max_retries=0)
    messages = history.make()
    body = await sent(model, messages, TOOLS)
    text = json.dumps(body, ensure_ascii=False)
    require_equal("the same conversation again", await sent(model, messages, TOOLS), body)
    require(FOREIGN not in text, "data of another provider are sent")
    for expected in history.texts:
        require_equal(f"how often {expected!r} is sent", text.count(expected), 1)


@dataclass(frozen=True)
class _RoundTrip:
    """An answer on a cassette, and the recorded request that follows it."""

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
    "Ids and replay data that the provider's own client sends back are sent back verbatim",
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
    """The conversation with this answer, and with a result for each of its calls."""
    results = [result(block.id, "2.31 m", block.name) for block in answer.content if isinstance(block, ToolCallBlock)]
    return [*question(), AssistantMsg("assistant", [*answer.content, *results])]


def _tools_of(answer: ChatResponse) -> list[ToolSchema]:
    names = dict.fromkeys(block.name for block in answer.content if isinstance(block, ToolCallBlock))
    return [{"type": "function", "function": {**TOOLS[0]["function"], "name": name}} for name in names]


def _next(contract: ChatContractBase, tape: Recording) -> Any:  # Any: a chat model
    return contract.build(UnreachableTransport(), tape.model, max_retries=0)


@case("A conversation that was stored and read back gives the same request")
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


def _model_of(contract: ChatContractBase, of: CardOf, **options: Any) -> Any:
    """A model of that card, whose host cannot be reached (Any: options of the model, a chat model)."""
    return contract.build(UnreachableTransport(), of.card.name, max_retries=0, **options)


@case("Media that a card takes are sent, others are described in text, with a warning", cards, A_CARD)
async def card_media(contract: ChatContractBase, of: CardOf) -> str:
    taken = []
    for kind in _MEDIA:
        data = DataBlock(source=Base64Source(data=PIXEL, media_type=kind), name="thing")
        messages = [UserMsg("user", [TextBlock(text="What is this?"), data])]
        text = json.dumps(await sent_unless_refused(_model_of(contract, of), (), messages))
        if of.card.accepts(kind):
            taken.append(kind)
            require(PIXEL in text, f"{kind} is not sent, though the card takes it")
            continue
        require(PIXEL not in text, f"{kind} is sent, though the card does not take it")
        strict = _model_of(contract, of, on_unsupported="error")
        require(await sent_unless_refused(strict, (), messages) is None, f"{kind} is left out without a warning")
    return ", ".join(taken) or "text alone"


@case("Tools are sent to models that call tools, and only to those", cards, A_CARD)
async def card_tools(contract: ChatContractBase, of: CardOf) -> None:
    names = [tool["function"]["name"] for tool in TOOLS]
    text = json.dumps(await sent_unless_refused(_model_of(contract, of), TOOLS))
    found = [name for name in names if f'"{name}"' in text]
    require_equal("tools that are sent", found, names if of.card.tools else [])
    if of.card.tools:
        return
    model = _model_of(contract, of)
    result = await collect(model, tools=TOOLS, tool_choice=ToolChoice("required"))
    require(isinstance(result.error, UnsupportedFeatureError), f"a forced call gives {result.error!r}")
    require_equal("requests", len(model.runtime.transport.requests), 0)


CASES: tuple[Case[Any], ...] = (
    any_history,
    round_trip,
    stored_history,
    tool_choices,
    fields_of_the_call,
    card_media,
    card_tools,
)
