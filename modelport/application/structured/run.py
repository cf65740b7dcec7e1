"""Structured output: strategy after strategy within one budget, until an object is valid or nothing is left to try."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from ...domain.chat.tools import ToolChoice, ToolSchema, check_choice, validate_tools
from ...domain.errors import ContextLengthError, InvalidRequestError, UnsupportedFeatureError
from ...domain.message.messages import Msg
from ...domain.message.responses import ChatResponse, FinishReason, ModelWarning, StructuredResponse
from ...domain.structured.json_text import PartialJson
from ...domain.structured.plan import TOOL_STRATEGIES, Strategy, plan_strategies
from ...domain.structured.schema_adapt import Adapted, adapt
from ...domain.structured.schema_restore import restored
from ...domain.structured.schema_rules import TOOL
from ..call.arguments import check_messages
from ..call.context import CallContext
from ..call.streams import Owned
from .output_spec import OutputSpec
from .reading import InvalidAnswerError, read_object
from .record import StructuredRecord
from .situation import ModelFacts
from .strategy_request import StrategyRequest

__all__ = ["Ask", "StructuredRun"]

Ask = Callable[[CallContext, list[Msg], list[ToolSchema] | None, ToolChoice | None], AsyncGenerator[ChatResponse, None]]
"""Makes one request, with its retries, in this context.

