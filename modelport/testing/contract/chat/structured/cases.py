"""Structured output: a validated object by whichever strategy, or a StructuredOutputError within the budget."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

from .....domain.card.cards import ModelCard
from .....domain.chat.tools import ToolChoice
from .....domain.errors import AuthenticationError, InvalidRequestError, ModelError, StructuredOutputError
from .....domain.message.responses import StructuredResponse
from ...core.case import Case, NotApplicableError, case, require, require_equal
from ...core.mutated_transport import MutatedTransport, refusal
from ...model.selectors import CardOf, cards, good
from ..base import ChatContractBase
from ..collect import question
from ..requests import leaves
from .calls import BY_TOOL, GOOD, Sounding, ask, check_object, each_rewritable, first_rewritable
from .rewritten_answers import RewritableAnswer

__all__ = ["CASES"]

_NOT_VALID = ("There is no such place.", '{"quay_number": 7, "depth_me', '{"quay_number": "seven"}', "[1, 2]", "")


@case("An object in the text is validated: defaults are filled in, and types are converted")
async def object_as_text(contract: ChatContractBase, variant: str) -> str:
    async def check(rewritable: RewritableAnswer) -> str:
        asked = await ask(contract, rewritable, [rewritable.answer(GOOD)])
        response = asked.whole()
        check_object(response)
        require_equal("requests", len(asked.wire.requests), 1)
        require_equal("attempts", [one.status_code for one in response.attempts], [rewritable.tape.status])
        require_equal("answers left open", asked.wire.unclosed, 0)
        return response.strategy

    return await each_rewritable(contract, good(contract), check)


@case("An object in the arguments of a tool call is validated")
async def object_as_call(contract: ChatContractBase, variant: str) -> str:
    async def check(rewritable: RewritableAnswer) -> str:
        name = await _own_tool(contract, rewritable)
        asked = await ask(contract, rewritable, [rewritable.answer(GOOD, name)], ToolChoice("auto"))
        response = asked.whole()
        check_object(response)
        require(
            response.strategy in BY_TOOL, f"the object came in a tool call, but the strategy is {response.strategy!r}"
        )
        require_equal("requests", len(asked.wire.requests), 1)
        return response.strategy

    return await each_rewritable(contract, good(contract), check, call=True)


async def _own_tool(contract: ChatContractBase, rewritable: RewritableAnswer) -> str:
    """The name of the tool that takes the object, as it is sent."""
    asked = await ask(contract, rewritable, [refusal(400)], ToolChoice("auto"), max_retries=0)
    if not asked.wire.requests:
        raise NotApplicableError("the model takes no tools")
    text = set(leaves(json.loads(asked.wire.requests[0].body)))
    found = sorted(each for each in text if each.startswith("generate_structured_output"))
    require(found, "no tool that takes the object is sent")
    return found[0]


@case("A streamed object grows, and is validated at its end")
async def object_grows(contract: ChatContractBase, variant: str) -> str:
    async def check(rewritable: RewritableAnswer) -> str:
        wire = MutatedTransport(rewritable.answer(GOOD))
        model = contract.build(wire, rewritable.tape.model)
        streamed = model.stream_structured_output(question(), Sounding, tool_choice=ToolChoice("none"))
        seen = await _growing(streamed)
        whole = json.loads(GOOD)
        require(not seen or seen[-1] == whole, f"the object before the last step is {seen[-1:]}, expected {whole}")
        require(seen or len(rewritable.pieces) == 1, "nothing is handed out before the last step")
        require_equal("answers left open", wire.unclosed, 0)
        return f"{len(seen)} steps before the last"

    return await each_rewritable(contract, contract.streams(), check)


async def _growing(streamed: AsyncGenerator[StructuredResponse, None]) -> list[dict[str, Any]]:
    """The objects before the last step, which is checked."""
    seen, last = list[dict[str, Any]](), None
    async for step in streamed:
        require(last is None, "a step came after the one with is_last=True")
        last = step if step.is_last else None
        seen += [] if step.is_last else [dict(step.content)]
    require(last is not None, "no step has is_last=True")
    assert last is not None
    check_object(last)
    sizes = [len(each) for each in seen]
    require(sizes == sorted(sizes), f"the object shrinks: {seen}")
    return seen


@case("An invalid object is asked for again, with its validation errors")
async def invalid_asked_again(contract: ChatContractBase, variant: str) -> str:
    async def check(rewritable: RewritableAnswer) -> str:
        answers = [rewritable.answer('{"quay_number": "transport", "depth_metres": 4}'), rewritable.answer(GOOD)]
        asked = await ask(contract, rewritable, answers)
        response = asked.whole()
        check_object(response)
        require_equal("requests", len(asked.wire.requests), 2)
        require_equal("attempts", len(response.attempts), 2)
        first, second = ([*leaves(json.loads(request.body))] for request in asked.wire.requests)
        new = [text for text in second if text not in first]
        require(any("quay_number" in text for text in new), "the second request does not name the invalid field")
        usage = (await contract.expected(rewritable.tape)).usage
        if usage is not None and response.usage is not None:
            require_equal("input tokens of both answers", response.usage.input_tokens, 2 * usage[0])
        return response.strategy

    return await each_rewritable(contract, good(contract), check)


@case("An object that stays invalid is a StructuredOutputError within the budget")
async def never_an_object(contract: ChatContractBase, variant: str) -> None:
    rewritable = await first_rewritable(contract, good(contract))
    for text in _NOT_VALID:
        for max_retries in (0, 3):
            asked = await ask(contract, rewritable, [rewritable.answer(text)], max_retries=max_retries)
            error = asked.failure(StructuredOutputError, f"{text!r} in every answer")
            assert isinstance(error, StructuredOutputError)
            require_equal(f"requests with max_retries={max_retries}", len(asked.wire.requests), max_retries + 1)
            require_equal("attempts", len(error.attempts), max_retries + 1)
            require_equal("the text that came last", error.raw_text, text)
            require(error.errors, "the error has no validation errors")
            require(not error.retryable, "the error says retryable=True, but the budget is spent")
            require_equal("answers left open", asked.wire.unclosed, 0)


@case("Failures and invalid objects spend the same budget")
async def invalid_costs_too(contract: ChatContractBase, variant: str) -> None:
    rewritable = await first_rewritable(contract, good(contract))
    invalid, good_one = rewritable.answer("Not yet."), rewritable.answer(GOOD)
    mixed = [refusal(503), invalid, refusal(429), invalid, good_one]
    asked = await ask(contract, rewritable, mixed, max_retries=3)
    asked.failure(ModelError, "four failures of any kind, with max_retries=3,")
    require_equal("requests", len(asked.wire.requests), 4)
    asked = await ask(contract, rewritable, mixed, max_retries=4)
    check_object(asked.whole())
    require_equal("requests", len(asked.wire.requests), 5)


@case("A strategy that the server refuses is followed by the next, a wrong key is not")
async def strategy_refused(contract: ChatContractBase, variant: str) -> None:
    rewritable = await first_rewritable(contract, good(contract))
    if (await ask(contract, rewritable, [rewritable.answer(GOOD)])).whole().strategy == "instruction":
        raise NotApplicableError("the model has one strategy only: an instruction")
    asked = await ask(contract, rewritable, [refusal(400, "no such field"), rewritable.answer(GOOD)])
    check_object(asked.whole())
    require_equal("requests", len(asked.wire.requests), 2)
    first, second = (request.body for request in asked.wire.requests)
    require(first != second, "the request that was refused is sent again")
    require(asked.whole().warnings, "the response has no warning that a strategy was refused")
    asked = await ask(contract, rewritable, [refusal(400, "no such field")], max_retries=9)
    asked.failure(InvalidRequestError, "HTTP 400 to every strategy")
    bodies = [request.body for request in asked.wire.requests]
    require_equal("requests that were sent although they had been refused", len(bodies) - len({*bodies}), 0)
    asked = await ask(contract, rewritable, [refusal(401, "Incorrect key")])
    asked.failure(AuthenticationError, "HTTP 401")
    require_equal("requests after HTTP 401", len(asked.wire.requests), 1)


_NAMES = tuple(Sounding.model_fields)


@case("Every model gives the object by a strategy that its card has, and names it", cards, "a card")
async def object_by_card(contract: ChatContractBase, of: CardOf) -> str:
    rewritable = await first_rewritable(contract, [*contract.bodies(), *contract.streams()])
    asked = await ask(contract, rewritable, [rewritable.answer(GOOD)], name=of.card.name)
    response = asked.whole()
    check_object(response)
    body = json.loads(asked.wire.requests[0].body)
    require(set(_NAMES) <= _names_in(body), "the request does not have the fields of the object")
    _check_strategy(contract, of.card, response.strategy, body)
    return response.strategy


def _check_strategy(contract: ChatContractBase, card: ModelCard, strategy: str, body: Any) -> None:  # Any: JSON
    """Raise unless the card has the strategy, and the request uses it."""
    facts = card.structured_output
    denied = {
        "native_schema": not facts.json_schema,
        "json_mode": not facts.json_mode,
        "forced_tool": not (facts.forced_tool and card.tools),
        "auto_tool": not card.tools,
    }
    require(not denied.get(strategy, False), f"{strategy} is tried first, but the card says that the model lacks it")
    tools = body.get("tools") if isinstance(body, dict) else None
    if strategy in BY_TOOL:
        require(set(_NAMES) <= _names_in(tools), f"the strategy is {strategy}, but no tool takes the object")
    elif strategy == "native_schema":
        require(not tools, "the strategy is native_schema, but a tool is sent")
        require(set(_NAMES) <= _keys(body), "the strategy is native_schema, but the schema is not sent as JSON")
    native = getattr(getattr(contract.model, "codec", None), "native_output", None)
    if native is not None and native.schema is not None and facts.json_schema:
        require_equal("the strategy of a model whose card says json_schema", strategy, "native_schema")


def _keys(value: Any) -> set[str]:  # Any: JSON
    if isinstance(value, list):
        return {key for each in value for key in _keys(each)}
    return {*value, *(key for each in value.values() for key in _keys(each))} if isinstance(value, dict) else set()


def _names_in(value: Any) -> set[str]:  # Any: JSON
    """The names of the object's fields that are anywhere in it."""
    text = json.dumps(value)
    return {name for name in _NAMES if name in text}


CASES: tuple[Case[Any], ...] = (
    object_as_text,
    object_as_call,
    object_grows,
    invalid_asked_again,
    never_an_object,
    invalid_costs_too,
    strategy_refused,
    object_by_card,
)
