"""MiniMax: its parameters and chat model.

Facts: docs/protocols/minimax.md#request-of-the-openai-shape, docs/protocols/minimax.md#reasoning-on-the-openai-shape,
docs/protocols/minimax.md#errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict

from ...application.chat.model import AnswerT_co
from ...application.model.described import Described
from ...application.model.parameters import MaxTokens, Temperature, ThinkingEnable, TopP
from ...domain.late import late
from ..dialects.openai_chat.model import DialectChatModel

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from ..dialects.openai_chat.profile import OpenAIChatProfile
    from .profile import MiniMaxChatFormatter

__all__ = ["MiniMaxChatModel", "MiniMaxChatParameters"]


class MiniMaxChatParameters(Described):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
    thinking_enable: ThinkingEnable = False
    temperature: Temperature = None
    top_p: TopP = None


def _profile() -> OpenAIChatProfile:
    from .profile import MINIMAX_CHAT

    return MINIMAX_CHAT


def _formatter() -> type[MiniMaxChatFormatter]:
    from .profile import MiniMaxChatFormatter

    return MiniMaxChatFormatter


class MiniMaxChatModel(DialectChatModel[AnswerT_co]):
    """MiniMax's models, over Chat Completions. Takes the arguments of `ChatModelBase`."""

    Parameters: TypeAlias = MiniMaxChatParameters
    parameters: MiniMaxChatParameters
    type = "minimax_chat"
    profile = late(_profile)
    formatter_class = late(_formatter)

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: MiniMaxChatModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: MiniMaxChatParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: MiniMaxChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: MiniMaxChatParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: MiniMaxChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: MiniMaxChatParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: MiniMaxChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: MiniMaxChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    def _setting_rules(self) -> SettingRules | None:
        from .settings import MINIMAX_SETTINGS

        return MINIMAX_SETTINGS
