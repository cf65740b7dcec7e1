"""Credentials of the providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.ollama.credential import OllamaCredential
    from .adapters.openai.credential import OpenAICredential
    from .application.credential import CredentialBase

__all__ = ["CredentialBase", "OllamaCredential", "OpenAICredential"]

__getattr__ = lazy_exports(
    __name__,
    {
        "CredentialBase": "application.credential",
        "OllamaCredential": "adapters.ollama.credential",
        "OpenAICredential": "adapters.openai.credential",
    },
)
