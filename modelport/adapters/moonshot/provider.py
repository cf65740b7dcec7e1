"""Moonshot's profile of the Chat Completions dialect.

Facts: docs/protocols/moonshot.md#request.

Moonshot's chat model.

Moonshot's credential.

Moonshot's formatters.

What callers may set on Kimi models.

Facts: docs/protocols/moonshot.md#request.

How Kimi models switch thinking.

Facts: docs/protocols/moonshot.md#thinking, docs/protocols/moonshot.md#round-trip-rules.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal, Type

from pydantic import BaseModel, ConfigDict, Field

from ...application.model.credential import KeyedCredential
from ...application.model.formatter import FormatterBase
from ...application.model.parameters import MaxTokens, ParallelToolCalls, TopP, UnitTemperature
from ...domain.errors import (
    AuthenticationError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from ...domain.structured.plan import NativeOutput
from ...domain.structured.schema_rules import MOONSHOT
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from ..dialects.openai_chat.thinking import ThinkingPlan, ThinkingSwitch, has_reasoning, with_effort
from ..wire.errors import COMMON_CODES, ErrorCodes
from .tool_schema import to_kimi_schema

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase

__all__ = [
    "MOONSHOT_CHAT",
    "MoonshotChatFormatter",
    "MoonshotChatModel",
    "MoonshotChatParameters",
    "MoonshotCredential",
    "MoonshotMultiAgentFormatter",
    "moonshot_thinking",
]


class MoonshotCredential(KeyedCredential):
    """Key and base URL; keys of `api.moonshot.cn` open only that host. Facts: docs/protocols/moonshot.md#endpoint."""

    model_config = ConfigDict(title="Moonshot (Kimi) API")
    provider: ClassVar[str] = "moonshot"
    key_variable: ClassVar[str] = "MOONSHOT_API_KEY"

    type: Literal["moonshot_credential"] = "moonshot_credential"
    base_url: str = Field(default="https://api.moonshot.ai/v1", title="Base URL")

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """Chat Completions."""

        return MoonshotChatModel


class MoonshotChatParameters(BaseModel):
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
    temperature: UnitTemperature = None
    top_p: TopP = None
    parallel_tool_calls: ParallelToolCalls = True


_SWITCH = ThinkingSwitch("thinking", on={"type": "enabled"}, off={"type": "disabled"})


def moonshot_thinking(request: ChatRequest) -> ThinkingPlan:
    """`thinking` for models with the switch, which `keep`s earlier turns' on demand; `reasoning_effort` for others."""
    plan = _SWITCH.plan(request)
    facts = request.card.thinking if request.card else None
    if plan.thinks and facts and facts.preserve and has_reasoning(request):
        plan = replace(plan, fields={"thinking": {**_SWITCH.on, "keep": "all"}})
    return with_effort(plan, request)


_CODES: ErrorCodes = {
    **COMMON_CODES,
    "invalid_authentication_error": AuthenticationError,
    "incorrect_api_key_error": AuthenticationError,
    "permission_denied_error": PermissionDeniedError,
    "resource_not_found_error": NotFoundError,
    "rate_limit_reached_error": RateLimitError,
    "exceeded_current_quota_error": QuotaExceededError,
    "engine_overloaded_error": OverloadedError,
    "unexpected_output": ServerError,
}
"""Three errors share the status 429, and only one of them is worth no further attempt."""

MOONSHOT_CHAT = OpenAIChatProfile(
    provider="moonshot",
    fields={"max_tokens": "max_completion_tokens", "temperature": "temperature", "top_p": "top_p"},
    thinking=moonshot_thinking,
    native_output=NativeOutput(schema=MOONSHOT, json_mode=True),
    tool_schema=to_kimi_schema,
    replay_reasoning="always",
    reasoning_placeholder="(no reasoning was recorded)",
    media=MediaRules(image_urls=False, audio_formats={}, video=True, documents=False, own_schemes=frozenset({"ms"})),
    codes=_CODES,
)
"""The placeholder is not empty because servers were seen to refuse an empty one."""


class MoonshotChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile: ClassVar[OpenAIChatProfile] = MOONSHOT_CHAT


class MoonshotMultiAgentFormatter(MoonshotChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent: ClassVar[bool] = True


class MoonshotChatModel(DialectChatModel):
    """Kimi's models, over Chat Completions. Takes the arguments of `ChatModelBase`."""

    Parameters = MoonshotChatParameters
    type = "moonshot_chat"
    profile: ClassVar[OpenAIChatProfile] = MOONSHOT_CHAT
    formatter_class: ClassVar[Type[FormatterBase]] = MoonshotChatFormatter
