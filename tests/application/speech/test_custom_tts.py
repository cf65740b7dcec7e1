"""A speech model of the user's own, as the guide shows it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Literal, Type

import pytest
from pydantic import BaseModel, Field

from modelport.credential import CredentialBase
from modelport.error import InvalidRequestError
from modelport.tts import TTSModelBase, TTSResponse


class MyTTSModel(TTSModelBase):
    class Parameters(BaseModel):
        voice: str = Field(default="default", title="Voice")

    type: Literal["my_tts"] = "my_tts"

    async def synthesize(
        self, text: str | None = None, **kwargs: Any
    ) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
        return TTSResponse(content=None, metadata={"said": text, **kwargs})


class MyCredential(CredentialBase):
    @classmethod
    def get_tts_model_classes(cls) -> list[Type[TTSModelBase]]:
        return [MyTTSModel]


class Realtime(MyTTSModel):
    realtime = True
    events: list[str]

    async def connect(self) -> None:
        self.events = ["connect"]

    async def close(self) -> None:
        self.events.append("close")


async def test_it_is_built_and_called() -> None:
    async with MyTTSModel(MyCredential(), "voice-1") as model:
        assert (model.parameters.voice, model.stream, model.max_retries, model.type) == ("default", True, 3, "my_tts")
        response = await model.synthesize("Hi", speed=2)
        assert isinstance(response, TTSResponse)
        assert (response.metadata, response.is_last, response.usage) == ({"said": "Hi", "speed": 2}, True, None)
        pushed = await model.push("Hi")
        assert (pushed.content, pushed.is_last) == (None, False)
        assert not model.card.known


async def test_only_realtime_models_are_connected() -> None:
    model = Realtime(MyCredential(), "voice-1")
    with pytest.raises(ZeroDivisionError):
        async with model:
            raise ZeroDivisionError
    assert model.events == ["connect", "close"]
    assert model.card.realtime


def test_cards_are_listed_by_what_the_class_takes(tmp_path: Path) -> None:
    for name, realtime in (("slow", "false"), ("quick", "true")):
        facts = f"name: {name}\nlabel: {name}\ntype: tts\nrealtime: {realtime}\nvoices: [a, b]\n"
        (tmp_path / f"{name}.yaml").write_text(facts)
    assert [card.name for card in MyTTSModel.list_models(tmp_path)] == ["slow"]
    assert [card.name for card in Realtime.list_models(tmp_path)] == ["quick"]
    assert MyCredential.list_tts_models() == []


def test_what_cannot_be_built() -> None:
    with pytest.raises(TypeError, match="abstract"):
        TTSModelBase(MyCredential(), "voice-1")  # type: ignore[abstract]
    with pytest.raises(InvalidRequestError, match=r"MyTTSModel\.Parameters"):
        MyTTSModel(MyCredential(), "voice-1", {"voice": "a"})
