"""Gemini's chat model."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ...application.chat.http import HttpChatModel
from ...application.model.credential import CredentialBase
from ...application.model.formatter import FormatterBase
from .formatter import GeminiChatFormatter
from .parameters import GeminiChatParameters

if TYPE_CHECKING:
    from .request import GeminiCodec

__all__ = ["GeminiChatModel"]


class GeminiChatModel(HttpChatModel):
    """Models behind generateContent. Takes the arguments of `ChatModelBase`; `models/` before a name is dropped."""

    Parameters = GeminiChatParameters
    type = "gemini_chat"
    provider: ClassVar[str] = "gemini"
    formatter_class = GeminiChatFormatter

    @cached_property
    def codec(self) -> GeminiCodec:  # type: ignore[override]  # an attribute of the base, made late here
        """The codec; its module is loaded by the first call."""
        from .request import GeminiCodec

        return GeminiCodec()

    def __init__(
        self,
        credential: CredentialBase,
        model: str,
        parameters: GeminiChatParameters | None = None,
        stream: bool = True,
        max_retries: int | None = None,
        context_size: int | None = None,
        formatter: FormatterBase | None = None,
        **options: Any,  # Any: the keyword options of ChatModelBase
    ) -> None:
        name = model.removeprefix("models/")
        super().__init__(credential, name, parameters, stream, max_retries, context_size, formatter, **options)

    def model_family(self) -> str:
        """The model itself, under its card's name: thought signatures are bound to the model that made them."""
        return self.card.name
