"""OpenAI's Chat Completions model.

Facts: docs/protocols/openai-chat.md#request-body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, Unpack, overload

from ...application.chat.model import AnswerT_co
from ...domain.late import late
from ..dialects.openai_chat.model import DialectChatModel
from .parameters import OpenAIChatParameters

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.breakpoints import BreakpointRules
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from ..dialects.openai_chat.profile import OpenAIChatProfile
    from .chat_profile import OpenAIChatFormatter

__all__ = ["OpenAIChatModel"]


def _profile() -> OpenAIChatProfile:
    from .chat_profile import OPENAI_CHAT

    return OPENAI_CHAT


def _formatter() -> type[OpenAIChatFormatter]:
    from .chat_profile import OpenAIChatFormatter

    return OpenAIChatFormatter


class OpenAIChatModel(DialectChatModel[AnswerT_co]):
    """Chat Completions at OpenAI, and at any server that speaks it under a base URL."""

    Parameters: TypeAlias = OpenAIChatParameters
    parameters: OpenAIChatParameters
    type = "openai_chat"
    profile = late(_profile)
    formatter_class = late(_formatter)

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: OpenAIChatModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: OpenAIChatParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: OpenAIChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: OpenAIChatParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: OpenAIChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: OpenAIChatParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OpenAIChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: OpenAIChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    def _setting_rules(self) -> SettingRules | None:
        from .settings import OPENAI_CHAT_SETTINGS, timed_cache

        if self._credential_profile():
            return super()._setting_rules()
        facts = self.card.cache
        return {**OPENAI_CHAT_SETTINGS, "cache": timed_cache(facts)} if facts else OPENAI_CHAT_SETTINGS

    def _breakpoint_rules(self) -> BreakpointRules:
        from .settings import breakpoints

        facts = None if self._credential_profile() else self.card.cache
        return breakpoints(facts) if facts else super()._breakpoint_rules()
