"""A provider that is only data: its credential class is made from its profile.

The model classes, and the dialects that they need, are imported when a credential first names them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Type

from pydantic import BaseModel, ConfigDict, Field, SecretStr, create_model, field_validator

from ...application.model.credential import KeyedCredential, Service, checked_base_url
from ...domain.errors import InvalidRequestError, SettingsError
from ...ports.codec.base import Endpoint
from ..validation import validated
from .profile_value import ProviderProfile, class_title

if TYPE_CHECKING:
    from ...adapters.dialects.openai_chat.profile import OpenAIChatProfile
    from ...adapters.dialects.openai_speech.profile import SpeechProfile
    from ...adapters.dialects.openai_transcription.profile import TranscriptionProfile
    from ...application.chat.model import ChatModelBase
    from ...application.speech.model import TTSModelBase
    from ...application.transcription.model import STTModelBase

__all__ = ["CredentialField", "ProfileCredential", "profile_credential"]

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""What may stand in the host of a URL in place of a field: no slash, colon or at sign."""


class CredentialField(BaseModel):
    """A field of a credential beside the key: a part of the base URL that is `{name}` there, or a header."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    description: str | None = None
    default: str | None = None
    header: str | None = Field(default=None, description="The header that the value is sent in, where it is given.")
    variable: str = Field(default="", description="The environment variable that usually holds it.")


class _Late:
    """An attribute of a credential class that is made when it is first asked for, and then once."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: Any) -> Any:  # Any: a credential class; the attribute's value
        from .profile_models import made_of

        return getattr(made_of(owner.profile_data), self._name)


class ProfileCredential(KeyedCredential):
    """The base of the credentials made from profiles; the chat class reads the profile from here."""

    profile_data: ClassVar[ProviderProfile]
    extra_fields: ClassVar[Mapping[str, CredentialField]] = {}
    chat_profile: ClassVar[OpenAIChatProfile] = _Late("chat_profile")  # type: ignore[assignment]  # a descriptor
    """The profile of the dialect; `SettingsError` names the key that is wrong."""
    speech_profile: ClassVar[SpeechProfile | None] = _Late("speech_profile")  # type: ignore[assignment]  # as above
    transcription_profile: ClassVar[TranscriptionProfile | None] = _Late("transcription_profile")  # type: ignore[assignment]

    @field_validator("base_url")
    @classmethod
    def _url(cls, value: str) -> str:
        return value if value == cls.model_fields["base_url"].default else checked_base_url(value)

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """`OpenAIChatModel`, with the provider's cards."""
        from .profile_models import made_of

        return made_of(cls.profile_data).chat_class

    @classmethod
    def get_stt_model_classes(cls) -> list[Type[STTModelBase]]:
        """`OpenAITranscriptionModel`, with the provider's cards, where the provider writes down speech."""
        from .profile_models import made_of

        writes = made_of(cls.profile_data).transcription_class
        return [] if writes is None else [writes]

    @classmethod
    def get_tts_model_classes(cls) -> list[Type[TTSModelBase]]:
        """`OpenAITTSModel`, with the provider's cards, where the provider speaks."""
        from .profile_models import made_of

        speaks = made_of(cls.profile_data).speech_class
        return [] if speaks is None else [speaks]

    def endpoint(self, service: Service = "chat") -> Endpoint:
        """The base URL with its parts filled in; `InvalidRequestError` names a part that is missing."""
        return Endpoint(self._filled_url(), self.auth_headers())

    def auth_headers(self) -> dict[str, str]:
        """The key, if there is one, and the headers of the provider and of the account."""
        data = self.profile_data
        named = {each.header: getattr(self, name) for name, each in self.extra_fields.items() if each.header}
        headers = {**data.headers, **{header: value for header, value in named.items() if value}}
        optional = data.key_optional or not data.key_variable
        if optional and not self.api_key.get_secret_value():
            return headers
        if data.key_header == "authorization":
            return {**headers, **super().auth_headers()}
        return {**headers, data.key_header: self.secret()}

    def _filled_url(self) -> str:
        url = self.base_url
        for name in re.findall(r"{(\w+)}", url):
            value = getattr(self, name, None)
            if not value:
                kind = type(self).__name__
                raise InvalidRequestError(f"the base URL {url} has no {name}; give {kind}({name}=…) or a base_url")
            url = url.replace("{" + name + "}", value)
        return url


@lru_cache(maxsize=128)
def profile_credential(provider: ProviderProfile) -> type[ProfileCredential]:
    """The credential class of a profile, one for equal profiles; `SettingsError` names the key that is wrong."""
    name = provider.name
    base_url = _base_url(provider)
    title = class_title(name)
    kind = f"{name}_credential"
    optional = provider.key_optional or not provider.key_variable
    secret: dict[str, Any] = {"default": SecretStr("")} if optional else {}  # Any: arguments of Field
    place = f"providers.{name}.fields"
    extra = {key: validated(CredentialField, dict(each), f"{place}.{key}") for key, each in provider.fields.items()}
    fields: dict[str, Any] = {key: _field(key, each, base_url) for key, each in extra.items()}  # Any: of pydantic
    credential = create_model(
        f"{title}Credential",
        __base__=ProfileCredential,
        __module__=__name__,
        type=(Literal[kind], kind),  # type: ignore[arg-type]  # a literal made at run time
        api_key=(SecretStr, Field(title="API key", json_schema_extra={"writeOnly": True}, **secret)),
        base_url=(str, Field(default=base_url, title="Base URL")),
        **fields,
    )
    credential.model_config["title"] = provider.label or title
    credential.provider = name
    credential.key_variable = provider.key_variable
    credential.profile_data = provider
    credential.extra_fields = extra
    return credential


def _field(name: str, given: CredentialField, base_url: str) -> tuple[Any, Any]:  # Any: a type, pydantic's own
    pattern = f"^{_PART}$" if "{" + name + "}" in base_url else None
    title = given.title or name.replace("_", " ").capitalize()
    return (str | None, Field(default=given.default, title=title, description=given.description, pattern=pattern))


def _base_url(provider: ProviderProfile) -> str:
    place = f"providers.{provider.name}.base_url"
    if not provider.base_url:
        raise SettingsError(f"{place}: is missing; a provider without a credential class needs one")
    parts = re.findall(r"{(\w*)}", provider.base_url)
    unknown = [part for part in parts if part not in provider.fields]
    if unknown:
        raise SettingsError(f"{place}: names the field {unknown[0]!r}, which `fields` does not have")
    try:
        checked = checked_base_url(re.sub(r"{\w*}", "part", provider.base_url))
    except ValueError as error:
        raise SettingsError(f"{place}: {error}") from error
    return provider.base_url.rstrip("/") if parts else checked
