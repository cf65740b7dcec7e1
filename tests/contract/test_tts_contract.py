"""The speech contract on every built-in speech class, and models that it finds to be broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property
from typing import Any

import pytest

from modelport.credential import DashScopeCredential, GeminiCredential, OpenAICredential, XAICredential
from modelport.error import StreamTruncatedError
from modelport.testing import Status, TTSContract
from modelport.tts import (
    DashScopeCosyVoiceRealtimeTTSModel,
    DashScopeRealtimeTTSModel,
    DashScopeTTSModel,
    GeminiTTSModel,
    OpenAITTSModel,
    TTSModelBase,
    TTSModelCard,
    TTSResponse,
    XAITTSModel,
)
from tests.cassettes import CASSETTES

WEBSOCKETS = CASSETTES.with_name("websocket")


class TestDashScopeTTSModel(TTSContract):
    model = DashScopeTTSModel
    credential = DashScopeCredential(api_key="test-PlantedWord7")
    cassettes = CASSETTES / "dashscope_tts"


class TestOpenAITTSModel(TTSContract):
    model = OpenAITTSModel
    credential = OpenAICredential(api_key="test-PlantedWord7")
    cassettes = CASSETTES / "openai_tts"


class TestGeminiTTSModel(TTSContract):
    model = GeminiTTSModel
    credential = GeminiCredential(api_key="test-PlantedWord7")
    cassettes = CASSETTES / "gemini_tts"


class TestXAITTSModel(TTSContract):
    model = XAITTSModel
    credential = XAICredential(api_key="test-PlantedWord7")
    cassettes = CASSETTES / "xai_tts"


class TestDashScopeRealtimeTTSModel(TTSContract):
    model = DashScopeRealtimeTTSModel
    credential = DashScopeCredential(api_key="test-PlantedWord7")
    cassettes = WEBSOCKETS / "dashscope_realtime"


class TestDashScopeCosyVoiceRealtimeTTSModel(TTSContract):
    model = DashScopeCosyVoiceRealtimeTTSModel
    credential = DashScopeCredential(api_key="test-PlantedWord7")
    cassettes = (WEBSOCKETS / "dashscope_cosyvoice", WEBSOCKETS / "dashscope_sambert")


# ---- broken ones


Steps = AsyncGenerator[TTSResponse, None]


class _Changed(DashScopeTTSModel):
    """A model whose stream is changed on its way out."""

    async def synthesize(self, text: str | None = None, **kwargs: Any) -> TTSResponse | Steps:
        answer = await super().synthesize(text, **kwargs)
        return answer if isinstance(answer, TTSResponse) else self.changed(answer)

    async def changed(self, steps: Steps) -> Steps:
        async with aclosing(steps):
            async for step in steps:
                yield step


class RepeatsAll(_Changed):
    async def changed(self, steps: Steps) -> Steps:
        before: list[TTSResponse] = []
        async for step in super().changed(steps):
            before.append(step)
            yield replace(step, content=before[0].content) if step.is_last else step


class NeverLast(_Changed):
    async def changed(self, steps: Steps) -> Steps:
        async for step in super().changed(steps):
            yield replace(step, is_last=False)


class Hoards(_Changed):
    async def changed(self, steps: Steps) -> Steps:
        for step in [step async for step in super().changed(steps)]:
            yield step


class PassesForWhole(_Changed):
    async def changed(self, steps: Steps) -> Steps:
        try:
            async for step in super().changed(steps):
                yield step
        except StreamTruncatedError:
            yield replace(step, content=None, is_last=True)


class KeepsOpen(_Changed):
    async def changed(self, steps: Steps) -> Steps:
        KEPT.append(steps)  # so that not even the collector closes it
        async for step in steps:
            yield step


class OneRequest(DashScopeTTSModel):
    @cached_property
    def card(self) -> TTSModelCard:
        return super().card.model_copy(update={"max_characters": None})


class OwnVoice(DashScopeTTSModel):
    async def synthesize(self, text: str | None = None, **kwargs: Any) -> TTSResponse | Steps:
        return await super().synthesize(text, voice="Unlisted", **kwargs)


class PushesTwice(DashScopeRealtimeTTSModel):
    """What `push` returned comes again."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.pushed: list[TTSResponse] = []

    async def push(self, text: str, **kwargs: Any) -> TTSResponse:
        self.pushed.append(await super().push(text, **kwargs))
        return self.pushed[-1]

    async def synthesize(self, text: str | None = None, **kwargs: Any) -> TTSResponse | Steps:
        answer = await super().synthesize(text, **kwargs)
        return answer if isinstance(answer, TTSResponse) else self.again(answer)

    async def again(self, steps: Steps) -> Steps:
        for step in self.pushed:
            yield step
        async with aclosing(steps):
            async for step in steps:
                yield step


class WaitsInPush(DashScopeRealtimeTTSModel):
    async def push(self, text: str, **kwargs: Any) -> TTSResponse:
        response = await super().push(text, **kwargs)
        return await self.arrived() or response


class NeverCloses(DashScopeCosyVoiceRealtimeTTSModel):
    async def close(self) -> None: ...


class Deafened(DashScopeCosyVoiceRealtimeTTSModel):
    async def synthesize(self, text: str | None = None, **kwargs: Any) -> TTSResponse | Steps:
        call = asyncio.ensure_future(super().synthesize(text, **kwargs))
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            return TTSResponse()


KEPT: list[Steps] = []


@pytest.mark.parametrize(
    ("broken", "case"),
    [
        (RepeatsAll, "stream_is_one_file"),
        (NeverLast, "stream_is_one_file"),
        (Hoards, "audio_at_once"),
        (PassesForWhole, "cut_short"),
        (KeepsOpen, "leave_at_any_step"),
        (OneRequest, "long_text"),
        (OwnVoice, "voices"),
        (PushesTwice, "each_byte_once"),
        (WaitsInPush, "push_never_waits"),
        (NeverCloses, "close_is_clean"),
        (Deafened, "cancel_before_the_answer"),
    ],
)
async def test_a_broken_model_is_found(broken: type[TTSModelBase], case: str) -> None:
    bases = (TestDashScopeTTSModel, TestDashScopeRealtimeTTSModel, TestDashScopeCosyVoiceRealtimeTTSModel)
    base = next(each for each in bases if issubclass(broken, each.model))

    class Broken(base):  # type: ignore[misc, valid-type]  # one of three
        model = broken
        limit = 12
        patience = 0.2
        seconds_per_case = 5.0

    report = await Broken().run(case)
    assert report.of(Status.BROKEN), report
