"""Offline providers, one within another: no model slips out to the network meanwhile."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from modelport.credential import DashScopeCredential, OpenAICredential
from modelport.error import ModelError
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel
from modelport.ports.runtime import default_runtime
from modelport.testing import CassetteServer, NetworkForbiddenError, ScriptedAnswer, forbid_network, offline_providers
from modelport.tts import DashScopeCosyVoiceRealtimeTTSModel
from tests.cassettes import CASSETTES

SPEECH = CASSETTES.parent / "websocket" / "dashscope_cosyvoice" / "speech.yaml"


def ask() -> str:
    model = OpenAIChatModel(OpenAICredential(api_key="test-key-PlantedWord7"), "gpt-4.1", stream=False)
    response = asyncio.run(model([UserMsg("user", "Hello")]))
    return response.text


def test_one_within_another_gives_way_to_the_first() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "inner"}, "finish_reason": "stop"}
    with forbid_network():
        with offline_providers() as outer:
            with offline_providers(lambda request: ScriptedAnswer.json({"choices": [choice]})):
                assert ask() == "inner"
            assert ask() == "You said: Hello"
            assert len(outer.requests) == 1
        with pytest.raises(NetworkForbiddenError):
            ask()


def test_the_runtime_of_before_is_back_as_it_was() -> None:
    before = default_runtime()
    with pytest.raises(ZeroDivisionError), offline_providers():
        assert default_runtime() is not before
        raise ZeroDivisionError
    assert default_runtime() is before


def test_a_socket_server_of_the_test_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(SPEECH, tmp_path / "speech.yaml")
    monkeypatch.chdir(tmp_path)  # a reason for closing has 123 bytes, too few for the path of some checkouts

    async def speak() -> None:
        async with CassetteServer("speech.yaml") as server:
            credential = DashScopeCredential(api_key="any-PlantedWord7", base_url=server.http_url + "/api/v1")
            model = DashScopeCosyVoiceRealtimeTTSModel(credential, "cosyvoice-v3-flash", stream=False)
            async with model:
                await model.synthesize("Something that was never recorded.")

    with offline_providers(), pytest.raises(ModelError, match=r"is not on .*speech\.yaml"):
        asyncio.run(speak())
