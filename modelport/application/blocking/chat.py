"""A chat model without `await`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, overload

from .portal import fire_and_forget, run

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ...domain.chat.tokens import TokenCount
    from ...domain.chat.tools import ToolChoice, ToolLike
    from ...domain.message.messages import Msg
    from ...domain.message.responses import ChatResponse, StructuredResponse

__all__ = ["SyncChatModel", "SyncChatStream"]

ObjectT = TypeVar("ObjectT", bound="BaseModel")


class _Stream(Protocol):
    """What is needed of a `ChatStream`."""

    @property
    def partial(self) -> ChatResponse: ...

    async def __anext__(self) -> ChatResponse: ...

    async def whole(self) -> ChatResponse: ...

    async def aclose(self) -> None: ...


class SyncChatStream(Iterator["ChatResponse"]):
    """Deltas with `is_last=False`, then one whole response with `is_last=True`; see `ChatStream`.

    Leaving the loop early closes the connection: at once with `with` or `close()`, else when the stream is collected.
    """

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self._open = True

    @property
    def partial(self) -> ChatResponse:
        """Everything that has arrived so far, as a response that is not the last."""
        return self._stream.partial

    def __next__(self) -> ChatResponse:
        response = run(_next, self._stream)
        if response is None:
            self._open = False
            raise StopIteration
        return response

    def whole(self) -> ChatResponse:
        """Read to the end and return the whole response."""
        self._open = False
        return run(self._stream.whole)

    def texts(self) -> Generator[str, None, None]:
        """The visible text piece by piece, as it arrives; `whole()` then returns the whole response."""
        for response in self:
            if not response.is_last and (text := response.text):
                yield text

    def close(self) -> None:
        """Close the stream and its connection."""
        self._open = False
        run(self._stream.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if self._open:
            fire_and_forget(self._stream.aclose)

    def __repr__(self) -> str:
        return f"<SyncChatStream of {self._stream!r}>"


async def _next(stream: _Stream) -> ChatResponse | None:
    """The next response, or `None` at the end: a future cannot hold `StopAsyncIteration`."""
    try:
        return await stream.__anext__()
    except StopAsyncIteration:
        return None


class SyncChatModel:
    """The calls of a chat model without `await`, from any thread, also beside a running event loop.

    It is made by `model.sync`. Arguments, results and errors are those of the model's own methods.
    """

    def __init__(self, model: Any) -> None:  # Any: a chat model, whose module imports this one
        self.model = model

    def __call__(
        self,
        messages: list[Msg],
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: settings and body fields
    ) -> ChatResponse | SyncChatStream:
        """Ask the model: a stream, or with `stream=False` a response."""
        ask: Callable[..., Any] = self.generate_stream if self.model.stream else self.generate
        answer: ChatResponse | SyncChatStream = ask(messages, tools, tool_choice, **kwargs)
        return answer

    def generate(
        self,
        messages: list[Msg],
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: settings and body fields
    ) -> ChatResponse:
        """Ask the model for one whole response."""
        response: ChatResponse = run(self.model.generate, messages, tools, tool_choice, **kwargs)
        return response

    def generate_stream(
        self,
        messages: list[Msg],
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: settings and body fields
    ) -> SyncChatStream:
        """Ask the model for a stream of deltas."""
        return SyncChatStream(run(self.model.generate_stream, messages, tools, tool_choice, **kwargs))

    @overload
    def generate_structured_output(
        self, messages: list[Msg], structured_model: type[ObjectT], **options: Any
    ) -> StructuredResponse[ObjectT]: ...
    @overload
    def generate_structured_output(
        self, messages: list[Msg], structured_model: Mapping[str, Any], **options: Any
    ) -> StructuredResponse[dict[str, Any]]: ...
    def generate_structured_output(
        self,
        messages: list[Msg],
        structured_model: type[BaseModel] | Mapping[str, Any],  # Any: a JSON Schema
        **options: Any,  # Any: those of the model's method
    ) -> StructuredResponse[Any]:
        """Ask for an object that is valid for a pydantic class or a JSON Schema."""
        answer: StructuredResponse[Any] = run(
            self.model.generate_structured_output, messages, structured_model, **options
        )
        return answer

    def stream_structured_output(
        self,
        messages: list[Msg],
        structured_model: type[BaseModel] | Mapping[str, Any],  # Any: a JSON Schema
        **options: Any,  # Any: those of the model's method
    ) -> Generator[StructuredResponse[Any], None, None]:
        """The growing object, whose last step is the validated one."""
        steps = self.model.stream_structured_output(messages, structured_model, **options)
        return each(steps)

    def count_tokens(
        self, messages: list[Msg], tools: Sequence[ToolLike] | None = None, *, exact: bool = False
    ) -> TokenCount:
        """How many tokens of input these messages and tools are."""
        count: TokenCount = run(self.model.count_tokens, messages, tools, exact=exact)
        return count

    def close(self) -> None:
        """Close the connections of a transport that only this model uses. Never required."""
        run(self.model.aclose)

    def __repr__(self) -> str:
        return f"{self.model!r}.sync"


T = TypeVar("T")


def each(steps: AsyncGenerator[T, None]) -> Generator[T, None, None]:
    """The items of an asynchronous generator, which is closed with this one."""

    async def following() -> tuple[T] | None:
        try:
            return (await anext(steps),)
        except StopAsyncIteration:
            return None

    try:
        while (step := run(following)) is not None:
            yield step[0]
    finally:
        fire_and_forget(steps.aclose)
