"""Ollama's credential: a host, and a key for the cloud."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Type
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, SecretStr, field_validator

from ...application.model.credential import CredentialBase, Service, checked_key
from ...domain.urls import belongs_to, checked_url, with_path
from ...ports.codec.base import Endpoint

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase
    from ...application.embedding.model import EmbeddingModelBase

__all__ = ["OllamaCredential", "normal_host"]

_DEFAULT_PORT = 11434
_CLOUD = "ollama.com"


def normal_host(value: str) -> str:
    """A base URL from what people write into `OLLAMA_HOST`.

    Facts: docs/protocols/ollama.md#endpoints.

    A missing scheme is http, a missing port of an http host is 11434, a missing host and the address 0.0.0.0 mean this
    machine. An IPv6 address needs no brackets, and `ollama.com` alone is the cloud. Raises `ValueError` for the rest.
    """
    text = value.strip().strip("\"'")
    if "://" not in text:
        text = _with_scheme(text)
    text = re.sub(r"://(?=:\d+(/|\Z))", "://127.0.0.1", text)
    try:
        text = with_path(checked_url(text), lambda path: path.removesuffix("/v1").removesuffix("/api"))
    except ValueError as error:
        raise ValueError(f"expected a host like http://localhost:11434; {error}") from None
    parts = urlsplit(text)
    name = parts.hostname or ""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)  # noqa: S104
    host = f"[{host}]" if ":" in host else host
    port = parts.port or (_DEFAULT_PORT if parts.scheme == "http" else None)
    login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    return parts._replace(netloc=f"{login}{host}{f':{port}' if port else ''}").geturl()


def _with_scheme(text: str) -> str:
    if text.lower() == _CLOUD:
        return f"https://{text}"
    try:
        bare = ip_address(text).version == 6
    except ValueError:
        bare = False
    return f"http://[{text}]" if bare else f"http://{text}"


class OllamaCredential(CredentialBase):
    """Where Ollama runs; the key is for ollama.com and goes to no other host."""

    model_config = ConfigDict(title="Ollama")
    provider: ClassVar[str] = "ollama"
    endpoint_of_fields: ClassVar[bool] = True

    type: Literal["ollama_credential"] = "ollama_credential"
    host: str = Field(
        default="http://localhost:11434", title="Host", description="Where Ollama runs: a URL, or a host with its port."
    )
    api_key: SecretStr | None = Field(
        default=None,
        title="API key",
        description="The key of ollama.com; a server of your own needs none.",
        json_schema_extra={"writeOnly": True},
    )

    if TYPE_CHECKING:  # a key may be given as a text, which pydantic makes a secret

        def __init__(
            self,
            *,
            host: str = ...,
            api_key: str | SecretStr | None = ...,
            id: str = ...,
            name: str = ...,
            type: str = ...,
        ) -> None: ...

    @field_validator("host")
    @classmethod
    def _host(cls, value: str) -> str:
        return normal_host(value)

    def endpoint(self, service: Service = "chat") -> Endpoint:
        """The host, with the key only for the cloud."""
        cloud = belongs_to(self.host, _CLOUD)
        if self.api_key is None or not cloud:
            return Endpoint(self.host)
        key = checked_key(self.api_key, self.provider_name())
        return Endpoint(self.host, {"authorization": f"Bearer {key}"} if key else {})

    @property
    def custom_url(self) -> str | None:
        """The host, unless it is the usual one on this machine."""
        return None if self.host == type(self).model_fields["host"].default else self.host

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        """The native chat API."""
        from .chat import OllamaChatModel

        return OllamaChatModel

    @classmethod
    def get_embedding_model_class(cls) -> Type[EmbeddingModelBase[Any]]:
        """Embeddings."""
        from .embedding import OllamaEmbeddingModel

        return OllamaEmbeddingModel
