"""The keys of a settings file or mapping. `settings_file` reads files and fills in variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, SecretStr, field_validator

from ..adapters.sql.options import check_url_options
from ..domain.errors import SettingsError
from ..domain.secrets import url_secrets
from .model_settings import (
    ChatSettings,
    EmbeddingSettings,
    FreeFields,
    ModelSettings,
    RealtimeSettings,
    RetrySettings,
    StrictSettings,
    STTSettings,
    TimeoutSettings,
    TTSSettings,
    concealed,
    revealed,
    without_open_secrets,
)

__all__ = [
    "CacheSettings",
    "ChatSettings",
    "ConversationSettings",
    "EmbeddingSettings",
    "MediaSettings",
    "ModelSettings",
    "ProviderSettings",
    "RateLimitEntry",
    "RateLimitSettings",
    "RealtimeSettings",
    "RetrySettings",
    "STTSettings",
    "Settings",
    "TTSSettings",
    "TimeoutSettings",
    "TransportSettings",
    "place_in",
    "revealed",
]


_UserPath = Annotated[Path, AfterValidator(Path.expanduser)]
"""A path in which `~` is the user's folder."""


def _in_the_users_folder(url: SecretStr) -> SecretStr:
    """The URL of an SQLite file, with `~` as the user's folder."""
    found = re.match(r"(sqlite[^:]*:///)(~.*)", url.get_secret_value(), re.DOTALL)
    return SecretStr(found[1] + os.path.expanduser(found[2])) if found else url


def _with_checked_options(url: SecretStr) -> SecretStr:
    """The URL; raises `ValueError` for an option that the driver of its database does not have."""
    try:
        check_url_options(url.get_secret_value(), "the database")
    except SettingsError as error:
        raise ValueError(str(error)) from error
    return url


