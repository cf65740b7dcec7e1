"""The chat model class that every provider of the dialect shares."""

from __future__ import annotations

from typing import Any, ClassVar

from ....application.chat.http import HttpChatModel
from ....application.model.credential import CredentialBase
from ....application.model.formatter import FormatterBase
from .profile import OpenAIResponsesProfile
from .request import OpenAIResponsesCodec

__all__ = ["DialectResponseModel"]


class DialectResponseModel(HttpChatModel):
    """A model behind Responses. Takes the arguments of `ChatModelBase`."""

    profile: ClassVar[OpenAIResponsesProfile]
    formatter_class: ClassVar[type[FormatterBase]]

    def __init__(
        self,
        credential: CredentialBase,
        model: str,
        parameters: Any = None,  # Any: the subclass's Parameters
        stream: bool = True,
        max_retries: int | None = None,
        context_size: int | None = None,
        formatter: FormatterBase | None = None,
        **options: Any,  # Any: the keyword options of ChatModelBase
    ) -> None:
        formatter = formatter or self.formatter_class()
        super().__init__(credential, model, parameters, stream, max_retries, context_size, formatter, **options)
        self.codec = OpenAIResponsesCodec(self.profile)

    @property
    def provider_name(self) -> str:
        """The provider of the credential."""
        return self.credential.provider_name()
