"""Gemini's chat model."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, Unpack, overload

from ...application.chat.http import HttpChatModel
from ...application.chat.model import AnswerT_co
from ...application.model.credential import CredentialBase
from ...domain.late import late
from .parameters import GeminiChatParameters

if TYPE_CHECKING:
    from ...application.chat.options import ChatOptions
    from ...application.chat.stream import ChatStream
    from ...domain.chat.settings import SettingRules
    from ...domain.message.responses import ChatResponse
    from .formatter import GeminiChatFormatter
    from .request import GeminiCodec

__all__ = ["GeminiChatModel"]


def _formatter() -> type[GeminiChatFormatter]:
    from .formatter import GeminiChatFormatter

    return GeminiChatFormatter


class GeminiChatModel(HttpChatModel[AnswerT_co]):
    """Models behind generateContent. Takes the arguments of `ChatModelBase`; `models/` before a name is dropped."""

    Parameters: TypeAlias = GeminiChatParameters
    parameters: GeminiChatParameters
    type = "gemini_chat"
    provider: ClassVar[str] = "gemini"
    formatter_class = late(_formatter)

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: GeminiChatModel[ChatStream],
            credential: CredentialBase,
            model: str,
            parameters: GeminiChatParameters | None = None,
            stream: Literal[True] = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: GeminiChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: GeminiChatParameters | None = None,
            *,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: GeminiChatModel[ChatResponse],
            credential: CredentialBase,
            model: str,
            parameters: GeminiChatParameters | None,
            stream: Literal[False],
            **options: Unpack[ChatOptions],
        ) -> None: ...
        @overload
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: GeminiChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...
        def __init__(
            self,
            credential: CredentialBase,
            model: str,
            parameters: GeminiChatParameters | None = None,
            stream: bool = True,
            **options: Unpack[ChatOptions],
        ) -> None: ...

    @classmethod
    def _known_name(cls, model: str) -> str:
        return model.removeprefix("models/")

    @cached_property
    def codec(self) -> GeminiCodec:  # type: ignore[override]  # an attribute of the base, made late here
        """The codec; its module is loaded by the first call."""
        from .request import GeminiCodec

        return GeminiCodec()

    def model_family(self) -> str:
        """The model itself, under its card's name: thought signatures are bound to the model that made them."""
        return self.card.name

    def _setting_rules(self) -> SettingRules | None:
        from .settings import GEMINI_SETTINGS

        return GEMINI_SETTINGS
