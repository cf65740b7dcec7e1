"""Anthropic's chat model."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, Unpack, overload

from ...application.chat.http import HttpChatModel
from ...application.chat.model import AnswerT_co
from ...domain.late import late
from .parameters import AnthropicChatParameters

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...application.model.credential import CredentialBase
    from ...domain.chat.breakpoints import BreakpointRules
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from .formatter import AnthropicChatFormatter
    from .request import AnthropicCodec

__all__ = ["AnthropicChatModel"]


def _formatter() -> type[AnthropicChatFormatter]:
    from .formatter import AnthropicChatFormatter

    return AnthropicChatFormatter


class AnthropicChatModel(HttpChatModel[AnswerT_co]):
    """Claude models, and others behind the Messages API. Takes the arguments of `ChatModelBase`."""

    Parameters: TypeAlias = AnthropicChatParameters
    parameters: AnthropicChatParameters
    type = "anthropic_chat"
    provider: ClassVar[str] = "anthropic"
    formatter_class = late(_formatter)

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: AnthropicChatModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: AnthropicChatParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: AnthropicChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: AnthropicChatParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: AnthropicChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: AnthropicChatParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: AnthropicChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: AnthropicChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    @cached_property
    def codec(self) -> AnthropicCodec:  # type: ignore[override]  # an attribute of the base, made late here
        """The codec; its module is loaded by the first call."""
        from .request import AnthropicCodec

        return AnthropicCodec()

    def _setting_rules(self) -> SettingRules | None:
        from .settings import ANTHROPIC_SETTINGS

        return ANTHROPIC_SETTINGS

    def _breakpoint_rules(self) -> BreakpointRules:
        from .settings import ANTHROPIC_BREAKPOINTS

        return ANTHROPIC_BREAKPOINTS
