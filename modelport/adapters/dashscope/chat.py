"""DashScope's chat model, over Chat Completions.

Facts: docs/protocols/dashscope-chat.md#compatible-mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, Unpack, overload

from ...application.chat.model import AnswerT_co
from ...domain.late import late
from ..dialects.openai_chat.model import DialectChatModel
from .parameters import DashScopeChatParameters

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from ..dialects.openai_chat.profile import OpenAIChatProfile
    from .profile import DashScopeChatFormatter

__all__ = ["DashScopeChatModel"]


def _profile() -> OpenAIChatProfile:
    from .profile import DASHSCOPE_CHAT

    return DASHSCOPE_CHAT


def _formatter() -> type[DashScopeChatFormatter]:
    from .profile import DashScopeChatFormatter

    return DashScopeChatFormatter


class DashScopeChatModel(DialectChatModel[AnswerT_co]):
    """Qwen and the other models of DashScope, over Chat Completions. Takes the arguments of `ChatModelBase`."""

    Parameters: TypeAlias = DashScopeChatParameters
    parameters: DashScopeChatParameters
    type = "dashscope_chat"
    profile = late(_profile)
    formatter_class = late(_formatter)

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DashScopeChatModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeChatParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeChatParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DashScopeChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: DashScopeChatParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: DashScopeChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    def _setting_rules(self) -> SettingRules | None:
        from .settings import DASHSCOPE_SETTINGS

        return DASHSCOPE_SETTINGS
