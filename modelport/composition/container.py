"""The composition root: which adapter serves which port, and which models there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, TypeVar

from dependency_injector import containers, providers

from ..application.chat.model import ChatModelBase
from ..application.embedding.model import EmbeddingModelBase
from ..application.model.credential import CredentialBase
from ..application.realtime.model import RealtimeModelBase
from ..application.speech.model import TTSModelBase
from ..application.transcription.model import STTModelBase
from . import named_models, wiring
from .credentials import Credentials
from .named_models import NamedModels
from .settings import Settings
from .shared import Shared

__all__ = ["ModelportContainer"]

T = TypeVar("T")


def _node(build: Callable[..., T], declared: Mapping[str, Any]) -> Shared[T]:  # Any: what a class body holds
    """The provider of a node: its dependencies are the declared providers that its parameters name."""
    return Shared(build, **{name: declared[name] for name in signature(build).parameters})


class ModelportContainer(containers.DeclarativeContainer):
    """Wires adapters to ports, and models to both.

    Objects are built at their first use, and again when something they are built from was overridden since then.
    `reset_singletons()` forgets all of them; models that an application holds keep what they were built with.

    Attributes:
        settings: the `Settings`; by default empty ones.
        environment: where keys are looked up that the settings leave out; by default nowhere.
        registry: the providers by name.
        credential: `credential("work")`, by a name under `credentials` or a provider's name.
        find_credential: hands out `credential` itself, so that models see it overridden.
        chat, embedding, tts, stt, realtime: `chat("careful")`, `chat("openai/gpt-4.1")`,
            `chat(provider="openai", model="gpt-4.1")`: see `NamedModels.get` (Any: an input's type).
    """

    settings = providers.Dependency(instance_of=Settings, default=Settings())
    environment: providers.Provider[Mapping[str, str]] = providers.Object({})

    registry = _node(wiring.registry, vars())
    clock = _node(wiring.clock, vars())
    transport = _node(wiring.transport, vars())
    websockets = _node(wiring.websockets, vars())
    media_loader = _node(wiring.media_loader, vars())
    cards = _node(wiring.cards, vars())
    rate_limiter = _node(wiring.rate_limiter, vars())
    embedding_cache = _node(wiring.embedding_cache, vars())
    conversation_store = _node(wiring.conversation_store, vars())
    telemetry = _node(wiring.telemetry, vars())
    runtime = _node(wiring.runtime, vars())

    credentials = _node(Credentials, vars())
    credential: providers.Callable[CredentialBase] = providers.Callable(Credentials.get, credentials)
    find_credential: providers.Delegate = providers.Delegate(credential)

    chat_models = _node(named_models.chat_models, vars())
    chat: providers.Callable[ChatModelBase] = providers.Callable(NamedModels.get, chat_models)
    embedding_models = _node(named_models.embedding_models, vars())
    embedding: providers.Callable[EmbeddingModelBase[Any]] = providers.Callable(NamedModels.get, embedding_models)
    tts_models = _node(named_models.tts_models, vars())
    tts: providers.Callable[TTSModelBase] = providers.Callable(NamedModels.get, tts_models)
    stt_models = _node(named_models.stt_models, vars())
    stt: providers.Callable[STTModelBase] = providers.Callable(NamedModels.get, stt_models)
    realtime_models = _node(named_models.realtime_models, vars())
    realtime: providers.Callable[RealtimeModelBase] = providers.Callable(NamedModels.get, realtime_models)
