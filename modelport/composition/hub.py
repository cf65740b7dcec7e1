"""The facade: models by name, from settings, on one shared runtime."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ..application.chat.model import ChatModelBase
from ..application.embedding.model import EmbeddingModelBase
from ..application.model.base import ModelBase
from ..application.model.credential import CredentialBase
from ..application.speech.model import TTSModelBase
from ..domain.card.cards import ModelCard
from ..domain.errors import SettingsError
from .builders import build_chat, build_credential, build_embedding, build_tts
from .named_models import NamedModels
from .registry import Provider, ProviderRegistry
from .settings import ChatSettings, EmbeddingSettings, ModelSettings, Settings, TTSSettings
from .settings_file import read_settings, settings_from_mapping

if TYPE_CHECKING:
    from .container import ModelportContainer

__all__ = ["Modelport"]

M = TypeVar("M", bound=ModelBase)


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
        source = settings.source
        self._chat = NamedModels("chat", ChatSettings, settings.chat, settings.default_chat, self._new_chat, source)
        self._embedding = NamedModels(
            "embedding", EmbeddingSettings, settings.embedding, settings.default_embedding, self._new_embedding, source
        )
        self._tts = NamedModels("tts", TTSSettings, settings.tts, settings.default_tts, self._new_tts, source)

    @classmethod
    def from_file(cls, path: str | Path, environment: Mapping[str, str] | None = None) -> Self:
        """A hub from a YAML file; `${VARIABLE}`, and keys that the file leaves out, are taken from the environment."""
        variables = os.environ if environment is None else environment
        return cls(read_settings(Path(path), variables), environment=variables)

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Self:
        """A hub from a mapping with the keys of the YAML file."""
        variables = os.environ if environment is None else environment
        return cls(settings_from_mapping(settings, variables), environment=variables)

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
        try:
            return self._credential(name)
        except SettingsError as error:
            place = f"{self.settings.source}: " if self.settings.source else ""
            raise SettingsError(f"{place}{error}") from error

    def _credential(self, name: str) -> CredentialBase:
        if name not in self._credentials:
            fields = self.settings.credentials.get(name)
            self._credentials[name] = build_credential(name, fields, self.container.registry(), self._environment)
        return self._credentials[name]

    def chat(self, name: str | None = None) -> ChatModelBase:
        """The chat model of that name under `chat`, or any model as `provider/model`.

        Without a name: the `default_chat`, else the only one there is. The same name gives the same object.
        """
        return self._chat.get(name)

    def embedding(self, name: str | None = None) -> EmbeddingModelBase[Any]:  # Any: whatever an input may be
        """The embedding model of that name under `embedding`, or any model as `provider/model`.

        Without a name: the `default_embedding`, else the only one there is. The same name gives the same object. All
        of a hub's embedding models keep their vectors in the one cache that is described under `cache`.
        """
        return self._embedding.get(name)

    def tts(self, name: str | None = None) -> TTSModelBase:
        """The speech model of that name under `tts`, or any model as `provider/model`.

        Without a name: the `default_tts`, else the only one there is. The same name gives the same object. Of a
        credential with several speech classes, `model_class` names one; by default it is the one the model's card is
        for.
        """
        return self._tts.get(name)

    def cards(self) -> list[ModelCard]:
        """The chat cards of every provider there is a credential for, by provider and name."""
        return [
            card for name in sorted(self.settings.credentials) for card in type(self.credential(name)).list_models()
        ]

    def _new_chat(self, settings: ChatSettings) -> ChatModelBase:
        return self._attached(build_chat(settings, self._credential_for(settings)))

    def _new_embedding(self, settings: EmbeddingSettings) -> EmbeddingModelBase[Any]:  # Any: an input's type
        cache = self.container.embedding_cache()
        return self._attached(build_embedding(settings, self._credential_for(settings), cache))

    def _new_tts(self, settings: TTSSettings) -> TTSModelBase:
        return self._attached(build_tts(settings, self._credential_for(settings), self.container.cards()))

    def _credential_for(self, settings: ModelSettings) -> CredentialBase:
        name, known = settings.credential, self.settings.credentials
        if name and name not in known and name not in self.container.registry().names():
            there = ", ".join(known) or "none is configured"
            raise SettingsError(f"no credential is called {name!r}; there are: {there}")
        return self._credential(name or settings.provider or "")

    def _attached(self, model: M) -> M:
        model.attach(self.container.runtime())
        return model

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
