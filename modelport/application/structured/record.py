"""The record of one structured-output call: usage, refused strategies and validation errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...domain.errors import InvalidRequestError, ModelError, StructuredOutputError
from ...domain.message.responses import ChatResponse, ChatUsage, ModelWarning
from ...domain.structured.plan import PlannedStrategy, StructuredPlan
from ..call.context import CallContext
from .reading import InvalidAnswerError
from .strategy_request import StrategyRequest

__all__ = ["StructuredRecord"]


class StructuredRecord:
    """Written while strategies are tried; read for the result or the error."""

    def __init__(self, context: CallContext, plan: StructuredPlan) -> None:
        self._context = context
        self._plan = plan
        self._refusals: list[tuple[PlannedStrategy, InvalidRequestError]] = []
        self._errors: list[str] = []
        self._raw_text: str | None = None
        self._last: ChatResponse | None = None
        self.usage: ChatUsage | None = None
        """The usage of all answers together."""

    def answered(self, response: ChatResponse) -> None:
        """Record an answer, valid or not."""
        self._last = response
        new, old = response.usage, self.usage
        if new is None or old is None:
            self.usage = new or old
            return
        self.usage = replace(
            new,
            input_tokens=new.input_tokens + old.input_tokens,
            output_tokens=new.output_tokens + old.output_tokens,
            cache_input_tokens=new.cache_input_tokens + old.cache_input_tokens,
            cache_creation_input_tokens=new.cache_creation_input_tokens + old.cache_creation_input_tokens,
            reasoning_tokens=new.reasoning_tokens + old.reasoning_tokens,
        )

    def refused(self, planned: PlannedStrategy, error: InvalidRequestError) -> None:
        """Record that the provider, or our own check before sending, refused the request."""
        self._refusals.append((planned, error))

    def invalid(self, request: StrategyRequest, response: ChatResponse, invalid: InvalidAnswerError) -> None:
        """Record an invalid answer."""
        self._raw_text = request.answer(response)
        self._errors += [f"{request.planned.strategy.value}: {error}" for error in invalid.errors]

    def warnings(self, response: ChatResponse, *, repaired: bool, truncated: bool) -> list[ModelWarning]:
        """The warnings for a valid answer."""
        refused = [f"{planned.strategy.value} was refused: {error.message}" for planned, error in self._refusals]
        return [
            *(ModelWarning("changed", "structured_output", message) for message in refused),
            *response.warnings,
            *_repair_warnings(repaired=repaired, truncated=truncated),
        ]

    def failure(self, why: str | None = None) -> ModelError:
        """The error to raise: the first refusal if there was no answer, otherwise a `StructuredOutputError`."""
        attempts = tuple(self._context.attempts)
        if self._last is None and self._refusals:
            first = self._refusals[0][1]
            first.attempts = attempts
            return first
        tried = ", ".join(planned.strategy.value for planned in self._plan.tried)
        refusals = [f"{planned.strategy.value}: {error}" for planned, error in self._refusals]
        wrong = f", last error: {self._errors[-1]}" if self._errors else ""
        error = StructuredOutputError(
            why or f"no valid object in {len(attempts)} request(s){wrong}; strategies for this model: {tried}",
            raw_text=self._raw_text,
            errors=[*self._errors, *refusals],
            provider=self._context.provider,
            model=self._context.model,
            partial=self._last,
        )
        error.attempts = attempts
        return error


def _repair_warnings(*, repaired: bool, truncated: bool) -> Sequence[ModelWarning]:
    if repaired and truncated:
        return [ModelWarning("other", "structured_output", "the answer was cut off; the received part was used")]
    return [ModelWarning("other", "structured_output", "the answer's JSON was repaired")] if repaired else []
