"""The facade: models by name, from settings, on one shared runtime."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ..application.chat_model import ChatModelBase
from ..application.credential import CredentialBase
from ..application.embedding_model import EmbeddingModelBase
from ..domain.cards import ModelCard
from ..domain.errors import InvalidRequestError, SettingsError
from .embedding_parts import build_embedding
from .model_builder import build_chat, build_credential
from .registry import Provider, ProviderRegistry
from .settings import ChatSettings, EmbeddingSettings, Settings
from .settings_file import read_settings, settings_from_mapping

if TYPE_CHECKING:
    from .container import ModelportContainer

__all__ = ["Modelport"]

S = TypeVar("S", ChatSettings, EmbeddingSettings)


class Modelport:
    """Models by name. All of a hub's models share one connection pool per event loop; it need not be closed.

    `container` is the dependency-injector container that the hub is wired by; override its providers to put your own
    transport, clock or card source in place.
    """

    def __init__(
        self,
        settings: Settings,
        container: ModelportContainer | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.container = container or _container(settings)
        self.settings = settings
        self._environment = environment or {}
        for name, row in settings.providers.items():
            self.container.registry().register(Provider(name, **row.model_dump()))
        self._credentials: dict[str, CredentialBase] = {}
        self._chat: dict[str, ChatModelBase] = {}
        self._embedding: dict[str, EmbeddingModelBase[Any]] = {}

    @classmethod
    def from_file(cls, path: str | Path, environment: Mapping[str, str] | None = None) -> Self:
        """A hub from a YAML file; `${VARIABLE}`, and keys that the file leaves out, are taken from the environment."""
        variables = os.environ if environment is None else environment
        return cls(read_settings(Path(path), variables), environment=variables)

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Self:
        """A hub from a mapping with the keys of the YAML file."""
        variables = os.environ if environment is None else environment
        return cls(settings_from_mapping(dict(settings), variables), environment=variables)

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
            self._credentials[name] = build_credential(name, fields, self.container.registry(), self._environment)
        return self._credentials[name]

    def chat(self, name: str | None = None) -> ChatModelBase:
        """The chat model of that name under `chat`, or any model as `provider/model`.

        Without a name: the `default_chat`, else the only one there is. The same name gives the same object.
        """
        name = name or self._default("chat", self.settings.chat, self.settings.default_chat)
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

    def embedding(self, name: str | None = None) -> EmbeddingModelBase[Any]:  # Any: whatever an input may be
        """The embedding model of that name under `embedding`, or any model as `provider/model`.

        Without a name: the `default_embedding`, else the only one there is. The same name gives the same object. All
        of a hub's embedding models keep their vectors in the one cache that is described under `cache`.
        """
        name = name or self._default("embedding", self.settings.embedding, self.settings.default_embedding)
        if name not in self._embedding:
            settings = self._embedding_settings(name)
            credential = self.credential(settings.credential or settings.provider or "")
            try:
                model = build_embedding(settings, credential, self.container.embedding_cache())
            except InvalidRequestError as error:
                raise SettingsError(f"embedding.{name}: {error}") from error
            model.attach(self.container.runtime())
            self._embedding[name] = model
        return self._embedding[name]

    def cards(self) -> list[ModelCard]:
        """The chat cards of every provider there is a credential for, by provider and name."""
        return [
            card for name in sorted(self.settings.credentials) for card in type(self.credential(name)).list_models()
        ]

    def _default(self, kind: str, named: Mapping[str, Any], default: str | None) -> str:
        if default:
            return default
        if len(named) == 1:
            return next(iter(named))
        known = list(named) or "(none is configured)"
        raise SettingsError(f"which {kind} model? name one of {known}, or set default_{kind}")

    def _chat_settings(self, name: str) -> ChatSettings:
        found = self._named("chat", self.settings.chat, name)
        return found if isinstance(found, ChatSettings) else ChatSettings(provider=found[0], model=found[1])

    def _embedding_settings(self, name: str) -> EmbeddingSettings:
        found = self._named("embedding", self.settings.embedding, name)
        return found if isinstance(found, EmbeddingSettings) else EmbeddingSettings(provider=found[0], model=found[1])

    def _named(self, kind: str, named: Mapping[str, S], name: str) -> S | tuple[str, str]:
        """The settings of that name, or provider and model of a name like `provider/model`."""
        if name in named:
            settings = named[name]
            if not settings.credential and not settings.provider:
                raise SettingsError(f"{kind}.{name}: name a `provider` or a `credential`")
            return settings
        provider, slash, model = name.partition("/")
        if slash and model:
            return provider, model
        known = ", ".join(named) or "none is configured"
        raise SettingsError(f"no {kind} model is called {name!r}; there are: {known}; or write provider/model")

    async def aclose(self) -> None:
        """Close the pools of the running event loop; the hub stays usable."""
        await self.container.transport().aclose()
        await self.container.websockets().aclose()
        for driven in (self.container.embedding_cache(), self.container.rate_limiter()):
            close = getattr(driven, "aclose", None)
            if close is not None:
                await close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _container(settings: Settings) -> ModelportContainer:
    try:
        from .container import ModelportContainer
    except ImportError as error:
        raise SettingsError("a hub needs dependency-injector: pip install 'modelport[hub]'") from error
    return ModelportContainer(settings=settings)
