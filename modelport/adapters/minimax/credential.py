"""MiniMax's credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Type

from pydantic import ConfigDict, Field, SecretStr, field_validator

from ...application.model.credential import KeyedCredential, checked_base_url

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase

__all__ = ["MiniMaxCredential"]


class MiniMaxCredential(KeyedCredential):
    """Key and base URL; the service in China has other keys, at `https://api.minimaxi.com/v1`.

    Facts: docs/protocols/minimax.md#endpoints.
    """

    model_config = ConfigDict(title="MiniMax API")
    provider: ClassVar[str] = "minimax"
    key_variable: ClassVar[str] = "MINIMAX_API_KEY"

    type: Literal["minimax_credential"] = "minimax_credential"
    base_url: str = Field(default="https://api.minimax.io/v1", title="Base URL")

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self, *, api_key: str | SecretStr, base_url: str = ..., id: str = ..., name: str = ..., type: str = ...
        ) -> None: ...

    @field_validator("base_url")
    @classmethod
    def _url(cls, value: str) -> str:
        url = checked_base_url(value)
        if url.endswith("/anthropic"):
            raise ValueError(
                "this is the base URL of MiniMax's Anthropic shape; give that of its OpenAI shape, which ends in /v1, "
                "or use AnthropicCredential with this one"
            )
        return url

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """`MiniMaxChatModel`."""
        from .provider import MiniMaxChatModel

        return MiniMaxChatModel
