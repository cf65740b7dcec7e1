"""Structured output: strategy after strategy within one budget, until an object is valid or no strategy is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any, Self

from ...domain.chat.tools import ToolChoice, ToolSchema, check_choice, validate_tools
from ...domain.errors import ContextLengthError, InvalidRequestError, UnsupportedFeatureError
from ...domain.message.messages import Msg
from ...domain.message.responses import ChatResponse, FinishReason, ModelWarning, StructuredResponse
from ...domain.structured.partial_json import PartialJson
from ...domain.structured.plan import TOOL_STRATEGIES, Strategy, plan_strategies
from ...domain.structured.schema_adapt import Adapted, adapt
from ...domain.structured.schema_restore import restored
from ...domain.structured.schema_rules import TOOL
from ..call.arguments import check_messages
from ..call.context import CallContext
from .model_facts import ModelFacts
from .output_spec import OutputSpec
from .reading import InvalidAnswerError, read_object
from .record import StructuredRecord
from .strategy_request import StrategyRequest

__all__ = ["Ask", "StructuredRun"]

Ask = Callable[
    [CallContext, list[Msg], list[ToolSchema] | None, ToolChoice | None],
    Awaitable[ChatResponse | AsyncGenerator[ChatResponse, None]],
]
"""Makes one request, with its retries, in this context: a stream when `context.stream` is set, else the response."""

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
        self._left = iter(self.plan.tried)
        self._request: StrategyRequest | None = None
        self._sent: list[Msg] = []
        self._asked = 0
        self._deltas: AsyncGenerator[ChatResponse, None] | None = None
        self._partial, self._calls = PartialJson(), dict[str, bool]()
        self._started = 0.0
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StructuredResponse:
        """Growing objects with `is_last=False` when streaming, then the validated one. Raises a `ModelError`."""
        if self._over:
            raise StopAsyncIteration
        try:
            while True:
                request = self._request or self._next_strategy()
                try:
                    answer = await self._answer(request)
                except ContextLengthError:
                    raise
                except InvalidRequestError as error:
                    self._record.refused(request.planned, error)
                    self._request = self._deltas = None
                    continue
                if isinstance(answer, StructuredResponse):
                    return answer
                self._record.answered(answer)
                try:
                    return self._last(await self._checked(request, answer))
                except InvalidAnswerError as invalid:
                    self._ask_again(request, answer, invalid)
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """End the run and close the answer that it reads."""
        self._over = True
        deltas, self._deltas = self._deltas, None
        if deltas is not None:
            await deltas.aclose()

    def _next_strategy(self) -> StrategyRequest:
        """The next strategy of the plan; raises the failure of the run when none is left, or no request."""
        self._started = self._started or self._context.runtime.clock.monotonic()
        planned = next(self._left, None)
        if planned is None or self._context.budget.left <= 0:
            raise self._record.failure()
        adapted, unseen = self._adapted(planned.strategy), self._facts.native.schema_unseen
        self._request = StrategyRequest(planned, self._spec, adapted, self._tools, unseen)
        self._sent, self._asked = self._request.messages(self._messages), 0
        return self._request

    def _ask_again(self, request: StrategyRequest, response: ChatResponse, invalid: InvalidAnswerError) -> None:
        """Ask with the errors of the invalid answer, or leave the strategy."""
        self._record.invalid(request, response, invalid)
        is_last_resort = request.planned is self.plan.tried[-1]
        spent = self._context.budget.left <= 0 or (self._asked >= _ASKS and not is_last_resort)
        if spent or (invalid.ignored and not is_last_resort):
            self._request = None
        else:
            self._sent = request.asked_again(self._sent, response, invalid.errors)

    async def _answer(self, request: StrategyRequest) -> StructuredResponse | ChatResponse:
        """The object as it grows, a new dict at each step, or the whole response at the end of a request."""
        if self._deltas is None:
            answer = await self._open(request)
            if isinstance(answer, ChatResponse):
                return answer
            self._deltas, self._partial, self._calls = answer, PartialJson(), {}
        changed = False
        async for delta in self._deltas:
            if delta.is_last:
                deltas, self._deltas = self._deltas, None
                with suppress(StopAsyncIteration):
                    await anext(deltas)  # its connection can be used again
                return delta
            for block in delta.content:
                changed = self._partial.feed(request.delta_text(block, self._calls)) or changed
            if changed and self._partial.value is not None:
                return _step(request, delta, self._partial.value)
        raise AssertionError("a stream ends with its last response or an error")

    async def _open(self, request: StrategyRequest) -> AsyncGenerator[ChatResponse, None] | ChatResponse:
        self._asked += 1
        context = self._context.for_output(request.output)
        if request.planned.thinking_off and self._facts.asked_to_think:
            context.warnings.append(ModelWarning("changed", "thinking_enable", request.planned.reason))
        return await self._ask(context, self._sent, request.tools, request.choice)

    def _last(self, response: StructuredResponse) -> StructuredResponse:
        self._over = True
        if response.usage is not None:
            response.usage.time = self._context.runtime.clock.monotonic() - self._started
        return response

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
            response=response,
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
