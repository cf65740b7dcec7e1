"""Moonshot (Kimi): its parameters and chat model.

Facts: docs/protocols/moonshot.md#request, docs/protocols/moonshot.md#thinking,
docs/protocols/moonshot.md#round-trip-rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict

from ...application.chat.model import AnswerT_co
from ...application.model.described import Described
from ...application.model.parameters import EFFORT, MaxTokens, ParallelToolCalls, ThinkingEnable, TopP, UnitTemperature
from ...domain.late import late
from ..dialects.openai_chat.model import DialectChatModel

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from ..dialects.openai_chat.profile import OpenAIChatProfile
    from .profile import MoonshotChatFormatter

__all__ = ["MoonshotChatModel", "MoonshotChatParameters"]


class MoonshotChatParameters(Described):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
    thinking_enable: ThinkingEnable = False
    reasoning_effort: Annotated[Literal["low", "high", "max"] | None, EFFORT] = None
    temperature: UnitTemperature = None
    top_p: TopP = None
    parallel_tool_calls: ParallelToolCalls = True


def _profile() -> OpenAIChatProfile:
    from .profile import MOONSHOT_CHAT

    return MOONSHOT_CHAT


def _formatter() -> type[MoonshotChatFormatter]:
    from .profile import MoonshotChatFormatter

    return MoonshotChatFormatter


class MoonshotChatModel(DialectChatModel[AnswerT_co]):
    """Kimi's models, over Chat Completions. Takes the arguments of `ChatModelBase`."""

    Parameters: TypeAlias = MoonshotChatParameters
    parameters: MoonshotChatParameters
    type = "moonshot_chat"
    profile = late(_profile)
    formatter_class = late(_formatter)

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: MoonshotChatModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: MoonshotChatParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: MoonshotChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: MoonshotChatParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: MoonshotChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: MoonshotChatParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: MoonshotChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: MoonshotChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    def _setting_rules(self) -> SettingRules | None:
        from .settings import MOONSHOT_SETTINGS

        return MOONSHOT_SETTINGS
