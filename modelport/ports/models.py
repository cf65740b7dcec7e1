"""Models as agents, middlewares and wrappers see them: chat, embedding and speech."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ..domain.chat.tools import ToolChoice, ToolSchema
from ..domain.message.messages import Msg
from ..domain.message.responses import ChatResponse
from ..domain.speech.responses import TTSResponse

if TYPE_CHECKING:
    from ..domain.embedding.values import EmbeddingResponse

__all__ = ["ArrivingAudio", "ChatModel", "EmbeddingModel", "TTSModel"]


class TTSModel(Protocol):
    """A model that turns text into speech.

    Contract: each byte of audio is handed out once, over `push` and `synthesize` together; the audio of one utterance,
    put together in order, is one file. A model that is not `realtime` takes text by `synthesize` alone and may be used
    from several tasks at once; a `realtime` one speaks one utterance at a time, between `connect` and `close`.
    """

    stream: bool

    @property
    def realtime(self) -> bool:
        """Whether `push` takes text that is still being written."""
        ...

    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
        """Speak the text after the pushed text: the whole audio, or with `stream` a generator of pieces."""
        ...

    async def push(self, text: str, **kwargs: Any) -> TTSResponse:  # Any: provider fields
        """Take more text; returns at once, with the audio received so far."""
        ...

    async def connect(self) -> None:
        """Open the connection of a realtime model."""
        ...

    async def close(self) -> None:
        """Close the connection, also in the middle of an utterance."""
        ...


@runtime_checkable
class ArrivingAudio(Protocol):
    """An optional part of a realtime model: its audio while no text is pushed."""

    async def arrived(self) -> TTSResponse | None:
        """Wait for audio of the pushed text; `None` when more text has to be pushed first.

        Cancelling the wait loses no audio.
        """
        ...


class ChatModel(Protocol):
    """A model that answers a conversation.

    Contract: calling returns one `ChatResponse`, or with `stream` an async generator of deltas that ends with exactly
    one response with `is_last=True`. An abandoned generator is closed by `aclose()` or when it is collected. May be
    called from several tasks at once and from successive event loops.
    """

    stream: bool

    async def __call__(
        self,
        messages: list[Msg],
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> ChatResponse | AsyncGenerator[ChatResponse, None]:
        """Ask the model."""
        ...


class EmbeddingModel(Protocol):
    """Turns inputs into vectors.

    Contract: one vector per input, in input order; cancelling the call ends its requests. Errors are `ModelError`s.
    """

    model: str

    @property
    def provider_name(self) -> str:
        """The name of the provider."""
        ...

    async def __call__(
        self,
        inputs: Sequence[Any],  # Any: texts, and for multimodal models DataBlocks
        **kwargs: Any,  # Any: provider body fields
    ) -> EmbeddingResponse:
        """The vectors."""
        ...
