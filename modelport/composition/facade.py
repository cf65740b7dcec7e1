"""The facade: models by name, from settings, on one shared runtime."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..application.chat_model import ChatModelBase
from ..application.credential import CredentialBase
from ..domain.cards import ModelCard
from ..domain.errors import InvalidRequestError, SettingsError
from .container import ModelportContainer
from .model_builder import build_chat, build_credential
from .registry import ProviderRegistry
from .settings import ChatSettings, Settings
from .settings_file import read_settings, settings_from_mapping

__all__ = ["Modelport"]


class Modelport:
    """Models by name. All of a hub's models share one connection pool per event loop; it need not be closed.

    `container` is the dependency-injector container that the hub is wired by; override its providers to put your own
    transport, clock or card source in place.
    """

    def __init__(self, settings: Settings, container: ModelportContainer | None = None) -> None:
        try:
            self.container = container or ModelportContainer(settings=settings)
        except ImportError as error:  # pragma: no cover - dependency-injector is an extra
            raise SettingsError("the hub needs an extra: pip install 'modelport[hub]'") from error
        self.settings = settings
        self._credentials: dict[str, CredentialBase] = {}
        self._chat: dict[str, ChatModelBase] = {}

    @classmethod
    def from_file(cls, path: str | Path, environment: Mapping[str, str] | None = None) -> Self:
        """A hub from a YAML file; `${VARIABLE}` is taken from the environment."""
        return cls(read_settings(Path(path), os.environ if environment is None else environment))

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Self:
        """A hub from a mapping with the keys of the YAML file."""
        return cls(settings_from_mapping(dict(settings), os.environ if environment is None else environment))

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Self:
        """A hub with a credential for every provider whose usual variable is set; models by `provider/model`."""
        variables = os.environ if environment is None else environment
        registry = ProviderRegistry()
        providers = (registry.get(name) for name in registry.names())
        found = {
            provider.name: {"provider": provider.name, provider.key_field: variables[provider.key_variable]}
            for provider in providers
            if provider.key_variable and variables.get(provider.key_variable)
        }
        return cls(Settings(credentials=found))

    @property
    def credentials(self) -> dict[str, CredentialBase]:
        """The credentials by name, each checked."""
        return {name: self.credential(name) for name in self.settings.credentials}

    def credential(self, name: str) -> CredentialBase:
        """One credential by its name in the settings, or a provider's default one."""
        if name not in self._credentials:
            fields = self.settings.credentials.get(name)
            self._credentials[name] = build_credential(name, fields, self.container.registry())
        return self._credentials[name]

    def chat(self, name: str | None = None) -> ChatModelBase:
        """The chat model of that name under `chat`, or any model as `provider/model`.

        Without a name: the `default_chat`, else the only one there is. The same name gives the same object.
        """
        name = name or self._default_chat()
        if name not in self._chat:
            settings = self._chat_settings(name)
            credential = self.credential(settings.credential or settings.provider or "")
            try:
                model = build_chat(settings, credential)
            except InvalidRequestError as error:
                raise SettingsError(f"chat.{name}: {error}") from error
            model.attach(self.container.runtime())
            self._chat[name] = model
        return self._chat[name]

    def cards(self) -> list[ModelCard]:
        """The chat cards of every provider there is a credential for, by provider and name."""
        return [
            card for name in sorted(self.settings.credentials) for card in type(self.credential(name)).list_models()
        ]

    def _default_chat(self) -> str:
        names = list(self.settings.chat)
        if self.settings.default_chat:
            return self.settings.default_chat
        if len(names) == 1:
            return names[0]
        raise SettingsError(f"which chat model? name one of {names or '(none is configured)'}, or set default_chat")

    def _chat_settings(self, name: str) -> ChatSettings:
        if name in self.settings.chat:
            settings = self.settings.chat[name]
            if not settings.credential and not settings.provider:
                raise SettingsError(f"chat.{name}: name a `provider` or a `credential`")
            return settings
        provider, slash, model = name.partition("/")
        if slash and model:
            return ChatSettings(provider=provider, model=model)
        known = ", ".join(self.settings.chat) or "none is configured"
        raise SettingsError(f"no chat model is called {name!r}; there are: {known}; or write provider/model")

    async def aclose(self) -> None:
        """Close the pool of the running event loop; the hub stays usable."""
        await self.container.transport().aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
