"""Calls for an object on rewritten answers, and the checks of what they return."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from .....domain.chat.tools import ToolChoice
from .....domain.errors import ModelError
from .....domain.message.responses import StructuredResponse
from ...core.case import NotApplicableError, require, require_equal
from ...core.mutated_transport import MutatedAnswer, MutatedTransport
from ...core.recordings import Recording
from ..base import ChatContractBase
from ..collect import question
from .rewritten_answers import RewritableAnswer, rewritable_answer

__all__ = ["BY_TOOL", "GOOD", "Asked", "Sounding", "ask", "check_object", "each_rewritable", "first_rewritable"]

_NO_TEXT = "needs an answer that ended normally, with a text that is in its events as it is"
_NO_CALL = "needs an answer that calls a tool"
_NORMAL_END = ("stop", "tool_calls")
BY_TOOL = ("forced_tool", "auto_tool")


class Sounding(BaseModel):
    """A depth at a place."""

    quay_number: int = Field(description="The number of the quay.")
    depth_metres: float
    keel_room: bool = True


GOOD = '{"quay_number": "7", "depth_metres": 4}'
_WANTED: dict[str, Any] = {"quay_number": 7, "depth_metres": 4.0, "keel_room": True}


@dataclass(frozen=True)
class Asked:
    """The result of a call for an object."""

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


async def first_rewritable(contract: ChatContractBase, tapes: Sequence[Recording]) -> RewritableAnswer:
    """The first of these answers that ended normally and whose text can be replaced."""
    for tape in tapes:
        found = await _rewritable(contract, tape)
        if found is not None:
            return found
    raise NotApplicableError(_NO_TEXT)


async def _rewritable(contract: ChatContractBase, tape: Recording, *, call: bool = False) -> RewritableAnswer | None:
    """The answer if it ended normally: one that was cut off is not asked for again."""
    ended = (await contract.expected(tape)).finish_reason
    return await rewritable_answer(contract, tape, call=call) if ended in _NORMAL_END else None


def check_object(response: StructuredResponse) -> None:
    """Raise unless it is the object of `GOOD`."""
    require_equal("the object", response.content, _WANTED)
    require(isinstance(response.value, Sounding), f"value is {response.value!r:.100}, not an instance of the class")
    require_equal("the instance", response.value.model_dump(), _WANTED)
    require(response.is_last and response.finish_reason is not None, "the answer is not marked as the last one")
    require(response.strategy, "the response has no strategy")


async def each_rewritable(
    contract: ChatContractBase,
    tapes: Sequence[Recording],
    check: Callable[[RewritableAnswer], Awaitable[str]],
    *,
    call: bool = False,
) -> str:
    """Run the check on every answer that can be rewritten; the remarks."""
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
