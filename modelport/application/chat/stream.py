"""The stream a caller iterates: a thin shell around the engine's generator."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable
from types import TracebackType
from typing import Any, Self

from ...domain.message.responses import ChatResponse
from .call import Answer, ChatCall

__all__ = ["ChatStream"]


class ChatStream(AsyncGenerator[ChatResponse, None]):
    """Deltas with `is_last=False`, then exactly one whole response with `is_last=True`.

    Leaving the loop early closes the connection: at once with `aclose()` or `async with`, else when the stream is
    collected. `partial` is the accumulation so far.
    """

    def __init__(self, call: ChatCall, deltas: AsyncGenerator[ChatResponse, None]) -> None:
        self._call = call
        self._deltas = deltas
        self._next = deltas.__anext__

    @classmethod
    async def of(cls, call: ChatCall, answer: Answer) -> Self:
        """The stream of an opened call."""
        return cls(call, await call.deltas(answer))

    @property
    def partial(self) -> ChatResponse:
        """Everything that has arrived so far, as a response that is not the last."""
        return self._call.fold.partial()

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Awaitable[ChatResponse]:  # type: ignore[override]  # no coroutine of our own per event
        return self._next()

    async def asend(self, value: None) -> ChatResponse:
        """The next response."""
        return await self._deltas.asend(value)

    async def athrow(self, *error: Any) -> ChatResponse:  # Any: the three forms of the protocol
        """Raise inside the stream."""
        return await self._deltas.athrow(*error)

    async def aclose(self) -> None:
        """Close the stream and its connection."""
        await self._deltas.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