Yields the deltas when `context.stream` is set, then the whole response with `is_last=True`. Raises a `ModelError`.
"""

_ASKS = 2
"""How often one strategy is asked before the next one is tried; the last one is asked until the budget is spent."""
_LONG = 32_768
"""Answers of at least this length are parsed in a thread, because repair is slow."""


class StructuredRun:
    """One call of `generate_structured_output`, or of `stream_structured_output`. Runs once.

    Args:
        ask: makes one request.
        context: the context of the whole call, with the one budget that all requests share.
        facts: what is known of the model.
        messages, tools, tool_choice: the caller's arguments.
        spec: what a valid object is.
        allow_partial: whether an answer cut off by its length limit is accepted when it is valid.

    Raises `InvalidRequestError` for wrong arguments, `UnsupportedFeatureError` when no strategy is possible.
    """

    def __init__(
        self,
        ask: Ask,
        context: CallContext,
        facts: ModelFacts,
        messages: list[Msg],
        spec: OutputSpec,
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        *,
        allow_partial: bool = False,
    ) -> None:
        check_messages(messages)
        validate_tools(tools, None)
        if tool_choice is not None:
            check_choice(tool_choice)
        self._ask = ask
        self._context = context
        self._facts = facts
        self._messages = messages
        self._spec = spec
        self._tools = tools or []
        self._allow_partial = allow_partial
        self._for_tool = adapt(spec.schema, TOOL)
        self._for_output = adapt(spec.schema, facts.native.rules(known=facts.card.known) or TOOL)
        situation = facts.situation(self._for_output.problems, tool_choice, other_tools=bool(self._tools))
        self.plan = plan_strategies(situation)
        if not self.plan.tried:
            reasons = "; ".join(f"{planned.strategy.value}: {planned.reason}" for planned in self.plan.skipped)
            raise UnsupportedFeatureError(f"tool_choice rules out every structured-output strategy: {reasons}")
        self._record = StructuredRecord(context, self.plan)

    async def result(self) -> StructuredResponse:
        """The validated object."""
        async with aclosing(self.steps(stream=False)) as steps:
            async for step in steps:
                if step.is_last:
                    return step
        raise AssertionError("steps end with the last one or an error")

    async def steps(self, *, stream: bool = True) -> AsyncGenerator[StructuredResponse, None]:
        """Growing objects with `is_last=False` (when streaming), then the validated one. Raises a `ModelError`."""
        self._context.stream = stream
        started = self._context.runtime.clock.monotonic()
        for planned in self.plan.tried:
            request = StrategyRequest(planned, self._spec, self._adapted(planned.strategy), self._tools)
            async with aclosing(Owned(self._next_strategy(request))) as steps:
                async for step in steps:
                    if step.is_last and step.usage is not None:
                        step.usage.time = self._context.runtime.clock.monotonic() - started
                    yield step
                    if step.is_last:
                        return
        raise self._record.failure()

    async def _next_strategy(self, request: StrategyRequest) -> AsyncGenerator[StructuredResponse, None]:
        """One strategy: asks, and asks again with the errors. Ends without a last step when it gave no valid object."""
        messages, response = request.messages(self._messages), None
        is_last_resort = request.planned is self.plan.tried[-1]
        asked = 0
        while self._context.budget.left > 0 and (asked < _ASKS or is_last_resort):
            asked += 1
            try:
                async with aclosing(Owned(self._answers(request, messages))) as answers:
                    async for answer in answers:
                        if isinstance(answer, StructuredResponse):
                            yield answer
                        else:
                            response = answer
            except ContextLengthError:
                raise
            except InvalidRequestError as error:
                self._record.refused(request.planned, error)
                return
            assert response is not None, "a request ends with a whole response or an error"
            self._record.answered(response)
            try:
                yield await self._checked(request, response)
                return
            except InvalidAnswerError as invalid:
                self._record.invalid(request, response, invalid)
                if invalid.ignored and not is_last_resort:
                    return
                messages = request.asked_again(messages, response, invalid.errors)

    async def _answers(
        self, request: StrategyRequest, messages: list[Msg]
    ) -> AsyncGenerator[StructuredResponse | ChatResponse, None]:
        """One request and its retries: the object as it grows, a new dict at each step, then the whole response."""
        context = self._context.for_output(request.output)
        if request.planned.thinking_off and self._facts.asked_to_think:
            context.warnings.append(ModelWarning("changed", "thinking_enable", request.planned.reason))
        partial, calls = PartialJson(), dict[str, bool]()
        async with aclosing(Owned(self._ask(context, messages, request.tools, request.choice))) as deltas:
            async for delta in deltas:
                if delta.is_last:
                    yield delta
                    return
                pieces = [request.delta_text(block, calls) for block in delta.content]
                if partial.feed("".join(pieces)) and partial.value is not None:
                    yield _step(request, delta, partial.value)

    async def _checked(self, request: StrategyRequest, response: ChatResponse) -> StructuredResponse:
        """The validated object; raises `InvalidAnswerError`, or `StructuredOutputError` when asking again is futile."""
        reason = response.finish_reason
        truncated = reason is FinishReason.LENGTH
        if reason in (FinishReason.REFUSAL, FinishReason.CONTENT_FILTER):
            self._record.invalid(request, response, InvalidAnswerError([f"$: the answer ended with {reason}"]))
            raise self._record.failure(f"the model gave no object: its answer ended with {reason}")
        try:
            content, value, repaired = await self._read(request, request.answer(response), truncated=truncated)
        except InvalidAnswerError as invalid:
            if truncated:
                self._record.invalid(request, response, invalid)
                raise self._record.failure(
                    "the answer was cut off by its length limit; raise max_tokens, or pass allow_partial=True"
                ) from invalid
            raise
        return StructuredResponse(
            content,
            value,
            request.strategy.value,
            usage=self._record.usage,
            metadata=dict(response.metadata),
            finish_reason=reason,
            warnings=self._record.warnings(response, repaired=repaired, truncated=truncated),
            attempts=list(self._context.attempts),
        )

    async def _read(
        self, request: StrategyRequest, text: str, *, truncated: bool
    ) -> tuple[dict[str, Any], Any, bool]:  # Any: JSON values; an instance of the caller's class
        """Content, instance, and whether the text was repaired."""

        def read() -> tuple[dict[str, Any], Any, bool]:
            found, repaired = read_object(text, truncated=truncated, allow_partial=truncated and self._allow_partial)
            value = restored(found, self._spec.schema, request.adapted)
            if not isinstance(value, dict):
                raise InvalidAnswerError(["$: this is not a JSON object"])
            return (*self._spec.checked(value), repaired)

        try:
            return await asyncio.to_thread(read) if len(text) >= _LONG else read()
        except RecursionError as error:
            raise InvalidAnswerError(["$: the object is nested too deeply"]) from error

    def _adapted(self, strategy: Strategy) -> Adapted:
        return self._for_tool if strategy in TOOL_STRATEGIES or not self._for_output.expressible else self._for_output


def _step(request: StrategyRequest, delta: ChatResponse, value: dict[str, Any]) -> StructuredResponse:
    """The object so far, unvalidated (Any: JSON values)."""
    return StructuredResponse(
        value, None, request.strategy.value, id=delta.id, created_at=delta.created_at, is_last=False
    )
