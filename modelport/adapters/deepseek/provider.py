"""What callers may set on DeepSeek models.

Facts: docs/protocols/deepseek.md#request.

DeepSeek's chat model.

DeepSeek's credential.

DeepSeek's formatters.

DeepSeek's profile of the Chat Completions dialect.

Facts: docs/protocols/deepseek.md#request.

How DeepSeek switches thinking.

Facts: docs/protocols/deepseek.md#thinking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Type

from pydantic import BaseModel, ConfigDict, Field

from ...application.model.credential import KeyedCredential
from ...application.model.formatter import FormatterBase
from ...application.model.parameters import MaxTokens, TopP
from ...domain.structured.plan import NativeOutput
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from ..dialects.openai_chat.thinking import ThinkingPlan, ThinkingSwitch, with_effort

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase

__all__ = [
    "DEEPSEEK_CHAT",
    "DeepSeekChatFormatter",
    "DeepSeekChatModel",
    "DeepSeekChatParameters",
    "DeepSeekCredential",
    "DeepSeekMultiAgentFormatter",
    "deepseek_thinking",
]


class DeepSeekChatParameters(BaseModel):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
    thinking_enable: bool = Field(
        default=False,
        title="Thinking",
        description="Whether the model thinks before it answers.",
    )
    reasoning_effort: Literal["low", "high", "max"] | None = Field(
        default=None,
        title="Reasoning effort",
        description="How much the model thinks; not every model takes every value.",
    )
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=2,
        title="Temperature",
        description="Randomness of the choice of words; lower is more predictable. Ignored while thinking.",
    )
    top_p: TopP = None


class DeepSeekCredential(KeyedCredential):
    """Key and base URL, with or without `/v1`. Facts: docs/protocols/deepseek.md#endpoint."""

    model_config = ConfigDict(title="DeepSeek API")
    provider: ClassVar[str] = "deepseek"
    key_variable: ClassVar[str] = "DEEPSEEK_API_KEY"

    type: Literal["deepseek_credential"] = "deepseek_credential"
    base_url: str = Field(default="https://api.deepseek.com", title="Base URL")

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """Chat Completions."""

        return DeepSeekChatModel


_SWITCH = ThinkingSwitch("thinking", on={"type": "enabled"}, off={"type": "disabled"})


def deepseek_thinking(request: ChatRequest) -> ThinkingPlan:
    """`thinking` and `reasoning_effort`; an effort alone asks for thinking."""
    return with_effort(_SWITCH.plan(request, implied_by="reasoning_effort"), request)


_LONGEST_URL = 8192

DEEPSEEK_CHAT = OpenAIChatProfile(
    provider="deepseek",
    fields={"max_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p"},
    thinking=deepseek_thinking,
    native_output=NativeOutput(json_mode=True),
    replay_reasoning="always",
    reasoning_placeholder="",
    media=MediaRules(audio_formats={}, documents=False, in_tool_results=True, max_url_length=_LONGEST_URL),
    error_finish_reasons=frozenset({"insufficient_system_resource"}),
)
"""Reasoning is demanded on turns with tool calls and ignored on the others, so all of it goes back."""


class DeepSeekChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile: ClassVar[OpenAIChatProfile] = DEEPSEEK_CHAT


class DeepSeekMultiAgentFormatter(DeepSeekChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent: ClassVar[bool] = True


class DeepSeekChatModel(DialectChatModel):
    """DeepSeek's models, over Chat Completions. Takes the arguments of `ChatModelBase`."""

    Parameters = DeepSeekChatParameters
    type = "deepseek_chat"
    profile: ClassVar[OpenAIChatProfile] = DEEPSEEK_CHAT
    formatter_class: ClassVar[Type[FormatterBase]] = DeepSeekChatFormatter
