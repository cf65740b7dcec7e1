"""Speech models from settings."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, Literal, Type

import orjson
import pytest
from pydantic import BaseModel

from modelport import Modelport
from modelport.adapters.embedded.speech import EmbeddedTTSModel
from modelport.credential import CredentialBase
from modelport.error import SettingsError
from modelport.provider import Provider
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tts import DashScopeTTSModel, TTSModelBase, TTSResponse

CREDENTIALS = {
    "speech": {"provider": "dashscope", "api_key": "k-PlantedWord7"},
    "deep": {"provider": "deepseek", "api_key": "k-PlantedWord7"},
}
PIECE = orjson.dumps({"output": {"audio": {"data": base64.b64encode(b"\x01\x00" * 50).decode()}}}).decode()
END = orjson.dumps({"output": {"finish_reason": "stop", "audio": {"data": "", "id": "a"}}}).decode()


class Slow(TTSModelBase):
    class Parameters(BaseModel):
        voice: str = "a"

    type: Literal["slow"] = "slow"

    async def synthesize(self, text: str | None = None, **kwargs: Any) -> TTSResponse:
        return TTSResponse()


class Quick(Slow):
    realtime = True


class Voices(CredentialBase):
    type: Literal["voices_credential"] = "voices_credential"

    @classmethod
    def get_tts_model_classes(cls) -> list[Type[TTSModelBase]]:
        return [Slow, Quick]


def hub(**settings: Any) -> Modelport:
    made = Modelport.from_mapping({"credentials": CREDENTIALS, **settings}, {})
    made.container.registry().register(Provider("voices", Voices))
    return made


async def test_a_model_by_name_with_everything_set() -> None:
    async with ScriptedServer([ScriptedAnswer.sse(PIECE, END)]) as server:
        settings = {
            "credentials": {
                "speech": {"provider": "dashscope", "api_key": "k-PlantedWord7", "base_url": server.base_url}
            },
            "tts": {
                "reader": {
                    "credential": "speech",
                    "model": "qwen3-tts-flash",
                    "parameters": {"voice": "Ethan"},
                    "stream": False,
                    "retry": {"max_retries": 1},
                    "timeouts": {"total": 9},
                    "card_checks": "off",
                },
                "other": {"provider": "embedded", "model": "espeak-ng"},
            },
            "default_tts": "reader",
        }
        async with Modelport.from_mapping(settings, {}) as subject:
            model = subject.tts()
            assert isinstance(model, DashScopeTTSModel) and subject.tts("reader") is model
            assert (model.stream, model.max_retries, model.timeouts.total, model.card_checks) == (False, 1, 9, "off")
            response = await model.synthesize("Hi")
            assert isinstance(response, TTSResponse) and response.content is not None
            assert server.requests[0].json()["input"]["voice"] == "Ethan"
            assert model.runtime is subject.container.runtime()
            assert subject.tts("speech/qwen3-tts-flash").stream


def test_the_voice_in_this_process_needs_no_credential() -> None:
    pytest.importorskip("espeakng_loader")
    model = hub(tts={"mine": {"provider": "embedded", "model": "espeak-ng", "parameters": {"voice": "de"}}}).tts()
    assert isinstance(model, EmbeddedTTSModel) and model.parameters.voice == "de"
    assert isinstance(hub().tts("embedded/espeak-ng"), EmbeddedTTSModel)


def test_the_class_is_the_one_with_the_models_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, realtime in (("steady", "false"), ("swift", "true")):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\nlabel: {name}\ntype: tts\nrealtime: {realtime}\n")
    monkeypatch.setattr(Slow, "card_folder", tmp_path, raising=False)
    subject = hub(tts={"odd": {"provider": "voices", "model": "steady", "model_class": "Quick"}})
    assert type(subject.tts("voices/steady")) is Slow
    assert type(subject.tts("voices/swift")) is Quick
    assert type(subject.tts("voices/unknown")) is Slow
    assert type(subject.tts("odd")) is Quick


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tts": {"a": {"model": "m"}}}, "tts.a: name a `provider`"),
        ({"tts": {"a": {"credential": "speech", "model": "m", "parameters": {"x": 1}}}}, "allowed here: voice"),
        ({"tts": {"a": {"credential": "speech", "model": "m", "voice": "b"}}}, "tts.a.voice: unknown key"),
        ({"tts": {"a": {"credential": "deep", "model": "m"}}}, "has no speech models"),
        ({"tts": {"a": {"provider": "voices", "model": "m", "model_class": "No"}}}, "expected one of Slow, Quick"),
        ({"tts": {"a": {"provider": "dashscope", "model": "m"}}, "credentials": {}}, "set DASHSCOPE_API_KEY"),
        ({}, "which tts model"),
        ({"tts": {"a": {"credential": "speech", "model": "m"}}, "default_tts": "b"}, "there are: a"),
    ],
)
def test_mistakes_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace(".", r"\.")):
        hub(**settings).tts()
