"""Moonshot's credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Type

from pydantic import ConfigDict, Field, SecretStr

from ...application.model.credential import KeyedCredential

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase

__all__ = ["MoonshotCredential"]


class MoonshotCredential(KeyedCredential):
    """Key and base URL; keys of `api.moonshot.cn` open only that host. Facts: docs/protocols/moonshot.md#endpoint."""

    model_config = ConfigDict(title="Moonshot (Kimi) API")
    provider: ClassVar[str] = "moonshot"
    endpoint_of_fields: ClassVar[bool] = True
    key_variable: ClassVar[str] = "MOONSHOT_API_KEY"

    type: Literal["moonshot_credential"] = "moonshot_credential"
    base_url: str = Field(default="https://api.moonshot.ai/v1", title="Base URL")

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self, *, api_key: str | SecretStr, base_url: str = ..., id: str = ..., name: str = ..., type: str = ...
        ) -> None: ...

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """`MoonshotChatModel`."""
        from .provider import MoonshotChatModel

        return MoonshotChatModel
