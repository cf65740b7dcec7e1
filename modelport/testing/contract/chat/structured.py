"""Structured output: the object that was asked for, whatever way it comes, or the error that says why there is none.

Structured output and cards: every model gives the object in a way that its card has, and says which that was.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from ....domain.card.cards import ModelCard
from ....domain.chat.tools import ToolChoice
from ....domain.errors import AuthenticationError, InvalidRequestError, ModelError, StructuredOutputError
from ....domain.message.responses import StructuredResponse
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import MutatedAnswer, MutatedTransport, refusal
from ..core.recordings import Recording
from ..model.selectors import CardOf, cards, good
from .base import ChatContractBase
from .collect import question
from .requests import leaves
from .rewritten_answers import RewritableAnswer, rewritable_answer

__all__ = ["BY_TOOL", "CASES", "GOOD", "Asked", "Sounding", "a_rewritable", "ask", "check_object"]

_NO_TEXT = "needs an answer that ended by itself, with a text that its events hold word by word"
_NO_CALL = "needs an answer that calls a tool"
_BY_ITSELF = ("stop", "tool_calls")
BY_TOOL = ("forced_tool", "auto_tool")


class Sounding(BaseModel):
    """A depth at a place."""

    quay_number: int = Field(description="The number of the quay.")
    depth_metres: float
    keel_room: bool = True


GOOD = '{"quay_number": "7", "depth_metres": 4}'
_WANTED: dict[str, Any] = {"quay_number": 7, "depth_metres": 4.0, "keel_room": True}
_NOT_VALID = ("There is no such place.", '{"quay_number": 7, "depth_me', '{"quay_number": "seven"}', "[1, 2]", "")


@dataclass(frozen=True)
class Asked:
    """What came of a call for an object."""

    response: StructuredResponse | None
    error: ModelError | None
    wire: MutatedTransport

    def whole(self) -> StructuredResponse:
        """The response; raises the error when there is none."""
        if self.error is not None:
            raise self.error
        assert self.response is not None
        return self.response

    def failure(self, kind: type[ModelError], what: str) -> ModelError:
        """The error; raises unless it is one of these."""
        require(isinstance(self.error, kind), f"{what} gives {self.error or self.response!r:.300}")
        assert self.error is not None
        return self.error


async def ask(
    contract: ChatContractBase,
    rewritable: RewritableAnswer,
    answers: Sequence[MutatedAnswer],
    choice: ToolChoice | None = None,
    **options: Any,  # Any: options of the model
) -> Asked:
    """Ask for a sounding; `name` is that of another model than the cassette's."""
    name = options.pop("name", rewritable.tape.model)
    wire = MutatedTransport(*answers)
    model = contract.build(wire, name, stream=rewritable.tape.streamed, **options)
    try:
        response = await model.generate_structured_output(question(), Sounding, tool_choice=choice)
    except ModelError as error:
        return Asked(None, error, wire)
    return Asked(response, None, wire)


async def a_rewritable(contract: ChatContractBase, tapes: Sequence[Recording]) -> RewritableAnswer:
    """The first of these answers that ended by itself and whose text can be exchanged."""
    for tape in tapes:
        found = await _rewritable(contract, tape)
        if found is not None:
            return found
    raise NotApplicableError(_NO_TEXT)


async def _rewritable(contract: ChatContractBase, tape: Recording, *, call: bool = False) -> RewritableAnswer | None:
    """One that ended by itself: what was cut off is not asked for again."""
    ended = (await contract.expected(tape)).finish_reason
    return await rewritable_answer(contract, tape, call=call) if ended in _BY_ITSELF else None


def check_object(response: StructuredResponse) -> None:
    """Raise unless it is what `GOOD` says."""
    require_equal("the object", response.content, _WANTED)
    require(isinstance(response.value, Sounding), f"value is {response.value!r:.100}, and no instance of the class")
    require_equal("the instance", response.value.model_dump(), _WANTED)
    require(response.is_last and response.finish_reason is not None, "the answer is not marked as the last one")
    require(response.strategy, "the answer does not say by which strategy it came")


async def _each(
    contract: ChatContractBase,
    tapes: Sequence[Recording],
    check: Callable[[RewritableAnswer], Awaitable[str]],
    *,
    call: bool = False,
) -> str:
    """Check it on every answer that can be exchanged; the remarks."""
    remarks: list[str] = []
    for tape in tapes:
        rewritable = await _rewritable(contract, tape, call=call)
        if rewritable is None:
            continue
        try:
            remarks.append(await check(rewritable))
        except (AssertionError, ModelError) as error:
            raise AssertionError(f"{tape}: {error}") from error
    if not remarks:
        raise NotApplicableError(_NO_CALL if call else _NO_TEXT)
    return f"{len(remarks)} answers: {', '.join(dict.fromkeys(remarks))}"


