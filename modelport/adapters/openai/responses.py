"""OpenAI's Responses model.

Facts: docs/protocols/openai-responses.md#request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, Unpack, overload

from ...application.chat.model import AnswerT_co
from ...domain.late import late
from ..dialects.openai_responses.model import DialectResponseModel
from .parameters import OpenAIResponseParameters

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.breakpoints import BreakpointRules
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from ..dialects.openai_responses.profile import OpenAIResponsesProfile
    from .responses_profile import OpenAIResponseFormatter

__all__ = ["OpenAIResponseModel"]


def _profile() -> OpenAIResponsesProfile:
    from .responses_profile import OPENAI_RESPONSES

    return OPENAI_RESPONSES


def _formatter() -> type[OpenAIResponseFormatter]:
    from .responses_profile import OpenAIResponseFormatter

    return OpenAIResponseFormatter


class OpenAIResponseModel(DialectResponseModel[AnswerT_co]):
    """Responses at OpenAI, and at any server that speaks it under a base URL."""

    Parameters: TypeAlias = OpenAIResponseParameters
    parameters: OpenAIResponseParameters
    type = "openai_response"
    profile = late(_profile)
    formatter_class = late(_formatter)

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
