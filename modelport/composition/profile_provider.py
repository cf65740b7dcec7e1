"""A provider that is a row of data: its credential and its model class are made from the row."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Type

from pydantic import Field, SecretStr, create_model

from ..adapters.dialects.openai_chat.profile import OpenAIChatProfile
from ..adapters.dialects.openai_chat.profile_data import ProfileData
from ..adapters.openai.chat import OpenAIChatModel
from ..application.model.credential import KeyedCredential, checked_base_url
from ..domain.errors import SettingsError
from .validation import validated

if TYPE_CHECKING:
    from ..application.chat.model import ChatModelBase
    from .registry import Provider

__all__ = ["RowCredential", "row_credential"]

_NO_CARDS = Path("/nonexistent")
"""A provider without cards has none, and not those of OpenAI."""


class RowCredential(KeyedCredential):
    """The base of the credentials made from rows; the chat class reads the row from here."""

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


def row_credential(provider: Provider) -> type[RowCredential]:
    """The credential class of a row, one per provider; `SettingsError` names what is wrong with the row."""
    key = (provider.name, provider.label, provider.base_url, provider.key_variable, str(provider.models))
    return _made(*key, _Row(dict(provider.row)))


class _Row(dict[str, Any]):  # Any: plain data
    """The row as a key of the cache: equal rows give the same class."""

    def __hash__(self) -> int:  # type: ignore[override]  # frozen by convention
        return hash(repr(sorted(self.items())))


@lru_cache(maxsize=128)
def _made(name: str, label: str, base_url: str, key_variable: str, models: str, row: _Row) -> type[RowCredential]:
    if not base_url:
        raise SettingsError(f"providers.{name}.base_url: a provider that is a row needs one")
    try:
        base_url = checked_base_url(base_url)
    except ValueError as error:
        raise SettingsError(f"providers.{name}.base_url: {error}") from error
    data: ProfileData = validated(ProfileData, dict(row), f"providers.{name}.row")
    title = "".join(part.capitalize() for part in name.replace("-", "_").split("_"))
    kind = f"{name}_credential"
    secret: dict[str, Any] = {} if key_variable else {"default": SecretStr("")}  # Any: arguments of Field
    credential = create_model(
        f"{title}Credential",
        __base__=RowCredential,
        type=(Literal[kind], kind),  # type: ignore[arg-type]  # a literal made at run time
        api_key=(SecretStr, Field(title="API key", json_schema_extra={"writeOnly": True}, **secret)),
        base_url=(str, base_url),
    )
    credential.model_config["title"] = label or title
    credential.provider = name
    credential.key_variable = key_variable
    credential.chat_profile = data.profile(name)
    try:
        folder = _folder(models) if models != "None" else _NO_CARDS
    except ImportError as error:
        raise SettingsError(f"providers.{name}.models: {models}: {error}") from error
    credential.chat_class = type(f"{title}ChatModel", (OpenAIChatModel,), {"card_folder": folder})
    return credential


def _folder(models: str) -> Path:
    """A path, or `package:folder` for a folder inside an installed package."""
    package, colon, folder = models.partition(":")
    if colon and not models.startswith((".", "/")):
        return Path(str(files(package))) / folder
    return Path(models)