@case("A text that is the object is returned checked: with defaults, and in the types asked for")
async def object_as_text(contract: ChatContractBase, variant: str) -> str:
    async def check(rewritable: RewritableAnswer) -> str:
        asked = await ask(contract, rewritable, [rewritable.answer(GOOD)])
        response = asked.whole()
        check_object(response)
        require_equal("requests", len(asked.wire.requests), 1)
        require_equal("attempts", [one.status_code for one in response.attempts], [rewritable.tape.status])
        require_equal("answers left open", asked.wire.unclosed, 0)
        return response.strategy

    return await _each(contract, good(contract), check)


@case("A call whose arguments are the object is returned checked")
async def object_as_call(contract: ChatContractBase, variant: str) -> str:
    async def check(rewritable: RewritableAnswer) -> str:
        name = await _own_tool(contract, rewritable)
        asked = await ask(contract, rewritable, [rewritable.answer(GOOD, name)], ToolChoice("auto"))
        response = asked.whole()
        check_object(response)
        require(response.strategy in BY_TOOL, f"the object came by a call, and the strategy is {response.strategy!r}")
        require_equal("requests", len(asked.wire.requests), 1)
        return response.strategy

    return await _each(contract, good(contract), check, call=True)


async def _own_tool(contract: ChatContractBase, rewritable: RewritableAnswer) -> str:
    """How the tool is called that takes the object: as it is sent."""
    asked = await ask(contract, rewritable, [refusal(400)], ToolChoice("auto"), max_retries=0)
    if not asked.wire.requests:
        raise NotApplicableError("the model takes no tools")
    text = set(leaves(json.loads(asked.wire.requests[0].body)))
    found = sorted(each for each in text if each.startswith("generate_structured_output"))
    require(found, "a call is asked for, and no tool is sent that takes the object")
    return found[0]


@case("A streamed object grows, and is checked at its end")
async def object_grows(contract: ChatContractBase, variant: str) -> str:
    async def check(rewritable: RewritableAnswer) -> str:
        wire = MutatedTransport(rewritable.answer(GOOD))
        model = contract.build(wire, rewritable.tape.model)
        streamed = model.stream_structured_output(question(), Sounding, tool_choice=ToolChoice("none"))
        seen = await _growing(streamed)
        whole = json.loads(GOOD)
        require(not seen or seen[-1] == whole, f"what had come before the last step is {seen[-1:]} and not {whole}")
        require(seen or len(rewritable.pieces) == 1, "nothing is told before the last step")
        require_equal("answers left open", wire.unclosed, 0)
        return f"{len(seen)} steps before the last"

    return await _each(contract, contract.streams(), check)


async def _growing(streamed: AsyncGenerator[StructuredResponse, None]) -> list[dict[str, Any]]:
    """What is told of the object before the last step, which is checked."""
    seen, last = list[dict[str, Any]](), None
    async for step in streamed:
        require(last is None, "a step came after the one with is_last=True")
        last = step if step.is_last else None
        seen += [] if step.is_last else [dict(step.content)]
    require(last is not None, "no step says is_last=True")
    assert last is not None
    check_object(last)
    sizes = [len(each) for each in seen]
    require(sizes == sorted(sizes), f"the object shrinks: {seen}")
    return seen


@case("An invalid object is asked for again, with what is wrong with it")
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
        require(any("quay_number" in text for text in new), "what was wrong with the object is not told")
        usage = (await contract.expected(rewritable.tape)).usage
        if usage is not None and response.usage is not None:
            require_equal("input tokens of both answers", response.usage.input_tokens, 2 * usage[0])
        return response.strategy

    return await _each(contract, good(contract), check)


@case("What is never a valid object is a StructuredOutputError within the budget")
async def never_an_object(contract: ChatContractBase, variant: str) -> None:
    rewritable = await a_rewritable(contract, good(contract))
    for text in _NOT_VALID:
        for max_retries in (0, 3):
            asked = await ask(contract, rewritable, [rewritable.answer(text)], max_retries=max_retries)
            error = asked.failure(StructuredOutputError, f"{text!r} in every answer")
            assert isinstance(error, StructuredOutputError)
            require_equal(f"requests with max_retries={max_retries}", len(asked.wire.requests), max_retries + 1)
            require_equal("attempts", len(error.attempts), max_retries + 1)
            require_equal("the text that came last", error.raw_text, text)
            require(error.errors, "the error does not say what is wrong with the object")
            require(not error.retryable, "the error is called retryable, though the budget is spent")
            require_equal("answers left open", asked.wire.unclosed, 0)


