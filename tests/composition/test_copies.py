"""Pickled, deep and shallow copies: models by hand can be copied, and what cannot be says so in one sentence."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelport import Modelport
from modelport.agent import Agent
from modelport.credential import CredentialBase, DashScopeCredential, OpenAICredential
from modelport.embedding import FileEmbeddingCache, OpenAIEmbeddingModel, SQLEmbeddingCache

COPIES = [lambda value: pickle.loads(pickle.dumps(value)), copy.deepcopy]


def shared(folder: Path) -> dict[str, Any]:
    hub = Modelport.from_mapping({"credentials": {"openai": {"api_key": "sk-secret-PlantedWord7"}}})
    credential = OpenAICredential(api_key="sk-secret-PlantedWord7")
    chat = hub.chat("openai/gpt-4.1")
    return {
        "hub": hub,
        "chat": chat,
        "embedding": hub.embedding("openai/text-embedding-3-small"),
        "agent": Agent("a", chat),
        "list": [chat],
        "a file cache": FileEmbeddingCache(folder),
        "an sql cache": SQLEmbeddingCache(f"sqlite:///{folder}/x"),
        "file cache": OpenAIEmbeddingModel(credential, "m", embedding_cache=FileEmbeddingCache(folder)),
        "sql cache": OpenAIEmbeddingModel(credential, "m", embedding_cache=SQLEmbeddingCache(f"sqlite:///{folder}/x")),
    }


@pytest.mark.parametrize("make", COPIES)
@pytest.mark.parametrize(
    "name", ["hub", "chat", "embedding", "agent", "list", "file cache", "sql cache", "a file cache", "an sql cache"]
)
def test_what_cannot_be_copied_says_so(make: Callable[[Any], Any], name: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="cannot be pickled or deep-copied, because it holds connections") as caught:
        make(shared(tmp_path)[name])
    assert "sk-secret-PlantedWord7" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("make", [*COPIES, copy.copy])
@pytest.mark.parametrize("credential", [OpenAICredential, DashScopeCredential])
def test_a_model_by_hand_can_be_copied(make: Callable[[Any], Any], credential: type[CredentialBase]) -> None:
    key = credential(api_key="k-PlantedWord7")  # type: ignore[call-arg]
    classes = [*key.get_chat_model_classes(), *key.get_tts_model_classes(), key.get_embedding_model_class()]
    for cls in classes:
        assert cls is not None
        model = cls(key, "some-model")
        made = make(model)
        assert made is not model and type(made) is cls
        assert (made.model, made.credential, made.parameters) == ("some-model", key, model.parameters)


def test_a_shallow_copy_shares_the_connections() -> None:
    model = Modelport.from_mapping({}).chat("ollama/x")
    made = copy.copy(model)
    made.stream = not model.stream
    assert made.stream is not model.stream and made.runtime is model.runtime
