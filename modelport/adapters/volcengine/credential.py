"""Volcengine's credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Type

from pydantic import ConfigDict, Field, SecretStr

from ...application.model.credential import KeyedCredential

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase

__all__ = ["VolcengineCredential"]


class VolcengineCredential(KeyedCredential):
    """Key and base URL; BytePlus has other keys for each region, at `https://ark.ap-southeast.bytepluses.com/api/v3`.

    Facts: docs/protocols/volcengine.md#endpoints.
    """

    model_config = ConfigDict(title="Volcengine Ark API")
    provider: ClassVar[str] = "volcengine"
    key_variable: ClassVar[str] = "ARK_API_KEY"

    type: Literal["volcengine_credential"] = "volcengine_credential"
    base_url: str = Field(default="https://ark.cn-beijing.volces.com/api/v3", title="Base URL")

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self, *, api_key: str | SecretStr, base_url: str = ..., id: str = ..., name: str = ..., type: str = ...
        ) -> None: ...

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """`VolcengineChatModel`."""
        from .provider import VolcengineChatModel

        return VolcengineChatModel
