"""The keys of a settings file or mapping. `settings_file` reads files and fills in variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, field_validator

from ..adapters.sql.options import check_url_options
from ..domain.chat.settings import checked_settings
from ..domain.errors import InvalidRequestError, SettingsError
from ..domain.retry import RetryPolicy, Timeouts
from ..domain.secrets import secret_name, url_secrets

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


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=(), hide_input_in_errors=True)


def _with_checked_options(url: SecretStr) -> SecretStr:
    """The URL; raises `ValueError` for an option that the driver of its database does not have."""
    try:
        check_url_options(url.get_secret_value(), "the database")
    except SettingsError as error:
        raise ValueError(str(error)) from error
    return url


def _without_open_secrets(fields: dict[str, Any]) -> dict[str, Any]:  # Any: parameters of any model class
    """The fields, with texts as `SecretStr` whose names or contents say that they are secret."""
    return {name: _concealed_member(str(name), value) for name, value in fields.items()}


def _concealed_member(name: str, value: Any, secret: bool = False) -> Any:  # Any: as above
    secret = secret or secret_name(name) or name.lower().endswith("headers")
    if isinstance(value, dict):
        return {key: _concealed_member(str(key), item, secret) for key, item in value.items()}
    if isinstance(value, list):
        return [_concealed_member(name, item, secret) for item in value]
    return SecretStr(value) if isinstance(value, str) and value and (secret or url_secrets(value)) else value


_Fields = Annotated[dict[str, Any], AfterValidator(_without_open_secrets)]


class RetrySettings(_Strict):
    """The keys of a `RetryPolicy`."""

    max_retries: int = Field(default=3, ge=0)
    retry_delay: float = Field(default=1.0, ge=0)
    multiplier: float = Field(default=2.0, ge=1)
    max_delay: float = Field(default=30.0, ge=0)
    max_wait: float = Field(default=120.0, ge=0)

    def policy(self) -> RetryPolicy:
        """The value that models accept."""
        return RetryPolicy(**self.model_dump())


class TimeoutSettings(_Strict):
    """The keys of `Timeouts`: seconds, or `null` for no limit."""

    connect: float | None = Field(default=Timeouts().connect, gt=0)
    first_event: float | None = Field(default=Timeouts().first_event, gt=0)
    idle: float | None = Field(default=Timeouts().idle, gt=0)
    total: float | None = Field(default=Timeouts().total, gt=0)

    def timeouts(self) -> Timeouts:
        """The value that models accept."""
        return Timeouts(**self.model_dump())


class ModelSettings(_Strict):
    """The keys that all kinds of models have: a provider or a credential, a model, retries and timeouts."""

    provider: str | None = Field(default=None, description="Required unless a credential is named.")
    credential: str | None = Field(default=None, description="A name under `credentials`; by default the provider's.")
    model: str
    parameters: _Fields = Field(
        default_factory=dict, description="What the model class's `Parameters` has; secrets are held as `SecretStr`."
    )
    retry: RetrySettings = RetrySettings()
    timeouts: TimeoutSettings = TimeoutSettings()
    card_checks: Literal["on", "off"] = "on"


class ChatSettings(ModelSettings):
    """One chat model."""

    model_class: str | None = Field(
        default=None, description="One of the credential's chat classes, by default its first."
    )
    stream: bool = True
    formatter: Literal["chat", "multi_agent"] = "chat"
    context_size: int | None = Field(default=None, gt=0)
    on_unsupported: Literal["warn", "error"] = "warn"
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="Neutral settings of every call, such as thinking: low, which stay valid for every provider.",
    )  # Any: each setting has its own type
    extra_body: _Fields = Field(default_factory=dict, description="Fields of every request.")
    extra_headers: dict[str, SecretStr] = Field(default_factory=dict, description="Headers of every request.")

    @field_validator("settings")
    @classmethod
    def _known_settings(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            return checked_settings(value)
        except InvalidRequestError as error:
            raise ValueError(str(error)) from error


class EmbeddingSettings(ModelSettings):
    """One embedding model."""

    context_size: int | None = Field(default=None, gt=0)
    batch_size: int | None = Field(default=None, gt=0)
    concurrency: int | None = Field(default=None, gt=0, description="Requests in flight; by default the model's own.")
    cache: bool = Field(default=True, description="Whether to use the cache that is described under `cache`.")
    on_error: Literal["raise", "skip"] = Field(
        default="raise", description="Whether inputs that are refused raise an error or get no vector."
    )


class TTSSettings(ModelSettings):
    """One speech model."""

    model_class: str | None = Field(default=None, description="By default the class that the model's card names.")
    stream: bool = True


class STTSettings(ModelSettings):
    """One speech-to-text model."""

    model_class: str | None = Field(default=None, description="By default the class that the model's card names.")
    stream: bool = False


class RealtimeSettings(ModelSettings):
    """One model of voice conversations."""

    model_class: str | None = Field(default=None, description="By default the class that the model's card names.")
    reconnect: bool = Field(default=True, description="Whether a session goes on over a new connection.")


class CacheSettings(_Strict):
    """Where the hub's embedding models store vectors."""

    adapter: Literal["none", "file", "sql"] = "none"
    path: _UserPath = Field(default=Path(".cache/embeddings"), description="The folder of the file cache.")
    url: SecretStr = Field(
        default=SecretStr("sqlite+aiosqlite:///.cache/embeddings.db"), description="The database of the SQL cache."
    )
    max_entries: int | None = Field(default=None, ge=0)
    max_size_mb: float | None = Field(default=None, ge=0)
    memory_mb: float | None = Field(default=None, ge=0, description="How much of it is also kept in memory.")

    @field_validator("url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        return _with_checked_options(_in_the_users_folder(value))


class ConversationSettings(_Strict):
    """Where conversations are stored."""

    url: SecretStr | None = Field(default=None, description="The database; by default a file in the user's folder.")

    @field_validator("url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        return _with_checked_options(_in_the_users_folder(value)) if value else value


class RateLimitEntry(_Strict):
    """The most requests and tokens in any period of that many seconds."""

    requests: int | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, gt=0)
    period: float = Field(default=60.0, gt=0)


class RateLimitSettings(_Strict):
    """Rate limits of the hub: of this process, or shared with other processes through a database."""

    adapter: Literal["none", "in_process", "sql"] = "none"
    url: SecretStr | None = Field(default=None, description="The shared database, for `sql`.")
    limits: dict[str, RateLimitEntry] = Field(
        default_factory=dict,
        description="By `provider/model`, `provider` (its models together), `provider/*` or `*` (each by itself).",
    )

    @field_validator("url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        return _with_checked_options(_in_the_users_folder(value)) if value else value


class TransportSettings(_Strict):
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


class MediaSettings(_Strict):
    """Which media are loaded on behalf of an API that cannot load them itself."""

    roots: list[_UserPath] = Field(default_factory=list, description="Folders from which `file://` URLs may be read.")
    allow_private: bool = Field(default=False, description="Whether private and loopback addresses may be fetched.")
    max_bytes: int = Field(default=20 * 1024 * 1024, gt=0)


class ProviderSettings(_Strict):
    """A provider that speaks Chat Completions with differences: `docs/guides/add-a-provider.md`."""

    label: str = ""
    base_url: str | SecretStr = Field(description="A `SecretStr` where it holds a password or a key.")
    key_variable: str = ""
    key_optional: bool = Field(default=False, description="Whether the provider also answers without a key.")
    key_header: str = Field(default="authorization", description="In another header the key stands without `Bearer`.")
    headers: dict[str, str | SecretStr] = Field(default_factory=dict, description="Further headers of every request.")
    fields: Annotated[dict[str, dict[str, Any]], AfterValidator(_without_open_secrets)] = Field(
        default_factory=dict, description="Further fields of the credential."
    )
    models: str | None = Field(default=None, description="The folder of its cards, relative to the settings file.")
    profile: _Fields = Field(default_factory=dict, description="Its differences from OpenAI.")
    speech: _Fields | None = Field(default=None, description="Its differences in speech, where it speaks.")
    transcription: _Fields | None = Field(default=None, description="Likewise in speech-to-text.")

    @field_validator("headers")
    @classmethod
    def _hidden_headers(cls, values: dict[str, str | SecretStr]) -> dict[str, str | SecretStr]:
        return _without_open_secrets(values)

    @field_validator("base_url")
    @classmethod
    def _hidden(cls, value: str | SecretStr) -> str | SecretStr:
        return SecretStr(value) if isinstance(value, str) and url_secrets(value) else value


class Settings(_Strict):
    """All that a hub is built from."""

    providers: dict[str, ProviderSettings] = Field(default_factory=dict)
    credentials: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Texts that may be secret are held as `SecretStr`, so that neither `repr` nor `model_dump` shows them."""
    chat: dict[str, ChatSettings] = Field(default_factory=dict)
    embedding: dict[str, EmbeddingSettings] = Field(default_factory=dict)
    tts: dict[str, TTSSettings] = Field(default_factory=dict)
    stt: dict[str, STTSettings] = Field(default_factory=dict)
    realtime: dict[str, RealtimeSettings] = Field(default_factory=dict)
    cache: CacheSettings = CacheSettings()
    conversations: ConversationSettings = ConversationSettings()
    rate_limits: RateLimitSettings = RateLimitSettings()
    transport: TransportSettings = TransportSettings()
    media: MediaSettings = MediaSettings()
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
            name: {field: _concealed(field, given) for field, given in fields.items()} for name, fields in value.items()
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


_OPEN_FIELDS = ("id", "name", "provider", "region", "type")
_ADDRESS = re.compile(r"(^|_)(url|host|endpoint)$")


def _concealed(field: str, value: Any) -> Any:  # Any: a field of a credential, whose class is not known here
    """The value with its texts as `SecretStr`, but for what names a provider or an address without a password."""
    if isinstance(value, dict):
        return {name: _concealed(str(name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [_concealed(field, item) for item in value]
    if not isinstance(value, str) or field in _OPEN_FIELDS:
        return value
    return value if _ADDRESS.search(field) and not url_secrets(value) else SecretStr(value)


def revealed(value: Any) -> Any:  # Any: as above
    """Fields with their secrets in clear, for the class that they are for."""
    if isinstance(value, dict):
        return {name: revealed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [revealed(item) for item in value]
    return value.get_secret_value() if isinstance(value, SecretStr) else value
