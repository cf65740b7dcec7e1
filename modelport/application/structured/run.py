"""Structured output: strategy after strategy within one budget, until an object is valid or nothing is left to try."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from ...domain.card.cards import ModelCard
from ...domain.chat.tools import ToolChoice, ToolSchema, check_choice, validate_tools
from ...domain.errors import ContextLengthError, InvalidRequestError, UnsupportedFeatureError
from ...domain.message.messages import Msg
from ...domain.message.responses import ChatResponse, FinishReason, ModelWarning, StructuredResponse
from ...domain.structured.json_text import PartialJson
from ...domain.structured.plan import (
    NOTHING_NATIVE,
    TOOL_STRATEGIES,
    NativeOutput,
    Strategy,
    StructuredSituation,
    plan_strategies,
    thinks_in_call,
)
from ...domain.structured.schema_adapt import Adapted, adapt
from ...domain.structured.schema_restore import restored
from ...domain.structured.schema_rules import TOOL
from ..call.arguments import check_messages
from ..call.streams import Owned
from ..chat.call import STARTED as NOTHING
from ..chat.call import Answer, ChatCall
from ..chat.engine import new_context, request_tokens
from .output_spec import StructuredTarget
from .reading import InvalidAnswerError, read_object
from .record import StructuredRecord
from .strategy_request import Rung

if TYPE_CHECKING:
    from ..chat.model import ChatModelBase

__all__ = ["StructuredRun"]

_ASKS = 2
"""How often one strategy is asked before the next one is tried; the last one is asked until the budget is spent."""
_LONG = 32_768
"""From this many characters on an answer is read in a thread: repairing is slow."""


class StructuredRun:
    """One call of `generate_structured_output`, or of `stream_structured_output`. Runs once."""

    def __init__(
        self,
        model: ChatModelBase,
        messages: list[Msg],
        structured_model: type[BaseModel] | Mapping[str, Any],  # Any: a JSON Schema
        tools: list[ToolSchema] | None,
        tool_choice: ToolChoice | None,
        kwargs: Mapping[str, Any],  # Any: provider body fields
        *,
        allow_partial: bool = False,
    ) -> None:
        check_messages(messages)
        if not messages:
            raise InvalidRequestError("messages is empty; there is nothing to answer")
        validate_tools(tools, None)
        if tool_choice is not None:
            check_choice(tool_choice)
        self._model = model
        self._messages = messages
        self._target = StructuredTarget(structured_model)
        self._tools = tools or []
        self._kwargs = kwargs
        self._allow_partial = allow_partial
        self._card = model.card if model.card_checks == "on" else ModelCard.permissive(model.model)
        self._native: NativeOutput = getattr(getattr(model, "codec", None), "native_output", NOTHING_NATIVE)
        self._for_tool = adapt(self._target.schema, TOOL)
        self._for_output = adapt(self._target.schema, self._native.rules(known=self._card.known) or TOOL)
        self._thinks = self._will_think()
        self._plan = plan_strategies(self._situation(tool_choice))
        if not self._plan.tried:
            reasons = "; ".join(f"{planned.strategy.value}: {planned.reason}" for planned in self._plan.skipped)
            raise UnsupportedFeatureError(f"with this tool_choice no way to an object is left: {reasons}")
        self._context = new_context(model)
        self._record = StructuredRecord(self._context, self._plan)

    async def result(self) -> StructuredResponse:
        """The validated object."""
        async with aclosing(self.steps(stream=False)) as steps:
            async for step in steps:
                if step.is_last:
                    return step
        raise AssertionError("steps end with the last one or an error")

    async def steps(self, *, stream: bool = True) -> AsyncGenerator[StructuredResponse, None]:
        """Growing objects with `is_last=False` (when streaming), then the validated one. Raises a `ModelError`."""
        await self._model._prepare()
        started = self._context.runtime.clock.monotonic()
        for planned in self._plan.tried:
            rung = Rung(planned, self._target, self._adapted(planned.strategy), self._tools)
            async with aclosing(Owned(self._climb(rung, stream=stream))) as steps:
                async for step in steps:
                    if step.is_last and step.usage is not None:
                        step.usage.time = self._context.runtime.clock.monotonic() - started
                    yield step
                    if step.is_last:
                        return
        raise self._record.failure()

    async def _climb(self, rung: Rung, *, stream: bool) -> AsyncGenerator[StructuredResponse, None]:
        """One strategy: asked, and asked again with what was wrong. Ends without a last step when it did not serve."""
        messages, response = rung.messages(self._messages), NOTHING
        is_last_resort = rung.planned is self._plan.tried[-1]
        asked = 0
        while self._context.budget.left > 0 and (asked < _ASKS or is_last_resort):
            asked += 1
            try:
                async with aclosing(Owned(self._ask(rung, messages, stream=stream))) as answers:
                    async for answer in answers:
                        if isinstance(answer, StructuredResponse):
                            yield answer
                        else:
                            response = answer
            except ContextLengthError:
                raise
            except InvalidRequestError as error:
                self._record.refused(rung.planned, error)
                return
            self._record.answered(response)
            try:
                yield await self._judged(rung, response)
                return
            except InvalidAnswerError as invalid:
                self._record.invalid(rung, response, invalid)
                if invalid.ignored and not is_last_resort:
                    return
                messages = rung.asked_again(messages, response, invalid.errors)

    async def _ask(
        self, rung: Rung, messages: list[Msg], *, stream: bool
    ) -> AsyncGenerator[StructuredResponse | ChatResponse, None]:
        """One request and its retries: objects as they grow, then the whole answer."""
        model = self._model
        context = self._context.for_output(rung.output)
        context.stream = stream
        if rung.planned.thinking_off and self._asked_to_think():
            context.warnings.append(ModelWarning("changed", "thinking_enable", rung.planned.reason))
        tools, choice = rung.tools, rung.choice

        def attempt() -> Awaitable[Answer] | Answer:
            made: Awaitable[Answer] | Answer = model._call_api(model.model, messages, tools, choice, **self._kwargs)
            return made

        sent = request_tokens(model, messages, tools)
        call = ChatCall(context, attempt, model.retry_policy, model._get_retryable_exceptions(), sent)
        answer = await call.open()
        if not stream:
            yield await call.collect(answer)
            return
        async with aclosing(await call.deltas(answer, owned=True)) as deltas:
            async for item in _growing(rung, deltas):
                yield item

    async def _judged(self, rung: Rung, response: ChatResponse) -> StructuredResponse:
        """The answer as the validated object; raises `InvalidAnswerError`, or an error that no re-ask can mend."""
        text = rung.answer(response)
        reason = response.finish_reason
        truncated = reason is FinishReason.LENGTH
        if reason in (FinishReason.REFUSAL, FinishReason.CONTENT_FILTER):
            self._record.invalid(rung, response, InvalidAnswerError([f"$: the answer ended with {reason}"]))
            raise self._record.failure(f"the model gave no object: its answer ended with {reason}")
        try:
            content, value, repaired = await self._read(rung, text, truncated=truncated)
        except InvalidAnswerError as invalid:
            if truncated:
                self._record.invalid(rung, response, invalid)
                raise self._record.failure(
                    "the answer was cut off by its length limit; raise max_tokens, or pass allow_partial=True"
                ) from invalid
            raise
        return StructuredResponse(
            content,
            value,
            rung.planned.strategy.value,
            usage=self._record.usage,
            metadata=dict(response.metadata),
            finish_reason=reason,
            warnings=self._record.warnings(response, repaired=repaired, truncated=truncated),
            attempts=list(self._context.attempts),
        )

    async def _read(self, rung: Rung, text: str, *, truncated: bool) -> tuple[dict[str, Any], Any, bool]:
        """Content, instance, and whether the text was repaired (Any: JSON values; the caller's class)."""

        def read() -> tuple[dict[str, Any], Any, bool]:
            found, repaired = read_object(text, truncated=truncated, allow_partial=truncated and self._allow_partial)
            value = restored(found, self._target.schema, rung.adapted)
            if not isinstance(value, dict):
                raise InvalidAnswerError(["$: this is not a JSON object"])
            return (*self._target.checked(value), repaired)

        try:
            return await asyncio.to_thread(read) if len(text) > _LONG else read()
        except RecursionError as error:
            raise InvalidAnswerError(["$: the object is nested too deeply"]) from error

    # what is known before

    def _situation(self, choice: ToolChoice | None) -> StructuredSituation:
        card = self._card
        has_switch = "thinking_enable" in type(self._model.parameters).model_fields
        return StructuredSituation(
            native=self._native,
            output=card.structured_output,
            tool_choice=card.tool_choice,
            takes_tools=card.tools,
            thinks=self._thinks,
            can_stop=has_switch and (card.thinking is None or card.thinking.can_disable),
            other_tools=bool(self._tools),
            problems=self._for_output.problems,
            choice=choice,
        )

    def _will_think(self) -> bool | None:
        model = self._model
        values = model.parameters.model_dump(exclude_none=True)
        chosen = frozenset(model.parameters.model_fields_set)
        return thinks_in_call(values, chosen, self._card.thinking, known=self._card.known)

    def _asked_to_think(self) -> bool:
        parameters = self._model.parameters
        return any(name.startswith("thinking_") and getattr(parameters, name) for name in parameters.model_fields_set)

    def _adapted(self, strategy: Strategy) -> Adapted:
        return self._for_tool if strategy in TOOL_STRATEGIES or not self._for_output.expressible else self._for_output


async def _growing(
    rung: Rung, deltas: AsyncGenerator[ChatResponse, None]
) -> AsyncGenerator[StructuredResponse | ChatResponse, None]:
    """The object as it grows, a new dict at each step; then the whole answer."""
    partial, calls = PartialJson(), dict[str, bool]()
    async for delta in deltas:
        if delta.is_last:
            yield delta
            return
        changed = False
        for block in delta.content:
            piece = rung.grows(block, calls)
            changed = (bool(piece) and partial.feed(piece)) or changed
        if changed and partial.value is not None:
            yield StructuredResponse(
                partial.value,
                None,
                rung.planned.strategy.value,
                id=delta.id,
                created_at=delta.created_at,
                is_last=False,
            )
