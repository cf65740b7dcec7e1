"""The keys that the models of a settings file have, and how secrets among the keys are held."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, field_validator

from ..domain.chat.settings import checked_settings
from ..domain.deferred import Deferred
from ..domain.errors import InvalidRequestError
from ..domain.retry import RetryPolicy, Timeouts
from ..domain.secrets import secret_name, url_secrets

__all__ = [
    "ChatSettings",
    "EmbeddingSettings",
    "FreeFields",
    "ModelSettings",
    "RealtimeSettings",
    "RetrySettings",
    "STTSettings",
    "StrictSettings",
    "TTSSettings",
    "TimeoutSettings",
    "concealed",
    "revealed",
    "without_open_secrets",
]


class StrictSettings(Deferred):
    """Keys that are not declared are an error, and errors do not show values."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), hide_input_in_errors=True)


def without_open_secrets(fields: dict[str, Any]) -> dict[str, Any]:  # Any: parameters of any model class
    """The fields, with texts as `SecretStr` whose names or contents say that they are secret."""
    return {name: _concealed_member(str(name), value) for name, value in fields.items()}


def _concealed_member(name: str, value: Any, secret: bool = False) -> Any:  # Any: as above
    secret = secret or secret_name(name) or name.lower().endswith("headers")
    if isinstance(value, dict):
        return {key: _concealed_member(str(key), item, secret) for key, item in value.items()}
    if isinstance(value, list):
        return [_concealed_member(name, item, secret) for item in value]
    return SecretStr(value) if isinstance(value, str) and value and (secret or url_secrets(value)) else value


FreeFields = Annotated[dict[str, Any], AfterValidator(without_open_secrets)]


class RetrySettings(StrictSettings):
    """The keys of a `RetryPolicy`."""

    max_retries: int = Field(default=3, ge=0, description="The most requests after the first.")
    retry_delay: float = Field(default=1.0, ge=0, description="The most seconds before the second request.")
    multiplier: float = Field(default=2.0, ge=1, description="By how much that grows with each request.")
    max_delay: float = Field(default=30.0, ge=0, description="Seconds that it never exceeds.")
    max_wait: float = Field(
        default=120.0, ge=0, description="A server that asks for a longer wait, in seconds, is not asked again."
    )

    def policy(self) -> RetryPolicy:
        """The value that models accept."""
        return RetryPolicy(**self.model_dump())


class TimeoutSettings(StrictSettings):
    """The keys of `Timeouts`: seconds, or `null` for no limit."""

    connect: float | None = Field(default=Timeouts().connect, gt=0, description="Until the connection stands.")
    first_event: float | None = Field(
        default=Timeouts().first_event, gt=0, description="From the request to the first content."
    )
    idle: float | None = Field(default=Timeouts().idle, gt=0, description="Between two pieces, keep-alives included.")
    total: float | None = Field(default=Timeouts().total, gt=0, description="The whole call with its retries.")

    def timeouts(self) -> Timeouts:
        """The value that models accept."""
        return Timeouts(**self.model_dump())


class ModelSettings(StrictSettings):
    """The keys that all kinds of models have: a provider or a credential, a model, retries and timeouts."""

    provider: str | None = Field(default=None, description="Required unless a credential is named.")
    credential: str | None = Field(default=None, description="A name under `credentials`; by default the provider's.")
    model: str = Field(description="Its name at the provider.")
    parameters: FreeFields = Field(
        default_factory=dict, description="What the model class's `Parameters` has; secrets are held as `SecretStr`."
    )
    retry: RetrySettings = Field(default=RetrySettings(), description="How often a failed call is retried, and when.")
    timeouts: TimeoutSettings = Field(default=TimeoutSettings(), description="Seconds that a call may take.")
    card_checks: Literal["on", "off"] = Field(
        default="on", description="Whether parameters are checked against the model's card before a request."
    )
    on_unsupported: Literal["warn", "error"] = Field(
        default="warn", description="Whether what the model does not support is left out with a warning or refused."
    )


class ChatSettings(ModelSettings):
    """One chat model."""

    model_class: str | None = Field(
        default=None, description="One of the credential's chat classes, by default its first."
    )
    stream: bool = Field(default=True, description="Whether a call gives a stream.")
    formatter: Literal["chat", "multi_agent"] = Field(
        default="chat", description="For one user and one assistant, or for several named speakers."
    )
    context_size: int | None = Field(default=None, gt=0, description="In tokens; by default the card's.")
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="Neutral settings of every call, such as thinking: low, which stay valid for every provider.",
    )  # Any: each setting has its own type
    extra_body: FreeFields = Field(default_factory=dict, description="Fields of every request.")
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

    context_size: int | None = Field(default=None, gt=0, description="Tokens of one input; by default the card's.")
    batch_size: int | None = Field(default=None, gt=0, description="Inputs in one request; by default the card's.")
    concurrency: int | None = Field(default=None, gt=0, description="Requests in flight; by default the model's own.")
    cache: bool = Field(default=True, description="Whether to use the cache that is described under `cache`.")
    on_error: Literal["raise", "skip"] = Field(
        default="raise", description="Whether inputs that are refused raise an error or get no vector."
    )


class TTSSettings(ModelSettings):
    """One speech model."""

    model_class: str | None = Field(default=None, description="By default the class that the model's card names.")
    stream: bool = Field(default=True, description="Whether a call gives the sound in pieces.")


class STTSettings(ModelSettings):
    """One speech-to-text model."""

    model_class: str | None = Field(default=None, description="By default the class that the model's card names.")
    stream: bool = Field(default=False, description="Whether a call gives the text in pieces.")


class RealtimeSettings(ModelSettings):
    """One model of voice conversations."""

    model_class: str | None = Field(default=None, description="By default the class that the model's card names.")
    reconnect: bool = Field(default=True, description="Whether a session goes on over a new connection.")


_OPEN_FIELDS = ("id", "name", "provider", "region", "type")
_ADDRESS = re.compile(r"(^|_)(url|host|endpoint)$")


def concealed(field: str, value: Any) -> Any:  # Any: a field of a credential, whose class is not known here
    """The value with its texts as `SecretStr`, but for what names a provider or an address without a password."""
    if isinstance(value, dict):
        return {name: concealed(str(name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [concealed(field, item) for item in value]
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
