"""Volcengine Ark: its profile of the Chat Completions dialect, its parameters, formatters and model.

Facts: docs/protocols/volcengine.md#request, docs/protocols/volcengine.md#answer, docs/protocols/volcengine.md#errors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict

from ...application.chat.model import AnswerT_co
from ...application.model.described import Described
from ...application.model.parameters import EFFORT, MaxTokens, ParallelToolCalls, Temperature, ThinkingEnable, TopP
from ...domain.errors import (
    AuthenticationError,
    ContentFilterError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from ...domain.message.responses import ModelWarning
from ...domain.structured.native_output import NativeOutput
from ...domain.structured.schema_rules import OPENAI_LOOSE
from ..dialects.openai_chat.formatter import DialectChatFormatter
from ..dialects.openai_chat.model import DialectChatModel
from ..dialects.openai_chat.profile import MediaRules, OpenAIChatProfile
from ..dialects.openai_chat.thinking import TYPE_SWITCH, ThinkingPlan, with_effort
from ..wire.words.error_words import COMMON_CODES, ErrorCodes

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from ...ports.codec.chat import ChatRequest

__all__ = [
    "VOLCENGINE_CHAT",
    "VolcengineChatFormatter",
    "VolcengineChatModel",
    "VolcengineChatParameters",
    "VolcengineMultiAgentFormatter",
]

_NO_THINKING = "minimal"
"""The effort that means no thinking."""

_CODES: ErrorCodes = {
    **COMMON_CODES,
    "missingparameter": InvalidRequestError,
    "invalidparameter": InvalidRequestError,
    "invalidargumenterror": InvalidRequestError,
    "invalidendpoint": InvalidRequestError,
    "invalidendpointormodel": NotFoundError,
    "sensitivecontentdetected": ContentFilterError,
    "inputtextsensitivecontentdetected": ContentFilterError,
    "inputimagesensitivecontentdetected": ContentFilterError,
    "inputimageriskdetection": ContentFilterError,
    "inputtextriskdetection": ContentFilterError,
    "outputtextsensitivecontentdetected": ContentFilterError,
    "authenticationerror": AuthenticationError,
    "accessdenied": PermissionDeniedError,
    "accountoverdueerror": QuotaExceededError,
    "operationdenied": PermissionDeniedError,
    "modelnotopen": NotFoundError,
    "ratelimitexceeded": RateLimitError,
    "modelaccountrpmratelimitexceeded": RateLimitError,
    "modelaccounttpmratelimitexceeded": RateLimitError,
    "serveroverloaded": OverloadedError,
    "setlimitexceeded": QuotaExceededError,
    "quotaexceeded": QuotaExceededError,
    "internalserviceerror": ServerError,
}


class VolcengineChatParameters(Described):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
    thinking_enable: ThinkingEnable = False
    reasoning_effort: Annotated[Literal["minimal", "low", "medium", "high"] | None, EFFORT] = None
    temperature: Temperature = None
    top_p: TopP = None
    parallel_tool_calls: ParallelToolCalls = True


def _thinking(request: ChatRequest) -> ThinkingPlan:
    """`thinking` and `reasoning_effort`, never in the combinations that the service refuses."""
    if request.parameters.get("reasoning_effort") != _NO_THINKING:
        return with_effort(TYPE_SWITCH.plan(request, implied_by="reasoning_effort"), request)
    plan = TYPE_SWITCH.plan(request)
    facts = request.card.thinking if request.card else None
    if request.parameters.get("thinking_enable") or (facts is not None and not facts.can_disable):
        message = f"reasoning_effort was not sent: {_NO_THINKING} means no thinking"
        return replace(plan, warnings=[*plan.warnings, ModelWarning("dropped", "reasoning_effort", message)])
    return replace(plan, fields={**plan.fields, "reasoning_effort": _NO_THINKING}, thinks=False)


VOLCENGINE_CHAT = OpenAIChatProfile(
    provider="volcengine",
    fields={"max_tokens": "max_completion_tokens", "temperature": "temperature", "top_p": "top_p"},
    thinking=_thinking,
    native_output=NativeOutput(schema=OPENAI_LOOSE, json_mode=True),
    replay_reasoning="always",
    kept_fields=("encrypted_content",),
    media=MediaRules(documents=False, video=True, video_urls=True, in_tool_results=True),
    codes=_CODES,
)
"""`max_tokens` counts reasoning, as `max_completion_tokens` does here; the service's own `max_tokens` does not."""


class VolcengineChatFormatter(DialectChatFormatter):
    """Each message as API messages in its native role."""

    profile = VOLCENGINE_CHAT


class VolcengineMultiAgentFormatter(VolcengineChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True


class VolcengineChatModel(DialectChatModel[AnswerT_co]):
    """The models of Ark and ModelArk, over Chat Completions; `model` is a model's name or an endpoint's id (`ep-…`).

    Takes the arguments of `ChatModelBase`.
    """

    Parameters: TypeAlias = VolcengineChatParameters
    parameters: VolcengineChatParameters
    type = "volcengine_chat"
    profile = VOLCENGINE_CHAT
    formatter_class = VolcengineChatFormatter

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: VolcengineChatModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: VolcengineChatParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: VolcengineChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: VolcengineChatParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: VolcengineChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: VolcengineChatParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: VolcengineChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: VolcengineChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    def _setting_rules(self) -> SettingRules | None:
        from .settings import VOLCENGINE_SETTINGS

        return VOLCENGINE_SETTINGS
