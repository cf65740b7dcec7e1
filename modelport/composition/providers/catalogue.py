"""All models that have cards, of every provider and kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pydantic import BaseModel

from ...application.chat.model import ChatModelBase
from ...application.embedding.model import EmbeddingModelBase
from ...application.model.cards import card_folders, list_cards
from ...application.model.credential import CredentialBase
from ...application.realtime.model import RealtimeModelBase
from ...application.speech.model import TTSModelBase
from ...application.transcription.model import STTModelBase
from ...domain.card.cards import BaseCard, CardKind, CardQuery, ModelCard
from ...domain.card.embedding_card import EmbeddingModelCard
from ...domain.card.speech_card import TTSModelCard
from ...ports.cards import CardSource
from .registry import ProviderRegistry

__all__ = ["CatalogueEntry", "catalogue", "chat_cards"]

_ENDINGS: dict[type[BaseCard], str] = {TTSModelCard: "TTSParameters", EmbeddingModelCard: "EmbeddingParameters"}


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model of a provider: its card, and the names of the classes that call it."""

    provider: str
    card: BaseCard
    classes: tuple[str, ...]
    configured: bool = False
    """Whether a hub has a credential for the provider, finds its key in the environment, or needs none."""

    @property
    def name(self) -> str:
        """The model's name at the provider."""
        return self.card.name

    @property
    def kind(self) -> CardKind:
        """`chat`, `tts`, `stt`, `embedding` or `realtime`."""
        return self.card.kind


class _NoForm(BaseModel):
    """The parameters of models without a known class."""


def catalogue(
    registry: ProviderRegistry, cards: CardSource, provider: str | None = None, kind: CardKind | None = None
) -> list[CatalogueEntry]:
    """The models by provider, kind and name; `SettingsError` for an unknown provider, `CardError` for an invalid card.

    A model that several classes can call is listed once, with the form of the credential's first such class.
    """
    names = [provider] if provider else registry.names()
    found: list[CatalogueEntry] = []
    for name in names:
        credential = registry.get(name).credential_class()
        if kind in ("chat", None):
            found += _entries(name, _of_classes(credential.get_chat_model_classes(), cards))
        if kind in ("tts", None):
            classes = credential.get_tts_model_classes()
            found += _entries(name, [*_of_classes(classes, cards), *_of_files(credential, cards, TTSModelCard)])
        if kind in ("embedding", None):
            model = credential.get_embedding_model_class()
            in_files = _of_files(credential, cards, EmbeddingModelCard)
            found += _entries(name, _of_classes([model], cards) if model else in_files)
        if kind in ("stt", None):
            found += _entries(name, _of_classes(credential.get_stt_model_classes(), cards))
        if kind in ("realtime", None):
            found += _entries(name, _of_classes(credential.get_realtime_model_classes(), cards))
    return found


def chat_cards(credential: type[CredentialBase], cards: CardSource) -> list[ModelCard]:
    """`credential.list_models()`, read from this source; a credential with a method of its own is asked."""
    if not _inherited(credential, CredentialBase):
        return credential.list_models()
    found = {card.name: card for _, card in _of_classes(reversed(credential.get_chat_model_classes()), cards)}
    return [card for _, card in sorted(found.items()) if isinstance(card, ModelCard)]


_Found = Iterable[tuple[str, BaseCard]]
"""Cards, each with the name of a class that calls the model; the name is empty when there is no such class."""


def _entries(provider: str, found: _Found) -> list[CatalogueEntry]:
    """One entry for each model, by name."""
    cards: dict[str, BaseCard] = {}
    classes: dict[str, list[str]] = {}
    for class_name, card in found:
        cards.setdefault(card.name, card)
        known = classes.setdefault(card.name, [])
        if class_name and class_name not in known:
            known.append(class_name)
    return [CatalogueEntry(provider, cards[name], tuple(classes[name])) for name in sorted(cards)]


def _of_classes(classes: Iterable[Any], cards: CardSource) -> Iterator[tuple[str, BaseCard]]:  # Any: of three kinds
    """The cards of each class, read from this source; a class with a `list_models` of its own is asked."""
    for cls in classes:
        inherited = _inherited(cls, ChatModelBase, EmbeddingModelBase, TTSModelBase, RealtimeModelBase, STTModelBase)
        for card in list_cards(cards, cls, cls._card_query()) if inherited else cls.list_models():
            yield cls.__name__, card


def _inherited(cls: Any, *bases: Any) -> bool:  # Any: classes with `list_models`
    return cls.list_models.__func__ in [base.list_models.__func__ for base in bases]


def _of_files(
    credential: type[CredentialBase], source: CardSource, kind: type[BaseCard]
) -> Iterator[tuple[str, BaseCard]]:
    """Cards of a kind without an installed class: those of `XTTSModel` have the form `XTTSParameters`."""
    folder = next(iter(card_folders(credential)), None)
    if folder is None:
        return
    seen = set()
    for parameters in _parameter_classes(credential, _ENDINGS[kind]):
        class_name = parameters.__name__.removesuffix("Parameters") + "Model"
        realtime = "Realtime" in class_name if kind is TTSModelCard else None
        for card in source.list_all(folder, CardQuery(kind, parameters, (class_name,), realtime)):
            seen.add(card.name)
            yield class_name, card
    for card in source.list_all(folder, CardQuery(kind, _NoForm)):
        if card.name not in seen:
            yield "", card


def _parameter_classes(credential: type[CredentialBase], ending: str) -> list[type[BaseModel]]:
    """The classes whose names end so, in the module `parameters` of the credential's package."""
    package = credential.__module__.rpartition(".")[0]
    if not package or find_spec(f"{package}.parameters") is None:
        return []
    module = import_module(f"{package}.parameters")
    return [cls for name, cls in vars(module).items() if name.endswith(ending) and isinstance(cls, type)]
