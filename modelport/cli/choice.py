"""Which model a command talks to: from a settings file, the environment, or the one in this process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from ..domain.errors import SettingsError

if TYPE_CHECKING:
    from ..application.speech.model import TTSModelBase
    from ..composition.hub import Modelport
    from ..composition.settings import Settings

__all__ = ["choose", "choose_speech", "find_config", "find_settings", "load_settings", "speech_model"]

_LOCAL = Path("modelport.yaml")
_EXAMPLES = 3


def find_config(given: Path | None) -> Path | None:
    """The settings file: the one given, else the one here, else the user's; `None` when there is none."""
    if given is not None:
        return given
    user = Path(platformdirs.user_config_dir("modelport", appauthor=False)) / "config.yaml"
    return next((path for path in (_LOCAL, user) if path.is_file()), None)


def load_settings(path: Path) -> Settings:
    """The settings of a file; providers that it has no credential for get the environment's."""
    from ..composition.hub import Modelport
    from ..composition.settings_file import read_settings

    settings = read_settings(path, os.environ)
    settings.credentials = {**Modelport.from_env().settings.credentials, **settings.credentials}
    return settings


def find_settings(config: Path | None) -> Settings:
    """The settings of the file that there is, else those that the environment amounts to."""
    from ..composition.hub import Modelport

    path = find_config(config)
    return load_settings(path) if path else Modelport.from_env().settings


def choose_speech(config: Path | None, name: str | None) -> tuple[Modelport, TTSModelBase]:
    """A hub and its speech model."""
    from ..composition.hub import Modelport

    hub = Modelport(find_settings(config))
    return hub, speech_model(hub, name)


def speech_model(hub: Modelport, name: str | None = None) -> TTSModelBase:
    """The speech model that is named, the settings' own, or the voice in this process."""
    from ..adapters.embedded.speech import ESPEAK

    if name is None and not hub.settings.tts:
        name = f"embedded/{ESPEAK}"
    return hub.tts(name)


def choose(config: Path | None, model: str | None) -> tuple[Modelport, str]:
    """A hub, and the name of its model to use."""
    from ..composition.hub import Modelport

    path = find_config(config)
    if path is not None:
        settings = load_settings(path)
        return Modelport(settings), model or _default(settings, path)
    hub = Modelport.from_env()
    return hub, model or _without_settings(hub)


def _default(settings: Settings, path: Path) -> str:
    name = settings.default_chat or (next(iter(settings.chat)) if len(settings.chat) == 1 else None)
    if name is None:
        known = ", ".join(settings.chat) or "none under `chat`"
        raise SettingsError(f"{path}: which model? give --model NAME ({known}) or --model provider/model")
    return name


def _without_settings(hub: Modelport) -> str:
    """The embedded model when nothing is set; whose key is set would be asked for money, so one has to be named."""
    if hub.settings.credentials:
        registry = hub.container.registry()
        names = list(hub.settings.credentials)
        variables = ", ".join(registry.get(name).key_variable for name in names)
        examples = [f"{name}/{card}" for name in names for card in _examples(hub, name)]
        raise SettingsError(f"{variables} is set, but which model? give --model provider/model: {', '.join(examples)}")
    from ..adapters.embedded.store import SMOLLM2

    return f"embedded/{SMOLLM2.name}"


def _examples(hub: Modelport, provider: str) -> list[str]:
    cards = hub.container.registry().get(provider).credential_class().list_models()
    return [card.name for card in cards if card.status == "active"][:_EXAMPLES]
