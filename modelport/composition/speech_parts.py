"""Speech models from their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..application.card_lookup import find_card
from ..domain.errors import SettingsError
from .model_builder import validated

if TYPE_CHECKING:
    from ..application.credential import CredentialBase
    from ..application.tts_model import TTSModelBase
    from ..ports.cards import CardSource
    from .settings import TTSSettings

__all__ = ["build_tts"]


def build_tts(settings: TTSSettings, credential: CredentialBase, cards: CardSource) -> TTSModelBase:
    """A speech model of the settings."""
    cls = _tts_class(settings, credential, cards)
    model: TTSModelBase = cls(
        credential,
        settings.model,
        validated(cls.Parameters, settings.parameters, "parameters"),
        stream=settings.stream,
        retry_policy=settings.retry.policy(),
        timeouts=settings.timeouts.timeouts(),
        card_checks=settings.card_checks,
    )
    return model


def _tts_class(settings: TTSSettings, credential: CredentialBase, cards: CardSource) -> type[TTSModelBase]:
    """The class that is named, else the one that the model has a card for, else the credential's first."""
    classes: list[type[TTSModelBase]] = credential.get_tts_model_classes()
    if not classes:
        raise SettingsError(f"the provider {credential.provider_name()!r} has no speech models")
    if settings.model_class is None:
        with_card = (cls for cls in classes if find_card(cards, cls, settings.model, cls._card_query()))
        return next(with_card, classes[0])
    named = {cls.__name__: cls for cls in classes}
    if settings.model_class not in named:
        raise SettingsError(f"model_class {settings.model_class!r} is none of {', '.join(named)}")
    return named[settings.model_class]
