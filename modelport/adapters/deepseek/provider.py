"""DeepSeek: its profile of the Chat Completions dialect, its parameters, formatters and model.

Facts: docs/protocols/deepseek.md#request, docs/protocols/deepseek.md#thinking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict, Field

from ...application.chat.model import AnswerT_co
from ...application.model.described import Described
from ...application.model.parameters import EFFORT, MaxTokens, ThinkingEnable, TopP
from ...domain.structured.native_output import NativeOutput
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from ..dialects.openai_chat.thinking import TYPE_SWITCH, ThinkingPlan, with_effort

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse

__all__ = [
    "DEEPSEEK_CHAT",
    "DeepSeekChatFormatter",
    "DeepSeekChatModel",
    "DeepSeekChatParameters",
    "DeepSeekMultiAgentFormatter",
]

_LONGEST_URL = 8192


class DeepSeekChatParameters(Described):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
    thinking_enable: ThinkingEnable = False
    reasoning_effort: Annotated[Literal["low", "high", "max"] | None, EFFORT] = None
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=2,
        title="Temperature",
        description="Randomness of the choice of words; lower is more predictable. Ignored while thinking.",
    )
    top_p: TopP = None


def _thinking(request: ChatRequest) -> ThinkingPlan:
    """`thinking` and `reasoning_effort`; an effort alone asks for thinking."""
    return with_effort(TYPE_SWITCH.plan(request, implied_by="reasoning_effort"), request)


DEEPSEEK_CHAT = OpenAIChatProfile(
    provider="deepseek",
    fields={"max_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p"},
    thinking=_thinking,
    native_output=NativeOutput(json_mode=True),
    replay_reasoning="always",
    reasoning_placeholder="",
    media=MediaRules(audio_formats={}, documents=False, in_tool_results=True, max_url_length=_LONGEST_URL),
    error_finish_reasons=frozenset({"insufficient_system_resource"}),
)
"""Reasoning is required on turns with tool calls and ignored on the others, so all of it goes back."""


class DeepSeekChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile = DEEPSEEK_CHAT


class DeepSeekMultiAgentFormatter(DeepSeekChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True


class DeepSeekChatModel(DialectChatModel[AnswerT_co]):
    """DeepSeek's models, over Chat Completions. Takes the arguments of `ChatModelBase`."""

    Parameters: TypeAlias = DeepSeekChatParameters
    parameters: DeepSeekChatParameters
    type = "deepseek_chat"
    profile = DEEPSEEK_CHAT
    formatter_class = DeepSeekChatFormatter

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DeepSeekChatModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: DeepSeekChatParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DeepSeekChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: DeepSeekChatParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DeepSeekChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: DeepSeekChatParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DeepSeekChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DeepSeekChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    def _setting_rules(self) -> SettingRules | None:
        from .settings import DEEPSEEK_SETTINGS

        return DEEPSEEK_SETTINGS
