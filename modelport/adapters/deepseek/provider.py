"""DeepSeek: its parameters and chat model.

Facts: docs/protocols/deepseek.md#request, docs/protocols/deepseek.md#thinking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict, Field

from ...application.chat.model import AnswerT_co
from ...application.model.described import Described
from ...application.model.parameters import EFFORT, MaxTokens, ThinkingEnable, TopP
from ...domain.late import late
from ..dialects.openai_chat.model import DialectChatModel

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from ..dialects.openai_chat.profile import OpenAIChatProfile
    from .profile import DeepSeekChatFormatter

__all__ = ["DeepSeekChatModel", "DeepSeekChatParameters"]


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


def _profile() -> OpenAIChatProfile:
    from .profile import DEEPSEEK_CHAT

    return DEEPSEEK_CHAT


def _formatter() -> type[DeepSeekChatFormatter]:
    from .profile import DeepSeekChatFormatter

    return DeepSeekChatFormatter


class DeepSeekChatModel(DialectChatModel[AnswerT_co]):
    """DeepSeek's models, over Chat Completions. Takes the arguments of `ChatModelBase`."""

    Parameters: TypeAlias = DeepSeekChatParameters
    parameters: DeepSeekChatParameters
    type = "deepseek_chat"
    profile = late(_profile)
    formatter_class = late(_formatter)

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
