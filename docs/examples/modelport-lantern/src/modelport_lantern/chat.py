"""Lantern's credential and chat model, which refer to the codec and the formatter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Type

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from modelport.model import ChatModelBase
from modelport.provider import Endpoint, HttpChatModel, KeyedCredential

from .codec import LanternCodec
from .formatter import LanternChatFormatter

__all__ = ["LanternChatModel", "LanternCredential"]


class LanternCredential(KeyedCredential):
    """A key for the Lantern API."""

    model_config = ConfigDict(title="Lantern API")
    provider: ClassVar[str] = "lantern"
    key_variable: ClassVar[str] = "LANTERN_API_KEY"

    type: Literal["lantern_credential"] = "lantern_credential"
    base_url: str = Field(default="https://api.lantern.example", title="Base URL")

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self, *, api_key: str | SecretStr, base_url: str = ..., id: str = ..., name: str = ..., type: str = ...
        ) -> None: ...

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """The class of all Lantern models."""
        return LanternChatModel


class LanternChatModel(HttpChatModel):
    """A chat model of the Lantern API."""

    class Parameters(BaseModel):
        """The parameters of Lantern models."""

        model_config = ConfigDict(extra="forbid")

        max_tokens: int | None = Field(default=None, gt=0, title="Max tokens")
        temperature: float | None = Field(default=None, ge=0, le=1, title="Temperature")

    type = "lantern_chat"
    provider: ClassVar[str] = "lantern"
    codec = LanternCodec()

    def __init__(
        self,
        credential: LanternCredential,
        model: str,
        parameters: Any = None,  # Any: the class's Parameters
        stream: bool = True,
        **options: Any,  # Any: the keyword options of ChatModelBase
    ) -> None:
        options.setdefault("formatter", LanternChatFormatter())
        super().__init__(credential, model, parameters, stream, **options)

    def endpoint(self) -> Endpoint:
        """The endpoint of the credential."""
        assert isinstance(self.credential, LanternCredential), "a LanternCredential"
        return self.credential.endpoint()
