"""Credentials: how to identify oneself at a provider, and which models that opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Type

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from ..domain.errors import SettingsError
from ..domain.identity import new_id

if TYPE_CHECKING:
    from ..domain.cards import ModelCard, TTSModelCard
    from .chat_model import ChatModelBase

__all__ = ["CredentialBase"]


class CredentialBase(BaseModel):
    """The fields that a provider needs to let somebody in, and the model classes behind it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    provider: ClassVar[str] = ""

    id: str = Field(default_factory=new_id)
    name: str = ""
    type: str = "credential"

    @classmethod
    def provider_name(cls) -> str:
        """The provider's name; of a custom credential, its type without the ending."""
        declared = cls.model_fields["type"].default
        return cls.provider or str(declared).removesuffix("_credential")

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """The chat class this credential is for."""
        raise SettingsError(f"{cls.__name__} names no chat model class; implement get_chat_model_class()")

    @classmethod
    def get_chat_model_classes(cls) -> list[Type[ChatModelBase]]:
        """Every chat class this credential opens."""
        if cls.get_chat_model_class.__func__ is CredentialBase.get_chat_model_class.__func__:  # type: ignore[attr-defined]
            return []
        opened: Any = cls.get_chat_model_class()  # Any: some say None for "no chat", as they do for embedding
        return [] if opened is None else [opened]

    @classmethod
    def get_tts_model_classes(cls) -> list[Type[Any]]:
        """Every speech class this credential opens."""
        return []

    @classmethod
    def get_embedding_model_class(cls) -> Type[Any] | None:
        """The embedding class this credential opens, if any."""
        return None

    @classmethod
    def list_models(cls) -> list[ModelCard]:
        """The chat cards of all its classes, by name."""
        cards = {card.name: card for model in reversed(cls.get_chat_model_classes()) for card in model.list_models()}
        return [cards[name] for name in sorted(cards)]

    @classmethod
    def list_tts_models(cls) -> list[TTSModelCard]:
        """The speech cards of all its classes, by name."""
        cards: dict[str, TTSModelCard] = {c.name: c for m in cls.get_tts_model_classes() for c in m.list_models()}
        return [cards[name] for name in sorted(cards)]

    def to_storage(self, *, include_secrets: bool = False) -> dict[str, Any]:  # Any: JSON values
        """The fields as JSON values, to be read back by `CredentialFactory.from_dict`.

        Secrets are left out unless asked for; a credential stored without them is read back once they are filled in.
        """
        stored = self.model_dump(mode="json", exclude_none=True)
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                stored.pop(name, None)
                if include_secrets and value.get_secret_value():
                    stored[name] = value.get_secret_value()
        return stored

    @classmethod
    def form_schema(cls) -> dict[str, Any]:  # Any: a JSON Schema
        """The JSON Schema of a form for this credential; secrets are marked `writeOnly`."""
        return cls.model_json_schema()
