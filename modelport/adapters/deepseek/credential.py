"""DeepSeek's credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Type

from pydantic import ConfigDict, Field, SecretStr

from ...application.model.credential import KeyedCredential

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase

__all__ = ["DeepSeekCredential"]


class DeepSeekCredential(KeyedCredential):
    """Key and base URL, with or without `/v1`. Facts: docs/protocols/deepseek.md#endpoint."""

    model_config = ConfigDict(title="DeepSeek API")
    provider: ClassVar[str] = "deepseek"
    endpoint_of_fields: ClassVar[bool] = True
    key_variable: ClassVar[str] = "DEEPSEEK_API_KEY"

    type: Literal["deepseek_credential"] = "deepseek_credential"
    base_url: str = Field(default="https://api.deepseek.com", title="Base URL")

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self, *, api_key: str | SecretStr, base_url: str = ..., id: str = ..., name: str = ..., type: str = ...
        ) -> None: ...

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """`DeepSeekChatModel`."""
        from .provider import DeepSeekChatModel

        return DeepSeekChatModel
