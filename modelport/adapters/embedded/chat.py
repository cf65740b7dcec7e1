"""A chat model in this process: llama.cpp on loopback, called with the Chat Completions dialect."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict, Field

from ...application.chat.model import AnswerT_co
from ...application.model.credential import CredentialBase
from ...application.model.described import Described
from ...domain.chat.tools import ToolChoice, ToolLike
from ...domain.errors import NotFoundError
from ...domain.message.messages import Msg
from ...domain.message.responses import ChatResponse
from ...domain.structured.native_output import NativeOutput
from ...domain.structured.schema_rules import GENERIC
from ...ports.codec.base import Endpoint
from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from .engine import LlamaEngine
from .store import SMOLLM2, ModelStore

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.formatter import FormatterBase
    from ...domain.chat.settings import CallSettings
    from ...domain.retry import RetryPolicy, Timeouts
    from ...ports.http import HttpTransport
    from ...ports.runtime import Runtime

__all__ = ["EmbeddedChatFormatter", "EmbeddedChatModel", "EmbeddedParameters", "shared_engine"]

_PROFILE = OpenAIChatProfile(
    provider="embedded",
    fields={"max_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p", "top_k": "top_k"},
    native_output=NativeOutput(schema=GENERIC, json_mode=True, forced_tool=False),
    media=MediaRules(images=False, audio_formats={}, documents=False),
    message_names=False,
)
_engines: dict[tuple[Path, int], LlamaEngine] = {}
_engines_lock = threading.Lock()


class EmbeddedParameters(Described):
    """Parameters of a chat call. A model this small wanders off without a limit and a low temperature."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: int = Field(default=512, gt=0, title="Max tokens", description="The most tokens of answer.")
    temperature: float = Field(default=0.0, ge=0, le=2, title="Temperature")
    top_p: float | None = Field(default=None, gt=0, le=1, title="Top P")
    top_k: int | None = Field(default=None, gt=0, title="Top K")


class EmbeddedChatFormatter(DialectChatFormatter):
    """Text only."""

    profile = _PROFILE


class EmbeddedMultiAgentFormatter(EmbeddedChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True


class EmbeddedChatModel(DialectChatModel[AnswerT_co]):
    """The model in this process. It is fetched once and loaded at the first call, off the event loop."""

    Parameters: TypeAlias = EmbeddedParameters
    parameters: EmbeddedParameters
    type = "embedded_chat"
    profile = _PROFILE
    formatter_class = EmbeddedChatFormatter
    _base_url = ""

    @overload
    def __init__(
        self: EmbeddedChatModel[ChatStream],
        credential: CredentialBase,
        model: str = SMOLLM2.name,
        parameters: EmbeddedParameters | None = None,
        stream: Literal[True] = True,
        **options: Unpack[ChatOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: EmbeddedChatModel[ChatResponse],
        credential: CredentialBase,
        model: str = SMOLLM2.name,
        parameters: EmbeddedParameters | None = None,
        *,
        stream: Literal[False],
        **options: Unpack[ChatOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        credential: CredentialBase,
        model: str = SMOLLM2.name,
        parameters: EmbeddedParameters | None = None,
        stream: bool = True,
        **options: Unpack[ChatOptions],
    ) -> None: ...
    def __init__(
        self,
        credential: CredentialBase,
        model: str = SMOLLM2.name,
        parameters: EmbeddedParameters | None = None,
        stream: bool = True,
        max_retries: int | None = None,
        context_size: int | None = None,
        formatter: FormatterBase | None = None,
        *,
        retry_delay: float | None = None,
        retry_policy: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        transport: HttpTransport | None = None,
        runtime: Runtime | None = None,
        card_checks: Literal["on", "off"] = "on",
        on_unsupported: Literal["warn", "error"] = "warn",
        settings: CallSettings | None = None,
        extra_body: Mapping[str, Any] | None = None,  # Any: JSON values
        extra_headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            credential,
            model,
            parameters,
            stream,
            max_retries,
            context_size,
            formatter,
            retry_delay=retry_delay,
            retry_policy=retry_policy,
            timeouts=timeouts,
            transport=transport,
            runtime=runtime,
            card_checks=card_checks,
            on_unsupported=on_unsupported,
            settings=settings,
            extra_body=extra_body,
            extra_headers=extra_headers,
        )

    @classmethod
    def _known_name(cls, model: str) -> str:
        if model != SMOLLM2.name:
            raise NotFoundError(f"unknown embedded model {model!r}; expected {SMOLLM2.name}", provider="embedded")
        return model

    async def __call__(
        self,
        messages: list[Msg],
        tools: Sequence[ToolLike] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: fields of the request's body
    ) -> AnswerT_co:
        """Ask the model; loads it first when it is not."""
        await self._prepare()
        return await super().__call__(messages, tools, tool_choice, **kwargs)

    async def _prepare(self) -> None:
        if not self._base_url:
            self._base_url = await asyncio.to_thread(self._start)

    def endpoint(self) -> Endpoint:
        """The engine's address."""
        return Endpoint(self._base_url)

    def _start(self) -> str:
        path = ModelStore(getattr(self.credential, "directory", None)).ensure(SMOLLM2)
        engine = shared_engine(path, self.context_size, getattr(self.credential, "threads", 1))
        return engine.start() + "/v1"


def shared_engine(path: Path, context_size: int, threads: int = 1) -> LlamaEngine:
    """The process's engine for a model file; all models on that file share it."""
    with _engines_lock:
        engine = _engines.get((path, context_size))
        if engine is None:
            engine = _engines[path, context_size] = LlamaEngine(
                path, context_size=context_size, threads=threads, parallel=2, alias=SMOLLM2.name
            )
        return engine
