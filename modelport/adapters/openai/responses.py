"""OpenAI's Responses: profile, formatters and model.

Facts: docs/protocols/openai-responses.md#request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, overload

from ...application.chat.model import AnswerT_co
from ...domain.message.responses import ModelWarning
from ...ports.codec.chat import ChatRequest
from ..dialects.openai_responses.formatter import DialectResponseFormatter
from ..dialects.openai_responses.model import DialectResponseModel
from ..dialects.openai_responses.profile import OpenAIResponsesProfile
from .parameters import OpenAIResponseParameters

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.breakpoints import BreakpointRules
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse

__all__ = ["OPENAI_RESPONSES", "OpenAIResponseFormatter", "OpenAIResponseModel", "OpenAIResponseMultiAgentFormatter"]


def effort_and_summary(request: ChatRequest) -> tuple[dict[str, Any], list[ModelWarning]]:  # Any: the provider's JSON
    """`reasoning_effort` controls thinking; `thinking_enable` asks for a summary, the only part of it that is shown."""
    reasoning = {}
    if request.parameters.get("reasoning_effort"):
        reasoning["effort"] = request.parameters["reasoning_effort"]
    if request.parameters.get("thinking_enable"):
        reasoning["summary"] = "auto"
    return reasoning, []


def may_think(request: ChatRequest) -> bool:
    """Models known not to reason have no encrypted reasoning to include."""
    return request.card is None or request.card.thinks


OPENAI_RESPONSES = OpenAIResponsesProfile(
    provider="openai",
    reasoning=effort_and_summary,
    encrypted_reasoning=may_think,
    minimum_tokens=16,
)


class OpenAIResponseFormatter(DialectResponseFormatter):
    """Each message as input items in its native role."""

    profile = OPENAI_RESPONSES


class OpenAIResponseMultiAgentFormatter(OpenAIResponseFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent = True


class OpenAIResponseModel(DialectResponseModel[AnswerT_co]):
    """Responses at OpenAI, and at any server that speaks it under a base URL."""

    Parameters: TypeAlias = OpenAIResponseParameters
    parameters: OpenAIResponseParameters
    type = "openai_response"
    profile = OPENAI_RESPONSES
    formatter_class = OpenAIResponseFormatter

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: OpenAIResponseModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: OpenAIResponseParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: OpenAIResponseModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: OpenAIResponseParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: OpenAIResponseModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: OpenAIResponseParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OpenAIResponseParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OpenAIResponseParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    def _setting_rules(self) -> SettingRules | None:
        from .settings import OPENAI_RESPONSE_SETTINGS, timed_cache

        facts = self.card.cache
        return {**OPENAI_RESPONSE_SETTINGS, "cache": timed_cache(facts)} if facts else OPENAI_RESPONSE_SETTINGS

    def _breakpoint_rules(self) -> BreakpointRules:
        from .settings import breakpoints

        return breakpoints(self.card.cache) if self.card.cache else super()._breakpoint_rules()
