"""All models there are cards for, over every provider and kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pydantic import BaseModel

from ..application.model.cards import card_folders
from ..application.model.credential import CredentialBase
from ..domain.card.cards import BaseCard, CardKind, CardQuery, EmbeddingModelCard, TTSModelCard
from ..ports.cards import CardSource
from .registry import ProviderRegistry

__all__ = ["CatalogueEntry", "catalogue"]

_ENDINGS: dict[type[BaseCard], str] = {TTSModelCard: "TTSParameters", EmbeddingModelCard: "EmbeddingParameters"}


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model of a provider: its card, and the names of the classes that call it."""

    provider: str
    card: BaseCard
    classes: tuple[str, ...]

    @property
    def kind(self) -> CardKind:
        """`chat`, `tts` or `embedding`."""
        return self.card.kind


class _NoForm(BaseModel):
    """The parameters of models whose class is not known."""


def catalogue(
    registry: ProviderRegistry, cards: CardSource, provider: str | None = None, kind: CardKind | None = None
) -> list[CatalogueEntry]:
    """The models by provider, kind and name; `SettingsError` for an unknown provider, `CardError` for a broken card.

    A model that several classes call is there once, with the form of the credential's first class.
    """
    names = [provider] if provider else registry.names()
    found: list[CatalogueEntry] = []
    for name in names:
        credential = registry.get(name).credential_class()
        if kind in ("chat", None):
            found += _entries(name, _of_classes(credential.get_chat_model_classes()))
        if kind in ("tts", None):
            classes = credential.get_tts_model_classes()
            found += _entries(name, [*_of_classes(classes), *_of_files(credential, cards, TTSModelCard)])
        if kind in ("embedding", None):
            model = credential.get_embedding_model_class()
            found += _entries(name, _of_classes([model]) if model else _of_files(credential, cards, EmbeddingModelCard))
    return found


_Found = Iterable[tuple[str, BaseCard]]
"""Cards with the name of a class that calls the model; empty when that is not known."""


def _entries(provider: str, found: _Found) -> list[CatalogueEntry]:
    """One entry a model, by name."""
    cards: dict[str, BaseCard] = {}
    classes: dict[str, list[str]] = {}
    for class_name, card in found:
        cards.setdefault(card.name, card)
        known = classes.setdefault(card.name, [])
        if class_name and class_name not in known:
            known.append(class_name)
    return [CatalogueEntry(provider, cards[name], tuple(classes[name])) for name in sorted(cards)]


def _of_classes(classes: Iterable[Any]) -> Iterator[tuple[str, BaseCard]]:  # Any: chat, speech and embedding classes
    for cls in classes:
        for card in cls.list_models():
            yield cls.__name__, card


def _of_files(
    credential: type[CredentialBase], source: CardSource, kind: type[BaseCard]
) -> Iterator[tuple[str, BaseCard]]:
    """Cards of a kind that the provider has no class for: `XTTSParameters` is the form of the cards of `XTTSModel`."""
    folder = card_folders(credential)[0]
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
    """The classes of that ending in the module `parameters` beside the credential's."""
    package = credential.__module__.rpartition(".")[0]
    if not package or find_spec(f"{package}.parameters") is None:
        return []
    module = import_module(f"{package}.parameters")
    return [cls for name, cls in vars(module).items() if name.endswith(ending) and isinstance(cls, type)]