@case("Failures and invalid objects spend the same budget")
async def invalid_costs_too(contract: ChatContractBase, variant: str) -> None:
    rewritable = await a_rewritable(contract, good(contract))
    invalid, good_one = rewritable.answer("Not yet."), rewritable.answer(GOOD)
    mixed = [refusal(503), invalid, refusal(429), invalid, good_one]
    asked = await ask(contract, rewritable, mixed, max_retries=3)
    asked.failure(ModelError, "four failures of any kind, with max_retries=3,")
    require_equal("requests", len(asked.wire.requests), 4)
    asked = await ask(contract, rewritable, mixed, max_retries=4)
    check_object(asked.whole())
    require_equal("requests", len(asked.wire.requests), 5)


@case("A way that the server refuses is followed by the next, and a wrong key by none")
async def way_refused(contract: ChatContractBase, variant: str) -> None:
    rewritable = await a_rewritable(contract, good(contract))
    if (await ask(contract, rewritable, [rewritable.answer(GOOD)])).whole().strategy == "instruction":
        raise NotApplicableError("there is one way only: the model is told what is wanted")
    asked = await ask(contract, rewritable, [refusal(400, "no such field"), rewritable.answer(GOOD)])
    check_object(asked.whole())
    require_equal("requests", len(asked.wire.requests), 2)
    first, second = (request.body for request in asked.wire.requests)
    require(first != second, "the request that was refused is sent again")
    require(asked.whole().warnings, "nobody is told that a way was refused")
    asked = await ask(contract, rewritable, [refusal(400, "no such field")], max_retries=9)
    asked.failure(InvalidRequestError, "HTTP 400 to every way")
    bodies = [request.body for request in asked.wire.requests]
    require_equal("requests that were sent although they had been refused", len(bodies) - len({*bodies}), 0)
    asked = await ask(contract, rewritable, [refusal(401, "Incorrect key")])
    asked.failure(AuthenticationError, "HTTP 401")
    require_equal("requests after HTTP 401", len(asked.wire.requests), 1)


_NAMES = tuple(Sounding.model_fields)


@case("Every model gives the object, in a way that its card has, and says which way that was", cards, "a card")
async def object_by_card(contract: ChatContractBase, of: CardOf) -> str:
    rewritable = await a_rewritable(contract, [*contract.bodies(), *contract.streams()])
    asked = await ask(contract, rewritable, [rewritable.answer(GOOD)], name=of.card.name)
    response = asked.whole()
    check_object(response)
    body = json.loads(asked.wire.requests[0].body)
    require(set(_NAMES) <= _words(body), "the request does not say what the object must be")
    _check_way(contract, of.card, response.strategy, body)
    return response.strategy


def _check_way(contract: ChatContractBase, card: ModelCard, strategy: str, body: Any) -> None:  # Any: JSON
    """The strategy is one that the card has, and is what the request says."""
    facts = card.structured_output
    denied = {
        "native_schema": not facts.json_schema,
        "json_mode": not facts.json_mode,
        "forced_tool": not (facts.forced_tool and card.tools),
        "auto_tool": not card.tools,
    }
    require(not denied.get(strategy, False), f"{strategy} is tried first, which the card says the model has not")
    tools = body.get("tools") if isinstance(body, dict) else None
    if strategy in BY_TOOL:
        require(set(_NAMES) <= _words(tools), f"{strategy} is told, and no tool takes the object")
    elif strategy == "native_schema":
        require(not tools, "the schema of the output is told, and a tool is sent, too")
        require(set(_NAMES) <= _keys(body), "native_schema is told, and the schema is at most told in words")
    native = getattr(getattr(contract.model, "codec", None), "native_output", None)
    if native is not None and native.schema is not None and facts.json_schema:
        require_equal("the strategy of a model whose card says json_schema", strategy, "native_schema")


def _keys(value: Any) -> set[str]:  # Any: JSON
    if isinstance(value, list):
        return {key for each in value for key in _keys(each)}
    return {*value, *(key for each in value.values() for key in _keys(each))} if isinstance(value, dict) else set()


def _words(value: Any) -> set[str]:  # Any: JSON
    """The names of the object's members that stand in it anywhere."""
    text = json.dumps(value)
    return {name for name in _NAMES if name in text}


CASES: tuple[Case[Any], ...] = (
    object_as_text,
    object_as_call,
    object_grows,
    invalid_asked_again,
    never_an_object,
    invalid_costs_too,
    way_refused,
    object_by_card,
)
