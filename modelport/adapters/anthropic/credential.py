"""Anthropic's credential; also for other servers that speak the Messages API."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Type

from pydantic import ConfigDict, Field, SecretStr, field_validator

from ...application.model.credential import KeyedCredential
from ...domain.urls import with_path

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase

__all__ = ["AnthropicCredential"]


class AnthropicCredential(KeyedCredential):
    """Key and bare host. Facts: docs/protocols/anthropic-messages.md#endpoint-and-versions."""

    model_config = ConfigDict(title="Anthropic API")
    provider: ClassVar[str] = "anthropic"
    endpoint_of_fields: ClassVar[bool] = True
    key_variable: ClassVar[str] = "ANTHROPIC_API_KEY"

    type: Literal["anthropic_credential"] = "anthropic_credential"
    base_url: str = Field(default="https://api.anthropic.com", title="Base URL")

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self, *, api_key: str | SecretStr, base_url: str = ..., id: str = ..., name: str = ..., type: str = ...
        ) -> None: ...

    @field_validator("base_url")
    @classmethod
    def _bare(cls, value: str) -> str:
        return with_path(value, lambda path: path.removesuffix("/messages").removesuffix("/v1").rstrip("/"))

    def auth_headers(self) -> dict[str, str]:
        """The key in the header that every version of the API, and every server like it, reads."""
        return {"x-api-key": self.secret()}

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """The Messages API."""
        from .chat import AnthropicChatModel

        return AnthropicChatModel
