"""A model refuses the credential of another provider before it sends anything."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import (
    AnthropicCredential,
    CredentialBase,
    DashScopeCredential,
    DeepSeekCredential,
    GeminiCredential,
    MoonshotCredential,
    OllamaCredential,
    OpenAICredential,
    XAICredential,
)
from modelport.error import InvalidRequestError
from modelport.message import UserMsg

PROVIDERS: list[type[CredentialBase]] = [
    AnthropicCredential,
    DashScopeCredential,
    DeepSeekCredential,
    GeminiCredential,
    MoonshotCredential,
    OllamaCredential,
    OpenAICredential,
    XAICredential,
]


def kinds() -> list[Any]:  # Any: pytest's parameter sets
    found: list[tuple[Any, str]] = []  # Any: a model class
    for own in PROVIDERS:
        found += [(each, "chat") for each in own.get_chat_model_classes()]
        found += [(each, "tts") for each in own.get_tts_model_classes()]
        if embedding := own.get_embedding_model_class():
            found.append((embedding, "embedding"))
    return [pytest.param(*each, id=each[0].__name__) for each in found]


@pytest.mark.parametrize(("model_class", "verb"), kinds())
async def test_the_credential_of_another_provider(model_class: Any, verb: str) -> None:
    ours = model_class.__name__.startswith("Ollama")
    other = DashScopeCredential(api_key="sk-secret") if ours else OllamaCredential()
    model = model_class(other, "any")
    with pytest.raises(InvalidRequestError, match=f"not {type(other).__name__}") as raised:
        if verb == "chat":
            await model([UserMsg("user", "Hi")])
        elif verb == "embedding":
            await model(["Hi"])
        else:
            await model.synthesize("Hi")
    assert "sk-secret" not in str(raised.value)
