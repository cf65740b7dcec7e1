"""The made-up providers answer every class, whatever it asks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from modelport.application.chat.model import ChatModelBase
from modelport.application.embedding.model import EmbeddingModelBase
from modelport.credential import DashScopeCredential, GeminiCredential, OllamaCredential, OpenAICredential
from modelport.embedding import (
    DashScopeEmbeddingModel,
    GeminiEmbeddingModel,
    OllamaEmbeddingModel,
    OpenAIEmbeddingModel,
)
from modelport.error import UnsupportedFeatureError
from modelport.message import AssistantMsg, Msg, ToolCallBlock, ToolResultBlock, UserMsg
from modelport.model import ChatResponse, FinishReason
from modelport.testing import ScriptedServer, offline_providers
from modelport.testing.providers.example import example
from modelport.tool import ToolChoice
from modelport.tts import (
    DashScopeCosyVoiceRealtimeTTSModel,
    DashScopeRealtimeTTSModel,
    DashScopeTTSModel,
    TTSModelBase,
    TTSResponse,
)
from tests.contract.samples import SAMPLES, Sample

KEY = "sk-secret-key-PlantedWord7"
QUESTION = [UserMsg("user", "What is the weather?")]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tell the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CLOCK = {"type": "function", "function": {"name": "clock", "description": "", "parameters": {"type": "object"}}}


@pytest.fixture(autouse=True)
def server() -> Iterator[ScriptedServer]:
    with offline_providers() as server:
        yield server


async def whole(model: ChatModelBase, messages: list[Msg] = QUESTION, **options: Any) -> ChatResponse:
    answer = await model(messages, **options)
    if isinstance(answer, ChatResponse):
        return answer
    deltas = [response async for response in answer]
    assert len(deltas) > 1
    return deltas[-1]


def calls(response: ChatResponse) -> list[tuple[str, Any]]:
    blocks = [block for block in response.content if isinstance(block, ToolCallBlock)]
    return [(block.name, json.loads(block.input)) for block in blocks]


each_class = pytest.mark.parametrize("sample", SAMPLES, ids=str)
each_way = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@each_class
@each_way
async def test_text(sample: Sample, stream: bool) -> None:
    response = await whole(sample.model("https://provider.example", stream=stream))
    assert (response.text, response.finish_reason) == ("You said: What is the weather?", FinishReason.STOP)
    assert response.usage is not None and response.usage.input_tokens > 0 and response.usage.output_tokens > 0


@each_class
@each_way
async def test_tools(sample: Sample, stream: bool) -> None:
    model = sample.model("https://provider.example", stream=stream)
    response = await whole(model, tools=[WEATHER, CLOCK])
    assert calls(response) == [("weather", {"city": "text"})] and response.finish_reason is FinishReason.TOOL_CALLS
    call = next(block for block in response.content if isinstance(block, ToolCallBlock))
    result = ToolResultBlock(id=call.id, name=call.name, output="Sunny")
    history = [*QUESTION, AssistantMsg("assistant", [*response.content, result])]
    assert (await whole(model, history, tools=[WEATHER, CLOCK])).text.startswith("You said")
    facts, thinking = model.card.tool_choice, model.card.thinking
    free = facts.with_thinking or thinking is None or thinking.can_disable
    for mode, possible in (("clock", facts.named), ("required", facts.required)):
        asked = whole(model, history, tools=[WEATHER, CLOCK], tool_choice=ToolChoice(mode))
        if possible and free:
            assert [name for name, _ in calls(await asked)] == ["clock" if mode == "clock" else "weather"]
        else:
            with pytest.raises(UnsupportedFeatureError):
                await asked
    assert (await whole(model, tools=[WEATHER], tool_choice=ToolChoice("none"))).text


class Colour(Enum):
    RED = "red"


class Day(BaseModel):
    name: str = Field(min_length=2)
    high: float = Field(ge=-90, le=60)
    wind: int | None = None


class Forecast(BaseModel):
    city: str
    kind: Literal["daily", "weekly"]
    days: list[Day] = Field(min_length=2)
    colour: Colour
    sure: bool


@each_class
@each_way
async def test_structured_output(sample: Sample, stream: bool) -> None:
    model = sample.model("https://provider.example", stream=stream)
    response = await model.generate_structured_output(QUESTION, Forecast)
    assert type(response.value) is Forecast
    assert len(response.value.days) == 2
    assert len(response.attempts) == 1, "the first way that was asked served"


@each_class
async def test_structured_output_in_words_alone(sample: Sample) -> None:
    model = sample.model("https://provider.example", stream=False)
    response = await model.generate_structured_output(QUESTION, Forecast, tools=[CLOCK], tool_choice=ToolChoice("none"))
    assert isinstance(response.value, Forecast)


@each_class
async def test_counting(sample: Sample) -> None:
    assert (await sample.model("https://provider.example").count_tokens(QUESTION, exact=True)).tokens > 0


def embedding(cls: Any, credential: Any, model: str) -> Callable[..., EmbeddingModelBase[Any]]:
    return lambda **options: cls(credential, model, **options)


EMBEDDINGS = [
    embedding(OpenAIEmbeddingModel, OpenAICredential(api_key=KEY), "text-embedding-3-small"),
    embedding(DashScopeEmbeddingModel, DashScopeCredential(api_key=KEY), "text-embedding-v4"),
    embedding(DashScopeEmbeddingModel, DashScopeCredential(api_key=KEY), "qwen3-vl-embedding"),
    embedding(GeminiEmbeddingModel, GeminiCredential(api_key=KEY), "gemini-embedding-001"),
    embedding(OllamaEmbeddingModel, OllamaCredential(), "nomic-embed-text"),
]


@pytest.mark.parametrize("build", EMBEDDINGS)
async def test_embeddings(build: Callable[..., EmbeddingModelBase[Any]]) -> None:
    texts = [f"text {number}" for number in range(25)]
    model = build()
    response = await model(texts)
    assert len(response.embeddings) == 25
    assert response.usage is not None and response.usage.tokens > 0
    again = await model(texts[::-1])
    assert response.embeddings[3] == again.embeddings[-4] != response.embeddings[4]
    small = build(parameters=model.Parameters(dimensions=256))
    assert (await small(texts[:2])).array.shape == (2, 256)


@each_way
async def test_speech(stream: bool) -> None:
    model = DashScopeTTSModel(DashScopeCredential(api_key=KEY), "qwen3-tts-flash", stream=stream)
    answer = await model.synthesize("Hello you")
    last = answer if isinstance(answer, TTSResponse) else [step async for step in answer][-1]
    assert last.is_last and last.usage is not None and last.usage.characters == 9


REALTIME: list[tuple[type[TTSModelBase], str]] = [
    (DashScopeRealtimeTTSModel, "qwen3-tts-flash-realtime"),
    (DashScopeCosyVoiceRealtimeTTSModel, "cosyvoice-v3-flash"),
    (DashScopeCosyVoiceRealtimeTTSModel, "sambert-zhichu-v1"),
]


@each_way
@pytest.mark.parametrize(("cls", "name"), REALTIME)
async def test_realtime_speech(cls: type[TTSModelBase], name: str, stream: bool) -> None:
    """Twice on one connection, each character of the text 20 milliseconds."""
    model = cls(DashScopeCredential(api_key=KEY), name, stream=stream)
    async with model:
        for _ in range(2):
            responses = [await model.push("Hello you. "), await model.push("And ")]
            answer = await model.synthesize("bye")
            responses += [answer] if isinstance(answer, TTSResponse) else [step async for step in answer]
            assert responses[-1].is_last and responses[-1].usage is not None
            assert responses[-1].usage.characters == 18
            blocks = [response.content for response in responses if response.content is not None]
            sound = b"".join(base64.b64decode(block.source.data) for block in blocks)  # type: ignore[union-attr]  # base64 all
            headers = 1 if stream or len(blocks) == 1 else 2
            assert len(sound) == 44 * headers + 2 * 480 * 18


async def test_what_no_provider_understands(server: ScriptedServer) -> None:
    import httpx

    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.post(server.base_url + "/v1/nothing", json={})).status_code == 404
        for body in ("{}", "[]", "no JSON"):
            answer = await client.post(server.base_url + "/v1/chat/completions", content=body)
            assert answer.status_code == 400 and "error" in answer.json()


NUMBERS, SIZES = st.integers(-9, 9), st.integers(0, 9)


def numbers(kind: str, low: int, more: int) -> dict[str, Any]:
    return {"type": kind, "minimum": low, "maximum": low + more}


def between(low: int, more: int) -> dict[str, Any]:
    return {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + more + 1}


def strings(low: int, more: int) -> dict[str, Any]:
    return {"type": "string", "minLength": low, "maxLength": low + more}


SCHEMAS = st.recursive(
    st.one_of(
        st.builds(numbers, st.sampled_from(["integer", "number"]), NUMBERS, SIZES),
        st.builds(between, NUMBERS, SIZES),
        st.builds(strings, SIZES, SIZES),
        st.builds(lambda low: {"type": "integer", "exclusiveMinimum": low}, NUMBERS),
        st.builds(lambda high: {"type": "number", "maximum": high}, NUMBERS),
        st.builds(lambda low, step: {"type": "integer", "minimum": low, "multipleOf": step + 1}, NUMBERS, SIZES),
        st.sampled_from([{"enum": ["a", "b"]}, {"const": 7}, {"type": ["null", "boolean"]}, {"type": "null"}]),
    ),
    lambda inner: st.one_of(
        st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 3)),
        st.builds(lambda one, other: {"anyOf": [{"type": "null"}, one, other]}, inner, inner),
        st.builds(
            lambda one, other: {"type": "object", "properties": {"one": one, "other": other}, "required": ["one"]},
            inner,
            inner,
        ),
        st.builds(
            lambda one, other: {
                "allOf": [{"type": "object", "properties": {"a": one}}, {"properties": {"b": other}, "required": ["b"]}]
            },
            inner,
            inner,
        ),
    ),
    max_leaves=8,
)


@given(SCHEMAS)
def test_examples_fit_their_schemas(schema: dict[str, Any]) -> None:
    jsonschema.validate(example(schema), schema)


def test_an_example_of_a_schema_that_refers_to_itself() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#/$defs/tree"}, "name": {"type": "string"}}}
    schema = {"$ref": "#/$defs/tree", "$defs": {"tree": {**tree, "required": ["name"]}}}
    jsonschema.validate(example(schema), schema)


def test_an_example_of_a_schema_that_needs_itself_or_null() -> None:
    again = {"anyOf": [{"$ref": "#"}, {"type": "null"}]}
    schema = {"type": "object", "properties": {"next": again}, "required": ["next"], "additionalProperties": False}
    jsonschema.validate(example(schema), schema)
