"""Models for voice conversations from settings."""

from __future__ import annotations

from typing import Any

import pytest

from modelport import Modelport
from modelport.error import SettingsError
from modelport.realtime import GeminiRealtimeModel, OpenAIRealtimeModel, XAIRealtimeModel

CREDENTIALS = {
    "openai": {"provider": "openai", "api_key": "k-PlantedWord7"},
    "gemini": {"provider": "gemini", "api_key": "k-PlantedWord7"},
}


def hub(**settings: Any) -> Modelport:
    return Modelport.from_mapping(
        {"credentials": CREDENTIALS, **settings}, environment={"XAI_API_KEY": "k-PlantedWord7"}
    )


def test_a_model_is_built_from_its_settings() -> None:
    subject = hub(
        realtime={
            "phone": {
                "provider": "openai",
                "model": "gpt-realtime-2.1",
                "reconnect": False,
                "parameters": {"voice": "marin", "turn_detection": {"mode": "manual"}},
            }
        }
    )
    model = subject.realtime()
    assert isinstance(model, OpenAIRealtimeModel)
    assert model is subject.realtime("phone")
    assert model.reconnect is False
    assert model.parameters.turn_detection.manual
    assert "realtime=['phone']" in repr(subject)


def test_any_model_by_its_name() -> None:
    assert isinstance(hub().realtime("gemini/gemini-3.8-live"), GeminiRealtimeModel)
    assert isinstance(hub().realtime("xai/grok-voice-latest"), XAIRealtimeModel)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"a": {"provider": "openai", "model": "m", "parameters": {"speed": 9}}}, "speed"),
        ({"a": {"provider": "openai", "model": "m", "stream": True}}, "realtime.a.stream"),
        ({"a": {"provider": "ollama", "model": "m"}}, "has no models for voice conversations"),
    ],
)
def test_errors_name_the_key(settings: dict[str, Any], error: str) -> None:
    with pytest.raises(SettingsError, match=error):
        hub(realtime=settings).realtime("a")
