"""A provider that is only a profile, i.e. data: its credential and its model class are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Type

from pydantic import Field, SecretStr, create_model

from ...adapters.dialects.openai_chat.profile import OpenAIChatProfile
from ...adapters.dialects.openai_chat.profile_data import ProfileData
from ...adapters.openai.chat import OpenAIChatModel
from ...application.model.credential import KeyedCredential, checked_base_url
from ...domain.errors import SettingsError
from ..validation import validated

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase

__all__ = ["ProfileCredential", "ProviderProfile", "profile_credential"]

_NO_CARDS = Path("/nonexistent")
"""A provider without a folder of cards has no cards; without this it would have those of OpenAI."""


class ProfileCredential(KeyedCredential):
    """The base of the credentials made from profiles; the chat class reads the profile from here."""

    chat_profile: ClassVar[OpenAIChatProfile]
    chat_class: ClassVar[Type[OpenAIChatModel]]

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """`OpenAIChatModel`, with the provider's cards."""
        return cls.chat_class

    def auth_headers(self) -> dict[str, str]:
        """The key, if there is one: providers without a key variable may need none."""
        keyless = not self.key_variable and not self.api_key.get_secret_value()
        return {} if keyless else super().auth_headers()


@dataclass(frozen=True, slots=True)
class ProviderProfile:
    """What a credential class is made from: the fields of `Provider` that such a provider has."""

    name: str
    label: str
    base_url: str
    key_variable: str
    models: str | Path | None
    profile: Mapping[str, Any] = field(hash=False)  # Any: plain data


@lru_cache(maxsize=128)
def profile_credential(provider: ProviderProfile) -> type[ProfileCredential]:
    """The credential class of a profile, one for equal profiles; `SettingsError` names the key that is wrong."""
    name = provider.name
    base_url = _base_url(provider)
    data: ProfileData = validated(ProfileData, dict(provider.profile), f"providers.{name}.profile")
    title = "".join(part.capitalize() for part in name.replace("-", "_").split("_"))
    kind = f"{name}_credential"
    secret: dict[str, Any] = {} if provider.key_variable else {"default": SecretStr("")}  # Any: arguments of Field
    credential = create_model(
        f"{title}Credential",
        __base__=ProfileCredential,
        type=(Literal[kind], kind),  # type: ignore[arg-type]  # a literal made at run time
        api_key=(SecretStr, Field(title="API key", json_schema_extra={"writeOnly": True}, **secret)),
        base_url=(str, base_url),
    )
    credential.model_config["title"] = provider.label or title
    credential.provider = name
    credential.key_variable = provider.key_variable
    credential.chat_profile = data.profile(name)
    credential.chat_class = type(f"{title}ChatModel", (OpenAIChatModel,), {"card_folder": _card_folder(provider)})
    return credential


def _base_url(provider: ProviderProfile) -> str:
    place = f"providers.{provider.name}.base_url"
    if not provider.base_url:
        raise SettingsError(f"{place}: is missing; a provider without a credential class needs one")
    try:
        return checked_base_url(provider.base_url)
    except ValueError as error:
        raise SettingsError(f"{place}: {error}") from error


def _card_folder(provider: ProviderProfile) -> Path:
    """A path, or `package:folder` for a folder inside an installed package."""
    if provider.models is None:
        return _NO_CARDS
    models = str(provider.models)
    package, colon, folder = models.partition(":")
    if not colon or models.startswith((".", "/")):
        return Path(models)
    try:
        return Path(str(files(package))) / folder
    except ImportError as error:
        raise SettingsError(f"providers.{provider.name}.models: {models}: {error}") from error
