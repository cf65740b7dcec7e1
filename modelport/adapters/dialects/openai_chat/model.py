"""The chat model class that every provider of the dialect shares."""

from __future__ import annotations

from typing import Any, ClassVar

from ....application.codec import Endpoint
from ....application.credential import CredentialBase
from ....application.formatter import FormatterBase
from ....application.http_chat import HttpChatModel
from ....application.keyed_credential import KeyedCredential
from .formatter import DialectChatFormatter
from .request import OpenAIChatCodec
from .row import OpenAIChatRow

__all__ = ["DialectChatModel"]


class DialectChatModel(HttpChatModel):
    """A model behind Chat Completions. Takes the arguments of `ChatModelBase`."""

    row: ClassVar[OpenAIChatRow]
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
        row: OpenAIChatRow | None = getattr(type(credential), "chat_row", None)
        formatter = formatter or (_formatter_of(row) if row else self.formatter_class())
        super().__init__(credential, model, parameters, stream, max_retries, context_size, formatter, **options)
        self.codec = OpenAIChatCodec(row or self.row)

    @property
    def provider_name(self) -> str:
        """The provider of the credential: one class serves all rows of the dialect."""
        return self.credential.provider_name()

    def endpoint(self) -> Endpoint:
        """The credential's."""
        assert isinstance(self.credential, KeyedCredential), "a credential with a key and a base URL"
        return self.credential.endpoint()


def _formatter_of(row: OpenAIChatRow) -> DialectChatFormatter:
    """The formatter of a row that has no class of its own."""
    generated = type("RowChatFormatter", (DialectChatFormatter,), {"row": row})
    formatter: DialectChatFormatter = generated()
    return formatter
