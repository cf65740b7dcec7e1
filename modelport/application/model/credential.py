"""Credentials: the fields that a provider needs to authenticate its callers, and the model classes they are for.

A credential imports no model: methods that return a model class import it when they are called. A model knows of its
credential only what `CredentialBase` declares, above all `endpoint()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Type

from pydantic import (
    ConfigDict,
    Field,
    SecretStr,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    field_serializer,
    field_validator,
)

from ...domain.errors import AuthenticationError, InvalidRequestError, SettingsError
from ...domain.ids import new_id
from ...domain.secrets import hide_url_secrets, url_secrets
from ...domain.urls import checked_url, normal_url
from ...ports.codec.base import Endpoint
from .described import Described

if TYPE_CHECKING:
    from ...domain.card.cards import ModelCard
    from ...domain.card.realtime_card import RealtimeModelCard
    from ...domain.card.speech_card import TTSModelCard
    from ...domain.card.transcription_card import STTModelCard

__all__ = ["CredentialBase", "KeyedCredential", "Service", "checked_base_url", "checked_key"]

_LEFT_OUT = "***"
"""What stands for a secret of a URL."""
Service = Literal["chat", "embedding", "speech", "realtime_speech", "realtime", "transcription"]
"""The kinds of endpoints; a provider may have a URL for each."""


class CredentialBase(Described):
    """The fields that a provider needs to authenticate its callers, and the model classes they are for.

    A URL that holds a password or a key is a secret too: `model_dump()` and `dict()` give it as a `SecretStr`, which
    the class reads again, `repr` and `model_dump_json()` with `***` in place of the secret.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    provider: ClassVar[str] = ""
    endpoint_of_fields: ClassVar[bool]
    """A class that sets it says that `endpoint()` follows from the fields alone: while they stay, models do not ask
    again. A subclass does not inherit it, since its `endpoint()` may read a clock or a file."""

    id: str = Field(default_factory=new_id, description="Tells stored credentials apart.")
    name: str = Field(default="", description="What people call this credential.")
    if TYPE_CHECKING:
        type: Any = ""  # Any: a class of the user's may narrow it to a literal, which a variable of type `str` forbids
    else:
        type: str = Field(default="credential", description="Which class it is, for storage.")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:  # Any: fields
        """Pydantic's, with the passwords of URLs left out."""
        for name, value in super().__repr_args__():
            yield name, hide_url_secrets(value) if isinstance(value, str) else value

    def __iter__(self) -> Any:  # Any: pydantic's own
        for name, value in super().__iter__():
            yield name, SecretStr(value) if _secret_url(value) else value

    @field_serializer("*", mode="wrap", check_fields=False)
    def _without_secrets_of_urls(
        self, value: Any, serialize: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> Any:  # Any: of each field
        if not _secret_url(value):
            return serialize(value)
        return hide_url_secrets(value) if info.mode_is_json() else SecretStr(value)

    @field_validator("*", mode="before", check_fields=False)
    @classmethod
    def _with_secrets_of_urls(cls, value: Any) -> Any:  # Any: of each field
        if isinstance(value, SecretStr) and "://" in value.get_secret_value():
            return value.get_secret_value()
        if isinstance(value, str) and _LEFT_OUT in url_secrets(value):
            raise ValueError(f"a password or key of this URL was left out ({_LEFT_OUT}); fill it in")
        return value

    @classmethod
    def provider_name(cls) -> str:
        """The provider's name; of a custom credential, its type without the ending."""
        declared = cls.model_fields["type"].default
        return cls.provider or str(declared).removesuffix("_credential")

    def endpoint(self, service: Service = "chat") -> Endpoint:
        """Where the requests of a service go, with the headers that authenticate them.

        Raises `AuthenticationError` when a key is missing, and `InvalidRequestError` when there is no such endpoint.
        """
        name = type(self).__name__
        raise InvalidRequestError(f"{name} has no endpoint for {service} models; implement {name}.endpoint()")

    @property
    def custom_url(self) -> str | None:
        """The URL of a server other than the provider's own, and `None` for the provider's."""
        return None

    @classmethod
    def get_chat_model_class(cls) -> Type[Any]:
        """The chat class this credential is for (Any: a `ChatModelBase`; naming it here would be an import circle)."""
        raise SettingsError(f"{cls.__name__} names no chat model class; implement get_chat_model_class()")

    @classmethod
    def get_chat_model_classes(cls) -> list[Type[Any]]:
        """Every chat class that this credential can be used with."""
        if cls.get_chat_model_class.__func__ is CredentialBase.get_chat_model_class.__func__:  # type: ignore[attr-defined]
            return []
        opened: Any = cls.get_chat_model_class()  # Any: some say None for "no chat", as they do for embedding
        return [] if opened is None else [opened]

    @classmethod
    def get_tts_model_classes(cls) -> list[Type[Any]]:
        """Every speech class that this credential can be used with."""
        return []

    @classmethod
    def get_embedding_model_class(cls) -> Type[Any] | None:
        """The embedding class that this credential can be used with, if any."""
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

    @classmethod
    def get_realtime_model_classes(cls) -> list[Type[Any]]:
        """Every class of voice conversations that this credential can be used with."""
        return []

    @classmethod
    def list_realtime_models(cls) -> list[RealtimeModelCard]:
        """The cards for voice conversations of all its classes, by name."""
        cards: dict[str, RealtimeModelCard] = {
            card.name: card for model in cls.get_realtime_model_classes() for card in model.list_models()
        }
        return [cards[name] for name in sorted(cards)]

    @classmethod
    def get_stt_model_classes(cls) -> list[Type[Any]]:
        """Every speech-to-text class that this credential can be used with."""
        return []

    @classmethod
    def list_stt_models(cls) -> list[STTModelCard]:
        """The speech-to-text cards of all its classes, by name."""
        cards: dict[str, STTModelCard] = {c.name: c for m in cls.get_stt_model_classes() for c in m.list_models()}
        return [cards[name] for name in sorted(cards)]

    def to_storage(self, *, include_secrets: bool = False) -> dict[str, Any]:  # Any: JSON values
        """The fields as JSON values, to be read back by `CredentialFactory.from_dict`.

        Secrets are left out unless asked for, those of URLs replaced by `***`; a credential stored without them is read
        back once they are filled in.
        """
        stored = self.model_dump(mode="json", exclude_none=True)
        for name in type(self).model_fields:
            value = getattr(self, name)
            if include_secrets and _secret_url(value):
                stored[name] = value
            if isinstance(value, SecretStr):
                stored.pop(name, None)
                if include_secrets and value.get_secret_value():
                    stored[name] = value.get_secret_value()
        return stored

    @classmethod
    def form_schema(cls) -> dict[str, Any]:  # Any: a JSON Schema
        """The JSON Schema of a form for this credential, without `type` and `id`; secrets are marked `writeOnly`."""
        from ...domain.card.form_view import form_of  # for user interfaces only

        return form_of(cls.model_json_schema())


def _secret_url(value: object) -> bool:
    """Whether it is the text of a URL with a password or a key."""
    return isinstance(value, str) and "://" in value and bool(url_secrets(value))


def checked_base_url(value: str) -> str:
    """The URL without a trailing slash; raises `ValueError` unless requests can be sent to it."""
    return checked_url(value)


def checked_key(key: SecretStr, provider: str) -> str:
    """The key without blanks around it, maybe empty; raises `AuthenticationError` for what breaks a header."""
    text = key.get_secret_value().strip()
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    del text  # which the error would hold
    raise AuthenticationError(
        "the API key holds spaces, control or non-ASCII characters; copy it again", provider=provider
    )


class KeyedCredential(CredentialBase):
    """An API key sent as a bearer token to a base URL."""

    key_variable: ClassVar[str] = ""
    """The environment variable that people keep this key in; named in errors, never read here."""

    api_key: SecretStr = Field(
        title="API key",
        description="The key; it is shown nowhere, and sent only to the base URL.",
        json_schema_extra={"writeOnly": True},
    )
    base_url: str = Field(description="Where requests go; another server with the same protocol may stand here.")

    @field_validator("base_url")
    @classmethod
    def _url(cls, value: str) -> str:
        return checked_base_url(value)

    def endpoint(self, service: Service = "chat") -> Endpoint:
        """The base URL with the key, for every service. Raises `AuthenticationError` when there is no key."""
        return Endpoint(self.base_url, self.auth_headers())

    @property
    def custom_url(self) -> str | None:
        """The base URL, unless it is the provider's own."""
        own = type(self).model_fields["base_url"].default
        if self.base_url == own or (isinstance(own, str) and normal_url(own) == normal_url(self.base_url)):
            return None
        return self.base_url

    def auth_headers(self) -> dict[str, str]:
        """The headers that identify the caller."""
        return {"authorization": f"Bearer {self.secret()}"}

    def secret(self) -> str:
        """The key itself, checked for what breaks a header."""
        key = checked_key(self.api_key, self.provider or self.provider_name())
        if not key:
            hint = f" (usually kept in {self.key_variable})" if self.key_variable else ""
            raise AuthenticationError(
                f"no API key; give {type(self).__name__}(api_key=…){hint}", provider=self.provider_name()
            )
        return key

    def __repr_args__(self) -> Any:  # Any: pydantic's own
        return [(name, value) for name, value in super().__repr_args__() if name != "id"]