class CacheSettings(StrictSettings):
    """Where the hub's embedding models store vectors."""

    adapter: Literal["none", "file", "sql"] = Field(
        default="none", description="Nowhere, in a folder, or in a database (SQLite or PostgreSQL)."
    )
    path: _UserPath = Field(default=Path(".cache/embeddings"), description="The folder of the file cache.")
    url: SecretStr = Field(
        default=SecretStr("sqlite+aiosqlite:///.cache/embeddings.db"), description="The database of the SQL cache."
    )
    max_entries: int | None = Field(default=None, ge=0, description="The most vectors; the oldest are removed.")
    max_size_mb: float | None = Field(default=None, ge=0, description="Likewise in megabytes.")
    memory_mb: float | None = Field(default=None, ge=0, description="How much of it is also kept in memory.")

    @field_validator("url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        return _with_checked_options(_in_the_users_folder(value))


class ConversationSettings(StrictSettings):
    """Where conversations are stored."""

    url: SecretStr | None = Field(default=None, description="The database; by default a file in the user's folder.")

    @field_validator("url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        return _with_checked_options(_in_the_users_folder(value)) if value else value


class RateLimitEntry(StrictSettings):
    """The most requests and tokens in any period of that many seconds."""

    requests: int | None = Field(default=None, gt=0, description="The most requests in a period.")
    tokens: int | None = Field(default=None, gt=0, description="The most tokens in a period.")
    period: float = Field(default=60.0, gt=0, description="Its length in seconds.")


class RateLimitSettings(StrictSettings):
    """Rate limits of the hub: of this process, or shared with other processes through a database."""

    adapter: Literal["none", "in_process", "sql"] = Field(
        default="none", description="No limits, those of this process, or those that processes share in a database."
    )
    url: SecretStr | None = Field(default=None, description="The shared database, for `sql`.")
    limits: dict[str, RateLimitEntry] = Field(
        default_factory=dict,
        description="By `provider/model`, `provider` (its models together), `provider/*` or `*` (each by itself).",
    )

    @field_validator("url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        return _with_checked_options(_in_the_users_folder(value)) if value else value


class TransportSettings(StrictSettings):
    """How requests are sent, or which recording answers in place of the network."""

    adapter: Literal["auto", "httpx", "httpx2", "aiohttp", "record", "replay"] = Field(
        default="auto",
        description="`auto`: aiohttp where it is installed, else httpx2 where it is installed, else httpx.",
    )
    proxy: SecretStr | None = Field(
        default=None, description="A proxy's URL; by default the environment's proxies are used."
    )
    verify: bool | _UserPath = Field(
        default=True, description="Whether to verify certificates, or a file of authorities."
    )
    http2: bool = Field(default=False, description="Whether to offer HTTP/2, which needs httpx or httpx2.")
    max_answer_mb: float = Field(
        default=256, gt=0, description="The largest answer or stream, decompressed; more is an error."
    )
    cassettes: _UserPath | None = Field(
        default=None, description="The file or folder that `record` writes and `replay` reads."
    )
    through: Literal["auto", "httpx", "httpx2", "aiohttp"] = Field(
        default="auto", description="What `record` sends through."
    )
    speed: Literal["full", "recorded"] = Field(default="full", description="The speed of `replay`.")
    repeat: bool = Field(default=False, description="Whether `replay` starts again after the last answer.")

    @property
    def max_answer_bytes(self) -> int:
        """The limit in bytes."""
        return int(self.max_answer_mb * 1024 * 1024)

    @field_validator("proxy")
    @classmethod
    def _proxy_url(cls, value: SecretStr | None) -> SecretStr | None:
        if not value:
            return None
        if not re.match(r"(https?|socks[45]h?)://[^/\s]", value.get_secret_value()):
            raise ValueError("expected the URL of a proxy, like http://host:8080 or socks5://host:1080")
        return value


class MediaSettings(StrictSettings):
    """Which media are loaded on behalf of an API that cannot load them itself."""

    roots: list[_UserPath] = Field(default_factory=list, description="Folders from which `file://` URLs may be read.")
    allow_private: bool = Field(default=False, description="Whether private and loopback addresses may be fetched.")
    max_bytes: int = Field(default=20 * 1024 * 1024, gt=0, description="The largest file that is loaded.")


class ProviderSettings(StrictSettings):
    """A provider that speaks Chat Completions with differences: `docs/guides/add-a-provider.md`."""

    label: str = Field(default="", description="The name to show.")
    base_url: str | SecretStr = Field(description="A `SecretStr` where it holds a password or a key.")
    key_variable: str = Field(default="", description="The environment variable of its key.")
    key_optional: bool = Field(default=False, description="Whether the provider also answers without a key.")
    key_header: str = Field(default="authorization", description="In another header the key stands without `Bearer`.")
    headers: dict[str, str | SecretStr] = Field(default_factory=dict, description="Further headers of every request.")
    fields: Annotated[dict[str, dict[str, Any]], AfterValidator(without_open_secrets)] = Field(
        default_factory=dict, description="Further fields of the credential."
    )
    models: str | None = Field(default=None, description="The folder of its cards, relative to the settings file.")
    profile: FreeFields = Field(default_factory=dict, description="Its differences from OpenAI.")
    speech: FreeFields | None = Field(default=None, description="Its differences in speech, where it speaks.")
    transcription: FreeFields | None = Field(default=None, description="Likewise in speech-to-text.")

    @field_validator("headers")
    @classmethod
    def _hidden_headers(cls, values: dict[str, str | SecretStr]) -> dict[str, str | SecretStr]:
        return without_open_secrets(values)

    @field_validator("base_url")
    @classmethod
    def _hidden(cls, value: str | SecretStr) -> str | SecretStr:
        return SecretStr(value) if isinstance(value, str) and url_secrets(value) else value


class Settings(StrictSettings):
    """All that a hub is built from."""

    providers: dict[str, ProviderSettings] = Field(
        default_factory=dict, description="Providers of your own that need no code."
    )
    credentials: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Each has its `provider` and the fields of that provider's credential."
    )
    """Texts that may be secret are held as `SecretStr`, so that neither `repr` nor `model_dump` shows them."""
    chat: dict[str, ChatSettings] = Field(default_factory=dict, description="Chat models; `hub.chat(NAME)` gives one.")
    embedding: dict[str, EmbeddingSettings] = Field(default_factory=dict, description="Embedding models.")
    tts: dict[str, TTSSettings] = Field(default_factory=dict, description="Speech models.")
    stt: dict[str, STTSettings] = Field(default_factory=dict, description="Speech-to-text models.")
    realtime: dict[str, RealtimeSettings] = Field(default_factory=dict, description="Models of voice conversations.")
    cache: CacheSettings = Field(default=CacheSettings(), description="Where vectors are kept.")
    conversations: ConversationSettings = Field(
        default=ConversationSettings(), description="Where conversations are stored."
    )
    rate_limits: RateLimitSettings = Field(
        default=RateLimitSettings(), description="How many requests and tokens may be sent."
    )
    transport: TransportSettings = Field(
        default=TransportSettings(), description="How requests are sent, or which recording answers."
    )
    media: MediaSettings = Field(default=MediaSettings(), description="Which files and URLs may be loaded.")
    default_chat: str | None = Field(default=None, description="The name under `chat` that is used when none is given.")
    default_embedding: str | None = Field(default=None, description="Likewise under `embedding`.")
    default_tts: str | None = Field(default=None, description="Likewise under `tts`.")
    default_stt: str | None = Field(default=None, description="Likewise under `stt`.")
    default_realtime: str | None = Field(default=None, description="Likewise under `realtime`.")
    _source: str = PrivateAttr(default="")
    _line: Callable[[Sequence[object]], int | None] | None = PrivateAttr(default=None)

    @field_validator("credentials")
    @classmethod
    def _hidden(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return {
            name: {field: concealed(field, given) for field, given in fields.items()} for name, fields in value.items()
        }

    @property
    def source(self) -> str:
        """The file or mapping that it was read from, for error messages; empty for settings built in code."""
        return self._source

    def read_from(self, source: str, line: Callable[[Sequence[object]], int | None] | None = None) -> Self:
        """Set `source`, and how to find the line of a path of keys in it; returns the settings."""
        self._source, self._line = source, line
        return self

    def place(self, *keys: str) -> str:
        """What an error about these keys starts with, e.g. `modelport.yaml: line 3: chat.a: `."""
        return place_in(self._source, self._line, keys)

    def file_and_line(self, *keys: str) -> str:
        """`place` without the keys."""
        return _joined(self._source, self._line, keys)


def place_in(source: str, line: Callable[[Sequence[object]], int | None] | None, keys: Sequence[object]) -> str:
    """The file, the line if it is known, and the keys, each followed by a colon."""
    path = ".".join(str(key) for key in keys)
    return _joined(source, line, keys) + (f"{path}: " if path else "")


def _joined(source: str, line: Callable[[Sequence[object]], int | None] | None, keys: Sequence[object]) -> str:
    number = line(keys) if line else None
    return "".join([f"{source}: " if source else "", f"line {number}: " if number else ""])
