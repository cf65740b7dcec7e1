"""The hub: models by name, from settings, on one shared runtime."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ..domain.errors import SettingsError
from .plain_graph import PlainGraph
from .settings import Settings
from .settings_file import Variables, read_settings, settings_from_mapping

if TYPE_CHECKING:
    from ..application.chat.model import ChatModelBase
    from ..application.embedding.model import EmbeddingModelBase
    from ..application.model.credential import CredentialBase
    from ..application.realtime.model import RealtimeModelBase
    from ..application.speech.model import TTSModelBase
    from ..application.transcription.model import STTModelBase
    from ..domain.card.cards import CardKind, ModelCard
    from ..ports.cards import CardSource
    from ..ports.conversations import ConversationStore
    from .container import ModelportContainer
    from .providers.catalogue import CatalogueEntry
    from .providers.registry import ProviderRegistry

__all__ = ["Modelport"]

T = TypeVar("T")


class Modelport:
    """Models by name. All of a hub's models share one connection pool per event loop; it need not be closed.

    Args:
        settings: what to build models from.
        container: the dependency-injector container that wires the hub. Override its providers to put your own
            transport, clock or card source in place (`docs/guides/container.md`). A container that has settings of its
            own needs no `settings`; `SettingsError` if the two differ. Without one the hub is wired in plain Python.
        environment: where keys are looked up that the settings leave out; by default the container's, else nowhere.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        container: ModelportContainer | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._lock = RLock()
        self._container = container
        self._graph = PlainGraph(
            settings or Settings(), {} if environment is None else environment, self._find_credential
        )
        if container is None:
            return
        if settings is not None:
            self._give_settings(container, settings)
        if environment is not None:
            container.environment.override(environment)

    @property
    def container(self) -> ModelportContainer:
        """The container that wires the hub; one that is made here goes on with what the hub has built so far.

        It needs the extra `hub`; `SettingsError` without it.
        """
        with self._lock:
            if self._container is None:
                container = _new_container()
                self._graph.give_to(container)
                self._container = container
            return self._container

    def _got(self, plainly: Callable[[PlainGraph], T], wired: Callable[[ModelportContainer], T]) -> T:
        """What the container gives, once there is one, else what is built in plain Python."""
        if self._container is None:
            with self._lock:  # no container is made, and nothing is built twice, meanwhile
                if self._container is None:
                    return plainly(self._graph)
        return wired(self._container)

    def _part(self, node: str) -> Any:  # Any: each node has a type of its own
        return self._got(lambda graph: graph.get(node), lambda container: getattr(container, node)())

    def _model(self, kind: str, name: str | None) -> Any:  # Any: a model of the kind
        return self._got(lambda graph: graph.models(kind).get(name), lambda container: getattr(container, kind)(name))

    def _find_credential(self, name: str | None = None, /, *, provider: str | None = None) -> CredentialBase:
        return self._got(
            lambda graph: graph.credential(name, provider=provider),
            lambda container: container.credential(name, provider=provider),
        )

    def __repr__(self) -> str:
        """One line: the names of the models, and of the credentials."""
        settings = self.settings
        kinds = {kind: sorted(getattr(settings, kind)) for kind in ("chat", "embedding", "tts", "stt", "realtime")}
        parts = [f"{kind}={names}" for kind, names in kinds.items() if names]
        return f"Modelport({', '.join([*parts, f'credentials={sorted(settings.credentials)}'])})"

    def _give_settings(self, container: ModelportContainer, settings: Settings) -> None:
        provider = container.settings
        if not provider.overridden:
            provider.override(settings)
        elif provider() is not settings and provider().model_dump() != settings.model_dump():
            raise SettingsError(
                "the hub's settings differ from its container's; give them to one of the two: either "
                "Modelport(settings, container) with a container without settings, or Modelport(container=container)"
            )

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        environment: Mapping[str, str] | None = None,
        container: ModelportContainer | None = None,
    ) -> Self:
        """A hub from a YAML file; `${VARIABLE}`, and keys that the file leaves out, are taken from the environment."""
        variables = _variables(environment, container)
        del environment  # an error must not hold the keys in it
        return cls(read_settings(Path(path), variables), container, variables)

    @classmethod
    def from_mapping(
        cls,
        settings: Mapping[str, Any],  # Any: what a YAML file may hold
        environment: Mapping[str, str] | None = None,
        container: ModelportContainer | None = None,
    ) -> Self:
        """A hub from a mapping with the keys of the YAML file."""
        variables = _variables(environment, container)
        try:
            return cls(settings_from_mapping(settings, variables), container, variables)
        finally:
            del settings, environment  # an error must not hold the keys in them

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Self:
        """A hub with a credential for every provider whose usual variable is set; models by `provider/model`."""
        return cls(_from_variables(os.environ if environment is None else environment))

    @property
    def settings(self) -> Settings:
        """What the hub is built from."""
        found: Settings = self._part("settings")
        return found

    @property
    def environment(self) -> Mapping[str, str]:
        """Where keys are looked up that the settings leave out."""
        found: Mapping[str, str] = self._part("environment")
        return found

    @property
    def registry(self) -> ProviderRegistry:
        """The providers by name, also those that are not configured."""
        found: ProviderRegistry = self._part("registry")
        return found

    @property
    def credentials(self) -> dict[str, CredentialBase]:
        """The credentials by name, each checked."""
        return {name: self.credential(name) for name in self.settings.credentials}

    def credential(self, name: str) -> CredentialBase:
        """One credential by its name in the settings, or a provider's default one."""
        try:
            return self._find_credential(name)
        except SettingsError as error:
            place = self.settings.file_and_line("credentials", name)
            raise SettingsError(f"{place}{error}") from error

    def chat(self, name: str | None = None) -> ChatModelBase:
        """The chat model of that name under `chat`, or any model as `provider/model`.

        Without a name: the `default_chat`, else the only one there is. The same name gives the same object.
        """
        found: ChatModelBase = self._model("chat", name)
        return found

    def embedding(self, name: str | None = None) -> EmbeddingModelBase[Any]:  # Any: whatever an input may be
        """The embedding model of that name under `embedding`, or any model as `provider/model`.

        Without a name: the `default_embedding`, else the only one there is. The same name gives the same object. All
        of a hub's embedding models keep their vectors in the one cache that is described under `cache`.
        """
        found: EmbeddingModelBase[Any] = self._model("embedding", name)
        return found

    def tts(self, name: str | None = None) -> TTSModelBase:
        """The speech model of that name under `tts`, or any model as `provider/model`.

        Without a name: the `default_tts`, else the only one there is. The same name gives the same object. Of a
        credential with several speech classes, `model_class` names one; by default it is the one the model's card is
        for.
        """
        found: TTSModelBase = self._model("tts", name)
        return found

    def stt(self, name: str | None = None) -> STTModelBase:
        """The speech-to-text model of that name under `stt`, or any model as `provider/model`.

        Without a name: the `default_stt`, else the only one there is. The same name gives the same object.
        """
        found: STTModelBase = self._model("stt", name)
        return found

    def realtime(self, name: str | None = None) -> RealtimeModelBase:
        """The model for voice conversations of that name under `realtime`, or any model as `provider/model`.

        Without a name: the `default_realtime`, else the only one there is. The same name gives the same object.
        """
        found: RealtimeModelBase = self._model("realtime", name)
        return found

    @property
    def conversations(self) -> ConversationStore:
        """The store of conversations under `conversations`, by default in the user's data folder."""
        found: ConversationStore = self._part("conversation_store")
        return found

    def cards(self) -> list[ModelCard]:
        """The chat cards of every provider there is a credential for, by provider and name."""
        from .providers.catalogue import chat_cards

        source, names = self._cards(), sorted(self.settings.credentials)
        return [card for name in names for card in chat_cards(type(self.credential(name)), source)]

    def catalogue(self, kind: CardKind | None = None) -> list[CatalogueEntry]:
        """Every model of every provider with its card, by provider, kind and name, and whether it is configured here.

        A model of this process or of a server without keys counts as configured.

        `kind` is `chat`, `embedding`, `tts`, `stt` or `realtime`; by default all of them.
        """
        from .providers.catalogue import catalogue

        registry, credentials = self.registry, self.settings.credentials
        given = {*credentials, *(str(fields.get("provider", name)) for name, fields in credentials.items())}
        providers = map(registry.get, registry.names())
        ready = {
            p.name for p in providers if not p.needs_key or p.name in given or self.environment.get(p.key_variable)
        }
        entries = catalogue(registry, self._cards(), kind=kind)
        return [replace(entry, configured=entry.provider in ready) for entry in entries]

    def __reduce_ex__(self, protocol: Any, /) -> Any:  # Any: as `object` declares them
        """A hub is not copied: its settings are, and another hub is built from them."""
        raise TypeError(
            "a Modelport hub cannot be pickled or deep-copied, because it holds connections and locks of this process; "
            "give its settings or their file to the other place, and build a hub there"
        )

    def __copy__(self) -> Self:
        return self

    async def aclose(self) -> None:
        """Close the pools of the running event loop; the hub stays usable."""
        for part in self._got(_closable, _closable_of_container):
            close = getattr(part, "aclose", None)
            if close is not None:
                await close()

    def _cards(self) -> CardSource:
        found: CardSource = self._part("cards")
        return found

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _closable(graph: PlainGraph) -> list[object]:
    """What a hub closes; nothing is built only to be closed."""
    names = ("transport", "websockets", "embedding_cache", "rate_limiter", "conversation_store")
    return [graph.built(name) for name in names]


def _closable_of_container(container: ModelportContainer) -> list[object]:
    parts = (container.transport, container.websockets, container.embedding_cache, container.rate_limiter)
    return [*(part() for part in parts), getattr(container.conversation_store, "built", None)]


def _from_variables(variables: Mapping[str, str]) -> Settings:
    from .providers.registry import ProviderRegistry

    registry = ProviderRegistry()
    providers = (registry.get(name) for name in registry.names())
    found = {
        provider.name: {"provider": provider.name, provider.key_field: variables[provider.key_variable]}
        for provider in providers
        if provider.key_variable and variables.get(provider.key_variable)
    }
    return Settings(credentials=found)


def _variables(environment: Mapping[str, str] | None, container: ModelportContainer | None) -> Mapping[str, str]:
    """The environment that was given, else the container's if it has one, else the process's."""
    if environment is not None:
        return Variables(environment)
    if container is not None and container.environment.overridden:
        return Variables(container.environment())
    return Variables(os.environ)


def _new_container() -> ModelportContainer:
    try:
        from .container import ModelportContainer
    except ImportError as error:
        raise SettingsError("`container` needs dependency-injector: pip install 'modelport[hub]'") from error
    return ModelportContainer()
