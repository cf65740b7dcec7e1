"""Which model and which cache a command uses: from a settings file, the environment, or inside this process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from ..domain.errors import SettingsError
from .trust import announce, require_consent

if TYPE_CHECKING:
    from ..application.embedding.cache import EmbeddingCacheBase
    from ..application.embedding.model import EmbeddingModelBase
    from ..application.realtime.model import RealtimeModelBase
    from ..application.speech.model import TTSModelBase
    from ..application.transcription.model import STTModelBase
    from ..composition.hub import Modelport
    from ..composition.providers.registry import ProviderRegistry

__all__ = [
    "choose",
    "choose_cache",
    "choose_embedding",
    "choose_hub",
    "choose_realtime",
    "choose_speech",
    "choose_transcription",
    "default_chat",
    "environment",
    "find_config",
    "known_providers",
    "speech_model",
]

_LOCAL = Path("modelport.yaml")
_EXAMPLES = 3


def find_config(given: Path | None) -> Path | None:
    """The settings file: `given`, else `./modelport.yaml`, which is noted, else the user's; `None` for none."""
    if given is not None:
        return given
    if _LOCAL.is_file():
        announce(_LOCAL)
        return _LOCAL
    user = Path(platformdirs.user_config_dir("modelport", appauthor=False)) / "config.yaml"
    return user if user.is_file() else None


def environment() -> Mapping[str, str]:
    """Where keys are looked up that the settings leave out: the environment, then what `modelport keys` has stored."""
    from .keys import stored_variables

    return {**stored_variables(), **os.environ}


def known_providers(config: Path | None) -> ProviderRegistry:
    """The providers of this package, of entry points and, where a settings file is given, those in it."""
    from ..composition import wiring
    from ..composition.settings import Settings
    from ..composition.settings_file import read_settings

    return wiring.registry(Settings() if config is None else read_settings(config, os.environ))


def choose_hub(config: Path | None) -> Modelport:
    """The hub of the settings file, else of the environment alone; see `find_config`.

    A file that the user has not given may need consent.
    """
    from ..composition.hub import Modelport

    path, variables = find_config(config), environment()
    if path is None:
        return Modelport(environment=variables)
    hub = Modelport.from_file(path, variables)
    if config is None and path == _LOCAL:
        require_consent(path, hub.settings, variables)
    return hub


def choose_speech(config: Path | None, name: str | None) -> tuple[Modelport, TTSModelBase]:
    """A hub, and the speech model to use."""
    hub = choose_hub(config)
    return hub, speech_model(hub, name)


def choose_transcription(config: Path | None, name: str | None) -> tuple[Modelport, STTModelBase]:
    """A hub, and its speech-to-text model of that name, else the one in the settings, else the embedded one.

    `SettingsError` when none is named and the embedded one is not installed.
    """
    from ..adapters.embedded.transcription import MOONSHINE

    hub = choose_hub(config)
    if name is None and not hub.settings.stt:
        name = f"embedded/{MOONSHINE}"
        if find_spec("moonshine_voice") is None:
            raise SettingsError(
                "no model is named; give --model provider/model, for example openai/gpt-transcribe, or install the "
                "embedded one: pip install 'modelport[embedded-recognition]'"
            )
    return hub, hub.stt(name)


def choose_realtime(config: Path | None, name: str | None) -> tuple[Modelport, RealtimeModelBase]:
    """A hub, and its model for voice conversations: of that name, else in the settings, else the embedded one."""
    from ..adapters.embedded.voice.model import VOICE

    hub = choose_hub(config)
    if name is None and not hub.settings.realtime:
        name = f"embedded/{VOICE}"
    return hub, hub.realtime(name)


def speech_model(hub: Modelport, name: str | None = None) -> TTSModelBase:
    """The speech model of that name, else the one in the settings, else the embedded voice."""
    from ..adapters.embedded.speech import ESPEAK

    if name is None and not hub.settings.tts:
        name = f"embedded/{ESPEAK}"
    return hub.tts(name)


def choose(config: Path | None, model: str | None) -> tuple[Modelport, str]:
    """A hub, and the name of the chat model to use."""
    hub = choose_hub(config)
    return hub, model or default_chat(hub)


def default_chat(hub: Modelport) -> str:
    """The chat model of the settings, else the embedded one when no key is set.

    A provider whose key happens to be set would incur charges, so it must be named.
    """
    settings = hub.settings
    if settings.source:
        name = settings.default_chat or (next(iter(settings.chat)) if len(settings.chat) == 1 else None)
        if name is None:
            known = ", ".join(settings.chat) or "none under `chat`"
            raise SettingsError(
                f"{settings.source}: no default_chat; give --model NAME ({known}) or --model provider/model"
            )
        return name
    registry, given = hub.registry, hub.environment
    ready = [
        found for found in map(registry.get, registry.names()) if found.key_variable and given.get(found.key_variable)
    ]
    if ready:
        variables = ", ".join(provider.key_variable for provider in ready)
        examples = [f"{provider.name}/{card}" for provider in ready for card in _examples(hub, provider.name)]
        raise SettingsError(
            f"{variables} is set, but no model is named; give --model provider/model: {', '.join(examples)}"
        )
    from ..adapters.embedded.store import SMOLLM2

    return f"embedded/{SMOLLM2.name}"


def _examples(hub: Modelport, provider: str) -> list[str]:
    cards = hub.registry.get(provider).credential_class().list_models()
    return [card.name for card in cards if card.status == "active"][:_EXAMPLES]


def _embedding_hub(config: Path | None) -> Modelport:
    """The hub; a cache that the settings leave out is a file cache in the user's cache folder."""
    from ..composition.settings import CacheSettings

    hub = choose_hub(config)
    if hub.settings.cache.adapter == "none":
        folder = Path(platformdirs.user_cache_dir("modelport", appauthor=False)) / "embeddings"
        hub.settings.cache = CacheSettings(adapter="file", path=folder)
    return hub


def choose_embedding(config: Path | None, name: str | None) -> tuple[Modelport, EmbeddingModelBase[Any]]:
    """A hub, and its model of that name, else the one in the settings, else the embedded one (Any: an input's type)."""
    from ..adapters.embedded.embedding import E5_SMALL

    hub = _embedding_hub(config)
    if name is None and not hub.settings.embedding:
        name = f"embedded/{E5_SMALL}"
    return hub, hub.embedding(name)


def choose_cache(config: Path | None) -> tuple[EmbeddingCacheBase, str]:
    """The cache that `modelport embed` uses, and its folder or URL to show."""
    from ..composition.builders import build_cache

    settings = _embedding_hub(config).settings.cache
    cache = build_cache(settings)
    assert cache is not None, "the settings name a cache"
    if settings.adapter != "sql":
        return cache, str(settings.path)
    from ..adapters.sql.engine import database_url, shown_url

    return cache, shown_url(database_url(settings.url.get_secret_value()))
