"""A model refuses the credential and the parameters of another provider before it sends anything."""

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
from modelport.model import AnthropicChatModel, OpenAIChatModel

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
    other = DashScopeCredential(api_key="sk-secret-PlantedWord7") if ours else OllamaCredential()
    model = model_class(other, "any")
    with pytest.raises(InvalidRequestError, match=f"not {type(other).__name__}") as raised:
        if verb == "chat":
            await model([UserMsg("user", "Hi")])
        elif verb == "embedding":
            await model(["Hi"])
        else:
            await model.synthesize("Hi")
    assert "sk-secret-PlantedWord7" not in str(raised.value)


@pytest.mark.parametrize(("model_class", "verb"), kinds())
def test_the_parameters_of_another_provider(model_class: Any, verb: str) -> None:
    other = OpenAIChatModel if model_class is AnthropicChatModel else AnthropicChatModel
    with pytest.raises(InvalidRequestError, match=rf"pass {model_class.__name__}\.Parameters"):
        model_class(DashScopeCredential(api_key="key-PlantedWord7"), "any", other.Parameters())


def test_the_parameters_of_a_class_above_or_below() -> None:
    class Further(OpenAIChatModel.Parameters):
        further: int | None = None

    class Mine(OpenAIChatModel):
        Parameters = Further

    credential = OpenAICredential(api_key="key-PlantedWord7")
    assert OpenAIChatModel(credential, "gpt-4.1", Further(temperature=0.5)).parameters.temperature == 0.5
    assert Mine(credential, "gpt-4.1", OpenAIChatModel.Parameters(temperature=0.5)).parameters.temperature == 0.5
