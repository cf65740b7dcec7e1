"""Whatever the server of a voice conversation sends, reading it raises our errors only."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.dialects.openai_realtime.decode import SERVER_EVENTS
from modelport.application.call.http import decode_whole
from modelport.credential import DashScopeCredential, GeminiCredential, OpenAICredential, XAICredential
from modelport.error import ModelError
from modelport.realtime import DashScopeRealtimeModel, GeminiRealtimeModel, OpenAIRealtimeModel, XAIRealtimeModel
from tests.fuzz.test_decoders import VALUES, fuzz, written

MODELS: dict[str, Any] = {  # Any: models with a codec
    "openai": OpenAIRealtimeModel(OpenAICredential(api_key="k-0123456789-PlantedWord7"), "gpt-realtime"),
    "xai": XAIRealtimeModel(XAICredential(api_key="k-0123456789-PlantedWord7"), "grok-voice"),
    "dashscope": DashScopeRealtimeModel(
        DashScopeCredential(api_key="k-0123456789-PlantedWord7"), "qwen3-omni-flash-realtime"
    ),
    "gemini": GeminiRealtimeModel(GeminiCredential(api_key="k-0123456789-PlantedWord7"), "gemini-live"),
}
KINDS = [
    *SERVER_EVENTS,
    "error",
    "input_audio_buffer.committed",
    "input_audio_buffer.timeout_triggered",
    "response.done",
    "session.created",
    "session.updated",
]
FIELDS = ["audio_duration_ms", "audio_start_ms", "delta", "error", "item", "item_id", "response", "response_id"]
FIELDS += ["session", "start_time", "stash", "status", "text", "transcript", "usage", "name", "call_id"]
INNER = [
    "arguments",
    "call_id",
    "content",
    "expires_at",
    "id",
    "input_token_details",
    "input_tokens",
    "message",
    "name",
]
INNER += ["role", "status", "status_details", "type", "usage", "code"]
LIVE = ["goAway", "serverContent", "sessionResumptionUpdate", "setupComplete", "toolCall", "toolCallCancellation"]
LIVE += ["usageMetadata", "voiceActivity"]
LIVE_INNER = ["audioOffset", "functionCalls", "ids", "inputTranscription", "interrupted", "modelTurn", "newHandle"]
LIVE_INNER += ["outputTranscription", "promptTokenCount", "resumable", "timeLeft", "turnComplete", "voiceActivityType"]
WORDS = st.sampled_from(["message", "function_call", "assistant", "completed", "failed", "incomplete", "1s", "START"])
ANY = VALUES | WORDS
PARTS = st.dictionaries(st.sampled_from(["text", "finished", "parts", "inlineData", "name", "args", "type"]), ANY)
PART = st.one_of(ANY, PARTS, st.lists(PARTS, max_size=2), st.fixed_dictionaries({"parts": st.lists(PARTS, max_size=2)}))


def events(name: str) -> st.SearchStrategy[dict[str, Any]]:
    if name == "gemini":
        return st.dictionaries(
            st.sampled_from(LIVE), ANY | st.dictionaries(st.sampled_from(LIVE_INNER), PART), min_size=1
        )
    inner = ANY | st.dictionaries(st.sampled_from(INNER), PART)
    fields = st.dictionaries(st.sampled_from(FIELDS), inner)
    return st.builds(lambda kind, more: {**more, "type": kind}, st.sampled_from(KINDS), fields)


@pytest.mark.parametrize("name", MODELS)
def test_events(name: str) -> None:
    model = MODELS[name]
    setup = model._setup("", (), (), None, {})

    @fuzz
    @given(st.lists(events(name), min_size=1, max_size=5))
    def run(sent: list[dict[str, Any]]) -> None:
        protocol = model.codec.new_protocol(setup)
        for event in sent:
            try:
                for signal in decode_whole(protocol.receive, written(event)):
                    repr(signal)
            except ModelError as error:
                assert str(error)

    run()


@pytest.mark.parametrize("ids", [5, "c1", {"a": 1}, [None, "c1"]])
def test_what_is_no_list_of_calls(ids: object) -> None:
    model = MODELS["gemini"]
    protocol = model.codec.new_protocol(model._setup("", (), (), None, {}))
    (signal,) = protocol.receive(json.dumps({"toolCallCancellation": {"ids": ids}}))
    assert signal.ids == (("c1",) if isinstance(ids, list) else ())
