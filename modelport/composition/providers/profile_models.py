"""The model classes of a provider that is only data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from ...adapters.dialects.openai_chat.profile import OpenAIChatProfile
from ...adapters.dialects.openai_chat.profile_data import ProfileData
from ...adapters.dialects.openai_speech.profile import SpeechData, SpeechProfile
from ...adapters.dialects.openai_transcription.profile import TranscriptionData, TranscriptionProfile
from ...adapters.openai.chat import OpenAIChatModel
from ...adapters.openai.speech import OpenAITTSModel
from ...adapters.openai.transcription import OpenAITranscriptionModel
from ...application.model.packed_cards import folder_of_package
from ...domain.errors import SettingsError
from ..validation import validated
from .profile_value import ProviderProfile, class_title

__all__ = ["ProfileModels", "made_of"]

_NO_CARDS = Path("/nonexistent")
"""A provider without a folder of cards has no cards; without this it would have those of OpenAI."""


@dataclass(frozen=True, slots=True)
class ProfileModels:
    """The classes of a provider, and what they read."""

    chat_profile: OpenAIChatProfile
    chat_class: type[OpenAIChatModel]
    speech_profile: SpeechProfile | None = None
    speech_class: type[OpenAITTSModel] | None = None
    transcription_profile: TranscriptionProfile | None = None
    transcription_class: type[OpenAITranscriptionModel] | None = None


@lru_cache(maxsize=128)
def made_of(provider: ProviderProfile) -> ProfileModels:
    """The classes of a profile, once for equal profiles; `SettingsError` names the key that is wrong."""
    place, folder, title = f"providers.{provider.name}", _card_folder(provider), class_title(provider.name)
    chat_data: ProfileData = validated(ProfileData, dict(provider.profile), f"{place}.profile")
    attributes = {"card_folder": folder, "__module__": __name__}
    chat = type(f"{title}ChatModel", (OpenAIChatModel,), dict(attributes))
    made = ProfileModels(chat_data.profile(provider.name), chat)
    if provider.speech is not None:
        speech_data: SpeechData = validated(SpeechData, dict(provider.speech), f"{place}.speech")
        speech = type(f"{title}TTSModel", (OpenAITTSModel,), dict(attributes))
        made = replace(made, speech_profile=speech_data.profile(), speech_class=speech)
    if provider.transcription is not None:
        data: TranscriptionData = validated(TranscriptionData, dict(provider.transcription), f"{place}.transcription")
        writer = type(f"{title}TranscriptionModel", (OpenAITranscriptionModel,), dict(attributes))
        made = replace(made, transcription_profile=data.profile(), transcription_class=writer)
    return made


def _card_folder(provider: ProviderProfile) -> Path:
    """A path, or `package:folder` for a folder inside an installed package."""
    if provider.models is None:
        return _NO_CARDS
    models = str(provider.models)
    package, colon, folder = models.partition(":")
    if not colon or models.startswith((".", "/")):
        return Path(models)
    try:
        found = files(package)
    except ImportError as error:
        raise SettingsError(f"providers.{provider.name}.models: {models}: {error}") from error
    return folder_of_package(package, folder) or (found / folder if isinstance(found, Path) else _NO_CARDS)
