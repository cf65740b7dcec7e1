"""Every model class that a program can get is held to a contract by a test of this folder.

Models that run in this process have no wire; tests/adapters/embedded holds them to their rules.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from modelport.application.chat.model import ChatModelBase
from modelport.application.embedding.model import EmbeddingModelBase
from modelport.application.realtime.model import RealtimeModelBase
from modelport.application.speech.model import TTSModelBase
from modelport.application.transcription.model import STTModelBase
from modelport.composition.providers.registry import ProviderRegistry
from modelport.testing import Contract

TESTS = (
    "test_contract_suite",
    "test_embedding_contract",
    "test_tts_contract",
    "test_stt_contract",
    "test_realtime_contract",
)
FACES = {
    "model": ChatModelBase,
    "embedding": EmbeddingModelBase,
    "tts": TTSModelBase,
    "stt": STTModelBase,
    "realtime": RealtimeModelBase,
}


def held() -> set[type[Any]]:
    """The classes that the tests run a contract on."""
    found: set[type[Any]] = set()
    for name in TESTS:
        for called, value in vars(importlib.import_module(f"tests.contract.{name}")).items():
            if called.startswith("Test") and isinstance(value, type) and issubclass(value, Contract):
                found |= {value.model} if hasattr(value, "model") else set()
                found |= {cls for recording in getattr(value, "recordings", ()) for cls in of_voice(recording["api"])}
    return found


def of_voice(api: str) -> list[type[Any]]:
    """The classes of a provider for voice conversations, whose protocol a recording is of."""
    return ProviderRegistry().get(api.partition("-")[0]).credential_class().get_realtime_model_classes()


def public() -> Iterator[tuple[str, type[Any]]]:
    """The classes of the public modules, and those of every provider."""
    for face, base in FACES.items():
        module = importlib.import_module(f"modelport.{face}")
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, type) and issubclass(value, base) and not name.endswith("Base"):
                yield f"{face}.{name}", value
    registry = ProviderRegistry()
    for provider in registry.names():
        credential = registry.get(provider).credential_class()
        embedding = credential.get_embedding_model_class()
        for value in (
            *credential.get_chat_model_classes(),
            *([embedding] if embedding else []),
            *credential.get_tts_model_classes(),
            *credential.get_stt_model_classes(),
            *credential.get_realtime_model_classes(),
        ):
            yield f"{provider}.{value.__name__}", value


CLASSES = {name: cls for name, cls in sorted(public()) if ".adapters.embedded" not in cls.__module__}


def test_there_are_classes_of_every_family() -> None:
    for base in FACES.values():
        assert sum(issubclass(cls, base) for cls in CLASSES.values()) >= 4, base
    assert len(CLASSES) > 60


@pytest.mark.parametrize("name", CLASSES)
def test_a_contract_holds_it(name: str) -> None:
    cls = CLASSES[name]
    assert cls in held(), f"no contract in {', '.join(TESTS)} has model = {cls.__name__}"
