"""One chat call: what an attempt may give, its fold, and the whole response at the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence

from pydantic import BaseModel

from ...domain.chat.block_ids import BlockIds, have_own_ids
from ...domain.chat.fold import ChatFold
from ...domain.errors import ModelError, ResponseDecodeError
from ...domain.message.blocks import DataBlock, TextBlock, ThinkingBlock, ToolCallBlock
from ...domain.message.responses import ChatResponse, ChatUsage
from ..call.attempts import Attempts, Call
from ..call.context import CallContext
from ..call.http_answer import HttpAnswer
from ..call.spec import CallSpec
from ..call.warning_log import log_once

__all__ = ["Answer", "ChatCall", "checked_answer", "mistake"]

Answer = ChatResponse | AsyncGenerator[ChatResponse, None]
"""What one attempt gives: a whole response, or its deltas."""

_BLOCKS = (TextBlock, ThinkingBlock, ToolCallBlock, DataBlock)
_RETURN = "return a ChatResponse, or an async generator of them"
_CONTENT = "give a list of blocks, e.g. [TextBlock(text='Hello')]"


class ChatCall(Call[Answer]):
    """One call: `open` it, then read its answer with a `ChatStream` or as a `whole`.

    `send` is exactly one attempt; `tokens` is about how many tokens one request sends, for the rate limiter.
    """

    def __init__(
        self,
        spec: CallSpec,
        send: Callable[[], Awaitable[object] | object],
        tokens: int = 0,
        context: CallContext | None = None,
    ) -> None:
        context = context or CallContext.of(spec)
        super().__init__(context, Attempts(context, spec.retry, spec.retryable, tokens), send, checked_answer)
        self._started = context.runtime.clock.monotonic()
        self._finished = False
        self.fold = ChatFold(context.provider, context.model)
        self._ids: BlockIds | None = None

    def identified(self, response: ChatResponse) -> ChatResponse:
        """A response of a custom model, whose blocks have the ids of those that they continue."""
        if self._ids is None:
            if response.is_last and have_own_ids(response.content):
                return response
            self._ids = BlockIds()
        return self._ids.identified(response)

    def failed(self, error: Exception) -> Exception:
        """Record the open attempt as failed; see `Attempts.failed`."""
        return self._attempts.failed(error)

    async def reopen(self, failed: ModelError) -> Answer:
        """Send the request again, from the beginning."""
        self.fold = ChatFold(self.context.provider, self.context.model)
        self._ids = None
        return await self.open(failed)

    def final(self, only: ChatResponse | None = None) -> ChatResponse:
        """The whole response, of what was folded or of the one piece that came; ends the call."""
        context = self.context
        self._attempts.ended()
        seconds = context.runtime.clock.monotonic() - self._started
        attempts = context.attempts.copy()
        response = self.fold.final(attempts, seconds) if only is None else self.fold.whole(only, attempts, seconds)
        if context.warnings:
            response.warnings = [*context.warnings, *response.warnings]
        if response.warnings:
            log_once(context.provider, context.model, response.warnings)
        self.finish(None)
        return response

    def finish(self, error: BaseException | None = None) -> None:
        """End the call, however it ended; later calls of this do nothing."""
        if self._finished:
            return
        self._finished = True
        super().finish(error)
        context = self.context
        context.runtime.telemetry.call_ended(context.provider, context.model, self.fold.usage, error)


def checked_answer(given: object) -> Answer:
    """The answer, also of an asynchronous iterator of any kind; raises `ResponseDecodeError` for anything else."""
    if given.__class__ is HttpAnswer or isinstance(given, AsyncGenerator):
        return given
    if given.__class__ is not ChatResponse and isinstance(given, AsyncIterable):
        return _each(given)
    wrong = mistake(given)
    if wrong is not None:
        raise wrong
    assert isinstance(given, ChatResponse), "else it is a mistake"
    return given


def mistake(given: object) -> ResponseDecodeError | None:
    """The error of a value that should be a response, if it is none."""
    if not isinstance(given, ChatResponse):
        return ResponseDecodeError(f"`_call_api` gave a {type(given).__name__}; {_RETURN}")
    content: object = given.content
    usage: object = given.usage
    if content.__class__ is not list and (not isinstance(content, Sequence) or isinstance(content, str)):
        return ResponseDecodeError(f"the content of a ChatResponse of `_call_api` is {content!r:.60}; {_CONTENT}")
    for block in given.content:
        if block.__class__ not in _BLOCKS and not isinstance(block, BaseModel):
            return ResponseDecodeError(f"the content of a ChatResponse of `_call_api` holds {block!r:.60}; {_CONTENT}")
    if usage is not None and not isinstance(usage, ChatUsage):
        return ResponseDecodeError(f"the usage of a ChatResponse of `_call_api` is {usage!r:.60}; give a ChatUsage")
    return None


async def _each(source: AsyncIterable[ChatResponse]) -> AsyncGenerator[ChatResponse, None]:
    close = getattr(source, "aclose", None)
    try:
        async for response in source:
            yield response
    finally:
        if close is not None:
            await close()
