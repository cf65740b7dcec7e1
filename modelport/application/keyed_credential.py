"""Credentials with a key and a base URL: what nearly every provider asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from ..domain.errors import AuthenticationError
from .codec import Endpoint
from .credential import CredentialBase

__all__ = ["KeyedCredential", "checked_base_url"]


def checked_base_url(value: str) -> str:
    """The URL without a trailing slash; raises `ValueError` unless it is an http(s) URL."""
    text = value.strip().rstrip("/")
    if not text.startswith(("http://", "https://")):
        raise ValueError("this is not a URL; write it with its scheme, e.g. https://host/v1")  # it may be a key
    return text


class KeyedCredential(CredentialBase):
    """An API key sent as a bearer token to a base URL."""

    key_variable: ClassVar[str] = ""
    """The environment variable that people keep this key in; named in errors, never read here."""

    api_key: SecretStr = Field(title="API key", json_schema_extra={"writeOnly": True})
    base_url: str

    @field_validator("base_url")
    @classmethod
    def _url(cls, value: str) -> str:
        return checked_base_url(value)

    def endpoint(self, extra: Mapping[str, str] | None = None) -> Endpoint:
        """Where requests go, with the key. Raises `AuthenticationError` when there is none."""
        return Endpoint(self.base_url, {**self.auth_headers(), **(extra or {})})

    def auth_headers(self) -> dict[str, str]:
        """The headers that identify the caller."""
        return {"authorization": f"Bearer {self.secret()}"}

    def secret(self) -> str:
        """The key itself, checked for what breaks a header."""
        key = self.api_key.get_secret_value().strip()
        if not key:
            hint = f" (usually kept in {self.key_variable})" if self.key_variable else ""
            raise AuthenticationError(
                f"no API key; give {type(self).__name__}(api_key=…){hint}", provider=self.provider_name()
            )
        if not key.isascii() or not key.isprintable() or " " in key:
            raise AuthenticationError(
                "the API key holds spaces, control or non-ASCII characters; copy it again",
                provider=self.provider_name(),
            )
        return key

    def __repr_args__(self) -> Any:  # Any: pydantic's own
        return [(name, value) for name, value in super().__repr_args__() if name != "id"]
