"""Faults, each a patch of one place, that the contract suite must find."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from modelport.adapters.dialects.openai_chat import writer as chat_completions
from modelport.adapters.wire import errors as wire_errors
from modelport.adapters.wire.decoder import JsonDecoder
from modelport.adapters.wire.framing import SSEFramer
from modelport.application.call import attempts
from modelport.application.call import http as http_body
from modelport.application.call.clocks import CallClocks
from modelport.application.call.http_answer import HttpAnswer
from modelport.application.chat import tokens as token_counter
from modelport.application.chat.call import ChatCall
from modelport.application.chat.model import ChatModelBase
from modelport.application.chat.stream import ChatStream
from modelport.application.model import checked
from modelport.application.model.credential import KeyedCredential
from modelport.application.structured.output_spec import OutputSpec
from modelport.application.structured.strategy_request import StrategyRequest
from modelport.domain.chat import fold
from modelport.domain.chat.turns import TurnBuilder
from modelport.domain.errors import ModelError
from modelport.domain.message.blocks import ProviderData
from modelport.domain.message.messages import Msg
from modelport.domain.message.responses import ChatResponse, FinishReason
from modelport.domain.retry import Budget, RetryPolicy, wait_before_retry
from modelport.domain.structured.plan import OutputRequest

__all__ = ["FAULTS", "Fault"]

Patch = AbstractContextManager[object]


@dataclass(frozen=True)
class Fault:
    """`about` says what is broken, `seed` breaks it; it is found on the cassettes of `provider`."""

    about: str
    seed: Callable[[], Patch]
    provider: str = "anthropic"

    def __str__(self) -> str:
        return self.about


def _wrapped(owner: Any, name: str, make: Callable[[Any], Any]) -> Callable[[], Patch]:
    """A patch that replaces a function by what is made of it (Any: functions of any kind)."""
    return lambda: patch.object(owner, name, make(getattr(owner, name)))


def _some_pieces(original: Any) -> Any:
    def piece(self: JsonDecoder, kind: Any, block_id: str, text: str, *rest: Any, **more: Any) -> None:
        lost = kind == "text" and len(text) % 2 == 0
        original(self, kind, block_id, "" if lost else text, *rest, **more)

    return piece


def _no_thoughts(original: Any) -> Any:
    def piece(self: JsonDecoder, kind: Any, *rest: Any, **more: Any) -> None:
        if kind != "thinking":
            original(self, kind, *rest, **more)

    return piece


def _made_up_ids(original: Any) -> Any:
    def piece(self: JsonDecoder, kind: Any, block_id: str, *rest: Any, **more: Any) -> None:
        original(self, kind, f"call{len(block_id)}" if kind == "tool_call" else block_id, *rest, **more)

    return piece


def _without_system(original: Any) -> Any:
    def add(self: TurnBuilder, message: Msg) -> None:
        if message.role != "system":
            original(self, message)

    return add


def _deaf_to_cancellation(original: Any) -> Any:
    async def following(self: HttpAnswer[ChatResponse]) -> ChatResponse:
        try:
            response: ChatResponse = await original(self)
        except asyncio.CancelledError:
            await self.aclose()
            raise StopAsyncIteration from None
        return response

    return following


def _no_usage(original: Any) -> Any:
    return lambda *given: _changed(original(*given), "usage", None)


def _never_last(original: Any) -> Any:
    return lambda *given: _changed(original(*given), "is_last", False)


def _changed(response: ChatResponse, name: str, value: object) -> ChatResponse:
    setattr(response, name, value)
    return response


def _doubled_input(original: Any) -> Any:
    def final(*given: Any) -> ChatResponse:
        response: ChatResponse = original(*given)
        if response.usage is not None:
            response.usage = replace(response.usage, cache_input_tokens=response.usage.input_tokens + 1)
        return response

    return final


@contextmanager
def _every_end_is_an_end() -> Iterator[None]:
    with ExitStack() as stack:
        for cls in _subclasses(JsonDecoder):
            if "_check_end" in cls.__dict__:
                stack.enter_context(patch.object(cls, "_check_end", lambda self: None))
        yield


@contextmanager
def _one_request_more() -> Iterator[None]:
    original = wait_before_retry

    def wait(error: ModelError, policy: RetryPolicy, *rest: Any) -> float | None:
        return original(error, replace(policy, max_retries=policy.max_retries + 1), *rest)

    def take(self: Budget) -> bool:
        self.spent += 1
        return self.spent <= self.limit + 1

    with ExitStack() as stack:
        stack.enter_context(patch.object(Budget, "left", property(lambda self: self.limit + 1 - self.spent)))
        stack.enter_context(patch.object(Budget, "take", take))
        stack.enter_context(patch.object(attempts, "wait_before_retry", wait))
        yield


def _subclasses(cls: type[Any]) -> list[type[Any]]:
    return [one for direct in cls.__subclasses__() for one in (direct, *_subclasses(direct))]


def _one_event_a_packet(original: Any) -> Any:
    return lambda self, data: original(self, data)[:1]


def _text_first(original: Any) -> Any:
    return lambda self, data: original(self, data.decode("utf-8", "replace").encode())


def _no_carriage_returns(original: Any) -> Any:
    return lambda self, data: data


def _always_other(original: Any) -> Any:
    numbers = itertools.count()
    return lambda name, *rest: original(f"{name}{next(numbers)}", *rest)


async def _left_open(self: ChatStream) -> None: ...


def _never_idle(original: Any) -> Any:
    def next_clock(self: CallClocks) -> Any:
        reading, self.reading = self.reading, False
        try:
            return original(self)
        finally:
            self.reading = reading

    return next_clock


def _without_tools(original: Any) -> Any:
    return lambda messages, tools: original(messages, None)


def _as_counted(original: Any) -> Any:
    return lambda tokens, **said: original(tokens, estimated=False, source="anthropic")


def _made_up_count(original: Any) -> Any:
    async def counted(*arguments: Any) -> int:
        try:
            count: int = await original(*arguments)
        except ModelError:
            return 42
        return count

    return counted


FAULTS: tuple[Fault, ...] = (
    Fault("a decoder loses pieces of text", _wrapped(JsonDecoder, "_piece", _some_pieces)),
    Fault("a decoder passes over thoughts", _wrapped(JsonDecoder, "_piece", _no_thoughts)),
    Fault("a decoder makes up the ids of tool calls", _wrapped(JsonDecoder, "_piece", _made_up_ids)),
    Fault("a framer takes one event of each packet", _wrapped(SSEFramer, "feed", _one_event_a_packet)),
    Fault("a framer decodes text before it cuts it", _wrapped(SSEFramer, "feed", _text_first)),
    Fault("a framer knows no CRLF", _wrapped(SSEFramer, "_with_line_feeds", _no_carriage_returns), "gemini"),
    Fault("a cancellation is swallowed", _wrapped(HttpAnswer, "__anext__", _deaf_to_cancellation)),
    Fault("a stream that is closed keeps its connection", lambda: patch.object(ChatStream, "aclose", _left_open)),
    Fault("a wrong key is tried again", _wrapped(wire_errors, "retryable_status", lambda _: lambda status: True)),
    Fault("one request more is made than the budget has", _one_request_more),
    Fault("Retry-After is ignored", _wrapped(http_body, "parse_retry_after", lambda _: lambda headers, now: None)),
    Fault("the key is not sent", _wrapped(KeyedCredential, "auth_headers", lambda _: lambda self: {}), "moonshot"),
    Fault("an error repeats the key", _wrapped(ModelError, "scrub", lambda _: lambda self, secrets: None)),
    Fault("an error among events is passed over", _wrapped(HttpAnswer, "_raise_failure", lambda _: lambda *a: None)),
    Fault("the end of the bytes passes for the end of the answer", _every_end_is_an_end),
    Fault("the finish reason is always stop", _wrapped(fold, "_reason", lambda _: lambda *a: FinishReason.STOP)),
    Fault("the system message is lost", _wrapped(TurnBuilder, "add", _without_system)),
    Fault("usage is lost", _wrapped(ChatCall, "final", _no_usage)),
    Fault("more tokens are cached than were sent", _wrapped(ChatCall, "final", _doubled_input)),
    Fault("no response says is_last", _wrapped(ChatCall, "final", _never_last)),
    Fault("the idle clock never runs out", _wrapped(CallClocks, "_next", _never_idle)),
    Fault("thoughts of other providers are sent", _wrapped(ProviderData, "owned_by", lambda _: lambda *a: True)),
    Fault(
        "tool names are changed in another way each time",
        _wrapped(chat_completions, "legal_name", _always_other),
        "moonshot",
    ),
    Fault(
        "parameters that the card lacks are sent",
        _wrapped(checked, "parameter_values", lambda _: lambda values, card, checks: (values.model_dump(), [])),
    ),
    Fault("an object is returned unchecked", _wrapped(OutputSpec, "checked", lambda _: lambda self, it: (it, it))),
    Fault("the schema of an object is not sent", lambda: patch.object(StrategyRequest, "output", OutputRequest())),
    Fault(
        "an invalid object is asked for again without a word",
        _wrapped(StrategyRequest, "asked_again", lambda _: lambda self, messages, *rest: messages),
    ),
    Fault("the tokens of tools are not counted", _wrapped(token_counter, "estimated", _without_tools)),
    Fault("an estimate passes for a count", _wrapped(token_counter, "TokenCount", _as_counted)),
    Fault("a count that fails is made up", _wrapped(ChatModelBase, "_counted", _made_up_count)),
)
