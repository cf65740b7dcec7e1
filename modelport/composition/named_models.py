"""The models of one kind: by their name in the settings, as `provider/model`, or from the keys of a settings entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from ..domain.errors import InvalidRequestError, SettingsError
from .builders import build_chat, build_embedding, build_realtime, build_stt, build_tts
from .settings import (
    ChatSettings,
    EmbeddingSettings,
    ModelSettings,
    RealtimeSettings,
    Settings,
    STTSettings,
    TTSSettings,
)
from .validation import validated

if TYPE_CHECKING:
    from ..application.chat.model import ChatModelBase
    from ..application.embedding.cache import EmbeddingCacheBase
    from ..application.embedding.model import EmbeddingModelBase
    from ..application.model.base import ModelBase
    from ..application.model.credential import CredentialBase
    from ..application.realtime.model import RealtimeModelBase
    from ..application.speech.model import TTSModelBase
    from ..application.transcription.model import STTModelBase
    from ..ports.cards import CardSource
    from ..ports.runtime import Runtime

__all__ = ["NamedModels", "chat_models", "embedding_models", "realtime_models", "stt_models", "tts_models"]

S = TypeVar("S", bound=ModelSettings)
M = TypeVar("M", bound="ModelBase")
GetCredential: TypeAlias = "Callable[..., CredentialBase]"
"""`Credentials.get`, or what a container was given in its place."""


class NamedModels(Generic[S, M]):
    """Models of one kind, all on one runtime.

    Args:
        kind: the key in the settings: `chat`, `embedding`, `tts`, `stt` or `realtime`.
        entry: the class of the settings of one model.
        named, default: the settings by name, and the name that is used when none is given.
        build: makes a model from its settings and its credential.
        credential: looks its credential up.
        runtime: what the models run on.
        place: what an error about such keys of the settings starts with.
    """

    def __init__(
        self,
        kind: str,
        entry: type[S],
        named: Mapping[str, S],
        default: str | None,
        build: Callable[[S, CredentialBase], M],
        credential: GetCredential,
        runtime: Runtime,
        place: Callable[..., str],
    ) -> None:
        self._kind = kind
        self._entry = entry
        self._named = named
        self._default = default
        self._build = build
        self._credential = credential
        self._runtime = runtime
        self._place = place
        self._built: dict[str, M] = {}

    @classmethod
    def of(
        cls,
        kind: str,
        entry: type[S],
        build: Callable[[S, CredentialBase], M],
        settings: Settings,
        credential: GetCredential,
        runtime: Runtime,
    ) -> NamedModels[S, M]:
        """Those that the settings name under `kind`, with the default under `default_` and it."""
        named, default = getattr(settings, kind), getattr(settings, f"default_{kind}")
        return cls(kind, entry, named, default, build, credential, runtime, settings.place)

    def get(self, name: str | None = None, /, **fields: Any) -> M:  # Any: the values of the settings' keys
        """A model; `SettingsError` names the wrong key and the known names.

        Args:
            name: a name in the settings, or `provider/model`; without it, and without fields, the default model.
                The same name gives the same object.
            fields: keys of a settings entry, such as `provider`, `model` and `stream`. They make a new model; with a
                name, they replace those keys of its settings.
        """
        if fields:
            return self._new(name, fields)
        wanted = name or self._default_name()
        try:
            return self._named_model(wanted)
        except (InvalidRequestError, SettingsError) as error:
            raise SettingsError(f"{self._where(name, wanted)}{error}") from error

    def _named_model(self, name: str) -> M:
        settings = self._settings(name)
        credential = self._credential_of(settings)
        if name not in self._built or self._built[name].credential is not credential:
            self._built[name] = self._model(settings, credential)
        return self._built[name]

    def _new(self, name: str | None, fields: dict[str, Any]) -> M:  # Any: the values of the settings' keys
        try:
            base = self._settings(name).model_dump(exclude_unset=True) if name else _with_provider(fields)
            settings: S = validated(self._entry, {**base, **fields} if name else base, self._kind)
            _check_provider(settings)
            return self._model(settings, self._credential_of(settings))
        except (InvalidRequestError, SettingsError) as error:
            raise SettingsError(f"{self._where(name, name or '')}{error}") from error

    def _model(self, settings: S, credential: CredentialBase) -> M:
        model = self._build(settings, credential)
        model.attach(self._runtime)
        return model

    def _credential_of(self, settings: S) -> CredentialBase:
        if settings.credential:
            return self._credential(settings.credential, provider=settings.provider)
        return self._credential(provider=settings.provider)

    def _where(self, given: str | None, name: str) -> str:
        """The prefix of an error: the file and key of the settings at fault, if any."""
        if name in self._named:
            return self._place(self._kind, name)
        return "" if given or not name else self._place(f"default_{self._kind}")

    def _default_name(self) -> str:
        if self._default:
            return self._default
        if len(self._named) == 1:
            return next(iter(self._named))
        known = list(self._named) or "(none is configured)"
        raise SettingsError(f"which {self._kind} model? name one of {known}, or set default_{self._kind}")

    def _settings(self, name: str) -> S:
        """The settings of that name, or those of a name like `provider/model`."""
        if name in self._named:
            _check_provider(self._named[name])
            return self._named[name]
        provider, slash, model = name.partition("/")
        if slash and model:
            return self._entry(provider=provider, model=model)
        known = f"there are: {', '.join(self._named)}" if self._named else "the settings have none"
        raise SettingsError(f"no {self._kind} model is called {name!r}; {known}; or write provider/model")


def _check_provider(settings: ModelSettings) -> None:
    if not settings.credential and not settings.provider:
        raise SettingsError("name a `provider` or a `credential`")


def _with_provider(fields: dict[str, Any]) -> dict[str, Any]:  # Any: the values of the settings' keys
    """The fields; a lone `model` may be written as `provider/model`."""
    model = fields.get("model")
    if "provider" in fields or "credential" in fields or not isinstance(model, str) or "/" not in model:
        return fields
    provider, _, name = model.partition("/")
    return {**fields, "provider": provider, "model": name}


def chat_models(
    settings: Settings, find_credential: GetCredential, runtime: Runtime
) -> NamedModels[ChatSettings, ChatModelBase]:
    """The chat models of the settings."""
    return NamedModels.of("chat", ChatSettings, build_chat, settings, find_credential, runtime)


def embedding_models(
    settings: Settings, find_credential: GetCredential, runtime: Runtime, embedding_cache: EmbeddingCacheBase | None
) -> NamedModels[EmbeddingSettings, EmbeddingModelBase[Any]]:  # Any: whatever an input may be
    """The embedding models of the settings, with one cache."""

    def build(entry: EmbeddingSettings, credential: CredentialBase) -> EmbeddingModelBase[Any]:  # Any: as above
        return build_embedding(entry, credential, embedding_cache)

    return NamedModels.of("embedding", EmbeddingSettings, build, settings, find_credential, runtime)


def tts_models(
    settings: Settings, find_credential: GetCredential, runtime: Runtime
) -> NamedModels[TTSSettings, TTSModelBase]:
    """The speech models of the settings."""
    return NamedModels.of("tts", TTSSettings, _on_cards(build_tts, runtime), settings, find_credential, runtime)


def realtime_models(
    settings: Settings, find_credential: GetCredential, runtime: Runtime
) -> NamedModels[RealtimeSettings, RealtimeModelBase]:
    """The models for voice conversations of the settings."""
    build = _on_cards(build_realtime, runtime)
    return NamedModels.of("realtime", RealtimeSettings, build, settings, find_credential, runtime)


def stt_models(
    settings: Settings, find_credential: GetCredential, runtime: Runtime
) -> NamedModels[STTSettings, STTModelBase]:
    """The speech-to-text models of the settings."""
    return NamedModels.of("stt", STTSettings, _on_cards(build_stt, runtime), settings, find_credential, runtime)


def _on_cards(
    build: Callable[[S, CredentialBase, CardSource], M], runtime: Runtime
) -> Callable[[S, CredentialBase], M]:
    """A builder that chooses the class by the cards of the runtime."""
    return lambda entry, credential: build(entry, credential, runtime.cards)
