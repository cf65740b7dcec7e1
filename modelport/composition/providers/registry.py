"""The registry of providers: those of this package, and those that other packages declare by entry point."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...domain.errors import SettingsError

if TYPE_CHECKING:
    from ...application.model.credential import CredentialBase

__all__ = ["ENTRY_POINT_GROUP", "Provider", "ProviderRegistry"]

ENTRY_POINT_GROUP = "modelport.providers"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: its name and its credential, which names the model classes.

    Attributes:
        credential: the class, or where to import it from (`package.module:Class`), so that naming a provider imports
            nothing; `None` for a provider that is only a profile.
        key_variable: the environment variable that usually holds its key; empty when it needs none.
        key_field: the credential's field for it.
        key_optional: whether the provider also answers without a key, for example a server without accounts.
        key_header: the header of the key; in another one than `authorization` it stands alone, without `Bearer`.
        headers: further headers of every request.
        fields: further fields of the credential, as `docs/guides/add-a-provider.md` describes them (Any: plain data).
        label, base_url, profile: of a provider that speaks Chat Completions with differences: its name to show, its
            URL, and the differences from OpenAI as the same page lists them (Any: plain data).
        speech, transcription: how it speaks by `/audio/speech` and writes down speech by `/audio/transcriptions`, where
            it does (Any: plain data).
        models: the folder of its cards, as a path or as `package:folder`.
        cassettes: the folder of its cassettes, in the same form, for `modelport contract`.
    """

    name: str
    credential: type[CredentialBase] | str | None = None
    key_variable: str = ""
    key_field: str = "api_key"
    label: str = ""
    base_url: str = field(default="", repr=False)
    profile: Mapping[str, Any] = field(default_factory=dict, hash=False)
    key_optional: bool = False
    key_header: str = "authorization"
    headers: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)
    speech: Mapping[str, Any] | None = field(default=None, hash=False)
    transcription: Mapping[str, Any] | None = field(default=None, hash=False)
    models: str | Path | None = None
    cassettes: str | Path | None = None

    @property
    def needs_key(self) -> bool:
        """Whether the provider refuses requests without a key."""
        return bool(self.key_variable) and self.key_field == "api_key" and not self.key_optional

    def credential_class(self) -> type[CredentialBase]:
        """The credential's class; that of a profile is made from it."""
        if self.credential is None:
            return self._profile_credential()
        if not isinstance(self.credential, str):
            return self.credential
        module, _, name = self.credential.partition(":")
        found: type[CredentialBase] = getattr(importlib.import_module(module), name)
        return found

    def _profile_credential(self) -> type[CredentialBase]:
        from .profile import profile_credential
        from .profile_value import ProviderProfile

        return profile_credential(
            ProviderProfile(
                name=self.name,
                label=self.label,
                base_url=self.base_url,
                key_variable=self.key_variable,
                key_header=self.key_header.lower(),
                key_optional=self.key_optional,
                models=self.models,
                headers=dict(self.headers),
                fields=dict(self.fields),
                profile=dict(self.profile),
                speech=None if self.speech is None else dict(self.speech),
                transcription=None if self.transcription is None else dict(self.transcription),
            )
        )

    def credential_type(self) -> str:
        """The `type` of its credentials; the class of a provider that is only data is not made for it."""
        if self.credential is None:
            return f"{self.name}_credential"
        return str(self.credential_class().model_fields["type"].default)


def _ours(name: str, cls: str, variable: str, field: str = "api_key") -> Provider:
    return Provider(name, f"modelport.adapters.{name}.credential:{cls}", variable, field)


_OURS = (
    _ours("openai", "OpenAICredential", "OPENAI_API_KEY"),
    _ours("anthropic", "AnthropicCredential", "ANTHROPIC_API_KEY"),
    _ours("gemini", "GeminiCredential", "GEMINI_API_KEY"),
    _ours("dashscope", "DashScopeCredential", "DASHSCOPE_API_KEY"),
    _ours("deepseek", "DeepSeekCredential", "DEEPSEEK_API_KEY"),
    _ours("moonshot", "MoonshotCredential", "MOONSHOT_API_KEY"),
    _ours("xai", "XAICredential", "XAI_API_KEY"),
    _ours("minimax", "MiniMaxCredential", "MINIMAX_API_KEY"),
    _ours("volcengine", "VolcengineCredential", "ARK_API_KEY"),
    _ours("ollama", "OllamaCredential", "OLLAMA_HOST", "host"),
    _ours("embedded", "EmbeddedCredential", ""),
)


class ProviderRegistry:
    """Looks providers up by name; entry points are read once, at the first lookup that needs them."""

    def __init__(self, providers: tuple[Provider, ...] | None = None) -> None:
        self._reads_profiles = providers is None
        """Whether the providers of this package that are only data belong to it."""
        self._providers = {provider.name: provider for provider in (_OURS if providers is None else providers)}
        self._registered: set[str] = set()
        self._foreign_read = False
        self._broken: dict[str, SettingsError] = {}

    def register(self, provider: Provider) -> None:
        """Add a provider, or replace the one of that name."""
        self._providers[provider.name] = provider
        self._registered.add(provider.name)

    def get(self, name: str) -> Provider:
        """The provider of that name; `SettingsError` lists the known ones."""
        if name not in self._providers:
            self._read_profile(name)
        if name not in self._providers:
            self._read_entry_points()
        if name not in self._providers:
            if name in self._broken:
                raise self._broken[name]
            raise SettingsError(f"unknown provider {name!r}; there are {', '.join(self.names())}")
        return self._providers[name]

    def names(self) -> list[str]:
        """All names, sorted."""
        self._read_entry_points()
        return sorted({*self._providers, *self._profile_names()})

    def built_in(self) -> list[str]:
        """The names of the providers of this package that were not replaced, sorted."""
        ours = {provider.name: provider for provider in _OURS}
        kept = [name for name, provider in ours.items() if self._providers.get(name) is provider]
        return sorted([*kept, *(name for name in self._profile_names() if name not in self._registered)])

    def by_credential_type(self, type_name: str) -> Provider | None:
        """The provider whose credential has this `type`."""
        for name in self.names():
            if self.get(name).credential_type() == type_name:
                return self.get(name)
        return None

    def _profile_names(self) -> tuple[str, ...]:
        if not self._reads_profiles:
            return ()
        from .profiles import profile_names

        return profile_names()

    def _read_profile(self, name: str) -> None:
        """Read a provider that is only data; each is read when it is first asked for."""
        if name in self._profile_names():
            from .profiles import profile_fields

            self._providers[name] = Provider(name, **profile_fields(name))

    def _read_entry_points(self) -> None:
        if self._foreign_read:
            return
        self._foreign_read = True
        for point in entry_points(group=ENTRY_POINT_GROUP):
            try:
                provider = _loaded(point)
            except SettingsError as error:
                self._broken[point.name] = error  # raised when it is asked for; the others work
            else:
                if provider.name not in self._profile_names():
                    self._providers.setdefault(provider.name, provider)


def _loaded(point: EntryPoint) -> Provider:
    """The provider of an entry point; any exception of the other package becomes a `SettingsError`."""
    try:
        provider = point.load()
        provider = provider() if callable(provider) and not isinstance(provider, Provider) else provider
    except Exception as error:
        raise SettingsError(f"provider {point.name!r}: {point.value} cannot be loaded: {error}") from error
    if not isinstance(provider, Provider):
        found = type(provider).__name__
        raise SettingsError(f"provider {point.name!r}: expected {point.value} to be a modelport Provider, got {found}")
    return provider
