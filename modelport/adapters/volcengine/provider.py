"""Volcengine Ark: its parameters and chat model.

Facts: docs/protocols/volcengine.md#request, docs/protocols/volcengine.md#answer, docs/protocols/volcengine.md#errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, Unpack, overload

from pydantic import ConfigDict

from ...application.chat.model import AnswerT_co
from ...application.model.described import Described
from ...application.model.parameters import EFFORT, MaxTokens, ParallelToolCalls, Temperature, ThinkingEnable, TopP
from ...domain.late import late
from ..dialects.openai_chat.model import DialectChatModel

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from ..dialects.openai_chat.profile import OpenAIChatProfile
    from .profile import VolcengineChatFormatter

__all__ = ["VolcengineChatModel", "VolcengineChatParameters"]


class VolcengineChatParameters(Described):
    """Parameters of a chat call."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: MaxTokens = None
    thinking_enable: ThinkingEnable = False
    reasoning_effort: Annotated[Literal["minimal", "low", "medium", "high"] | None, EFFORT] = None
    temperature: Temperature = None
    top_p: TopP = None
    parallel_tool_calls: ParallelToolCalls = True


def _profile() -> OpenAIChatProfile:
    from .profile import VOLCENGINE_CHAT

    return VOLCENGINE_CHAT


def _formatter() -> type[VolcengineChatFormatter]:
    from .profile import VolcengineChatFormatter

    return VolcengineChatFormatter


class VolcengineChatModel(DialectChatModel[AnswerT_co]):
    """The models of Ark and ModelArk, over Chat Completions; `model` is a model's name or an endpoint's id (`ep-…`).

    Takes the arguments of `ChatModelBase`.
    """

    Parameters: TypeAlias = VolcengineChatParameters
    parameters: VolcengineChatParameters
    type = "volcengine_chat"
    profile = late(_profile)
    formatter_class = late(_formatter)

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
