"""Responses are values: a step of a stream can be copied, stored and sent to another process like the last one."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from modelport.embedding import EmbeddingResponse, EmbeddingUsage
from modelport.message import ContentBlock, TextBlock, ThinkingBlock, ToolCallBlock
from modelport.model import ChatResponse, ChatUsage, FinishReason, ModelCard, ModelWarning, StructuredResponse
from modelport.stt import Transcript, TranscriptSegment, TranscriptUsage
from modelport.tts import TTSResponse, TTSUsage

STEP = ChatResponse([TextBlock(id="t", text="hi")], is_last=False, id="r", created_at="now")


def test_a_step_can_be_copied_and_stored() -> None:
    assert dataclasses.asdict(STEP)["metadata"] == {}
    for again in (copy.deepcopy(STEP), pickle.loads(pickle.dumps(STEP))):
        assert again.text == "hi" and again.metadata == {} and type(again.metadata) is dict
    assert json.dumps(STEP.metadata) == "{}"
    assert STEP.metadata == {}


def test_what_steps_share_cannot_be_changed() -> None:
    shared: dict[str, int] = STEP.metadata  # type: ignore[assignment]  # what a caller does who heeds no types
    with pytest.raises(TypeError, match="step"):
        shared["mine"] = 1
    with pytest.raises(TypeError, match="step"):
        shared.update(mine=1)
    with pytest.raises(TypeError, match="step"):
        shared |= {"mine": 1}
    with pytest.raises(TypeError, match="step"):
        shared.setdefault("mine", 1)
    assert ChatResponse([]).metadata == {}


def answer() -> ChatResponse:
    blocks: list[ContentBlock] = [
        ThinkingBlock(thinking="Hm. "),
        ThinkingBlock(thinking="Yes."),
        TextBlock(text="Hello <b>there</b>"),
        ToolCallBlock(id="c1", name="look", input='{"place": "Rome"}'),
    ]
    usage = ChatUsage(input_tokens=12, output_tokens=7, cache_input_tokens=3, raw={"secret": 1})
    return ChatResponse(blocks, usage=usage, provider="p", model="m", finish_reason=FinishReason.TOOL_CALLS)


def test_the_parts_of_a_response() -> None:
    response = answer()
    assert response.text == "Hello <b>there</b>" and response.thinking == "Hm. Yes."
    assert [(call.name, call.arguments, call.input) for call in response.tool_calls] == [
        ("look", {"place": "Rome"}, '{"place": "Rome"}')
    ]


@pytest.mark.parametrize("text", ['{"a": ', "[1]", "[" * 100_000])
def test_arguments_that_are_no_object_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the arguments of look"):
        _ = ToolCallBlock(id="c", name="look", input=text).arguments
    assert ToolCallBlock(id="c", name="look", input=" ").arguments == {}


def test_a_response_becomes_a_message() -> None:
    message = answer().to_message("bot")
    assert (message.name, message.role, message.finish_reason) == ("bot", "assistant", "tool_calls")
    assert message.content == answer_content(message.content) and message.finished_at
    assert message.usage is not None and (message.usage.input_tokens, message.usage.cache_input_tokens) == (12, 3)
    assert ChatResponse([TextBlock(text="a")]).to_message().usage is None


def answer_content(like: list[ContentBlock]) -> list[ContentBlock]:
    """The content of `answer()` with the ids and times of those blocks."""
    return [
        block.model_copy(update={"id": other.id, "created_at": other.created_at})
        for block, other in zip(answer().content, like, strict=True)
    ]


def test_one_line_of_each() -> None:
    assert repr(answer()) == (
        "<ChatResponse 'Hello <b>there</b>', thinking × 2, tool_call × 1, tool_calls, tokens: 12 in, 7 out, p/m>"
    )
    assert (
        repr(ChatResponse([TextBlock(text="a" * 100)], is_last=False)) == f"<ChatResponse '{'a' * 60}'…, not the last>"
    )
    vectors = EmbeddingResponse([[1.0, 2.0]], usage=EmbeddingUsage(tokens=4), provider="p", model="m")
    assert repr(vectors) == "<EmbeddingResponse <EmbeddingVectors: 1 of size 2>, api, p/m, tokens: 4>"
    card = ModelCard(name="m", label="M <i>", context_size=1000, output_size=None)
    assert repr(card).startswith("<ModelCard 'm': kind='chat', context_size=1000,") and "\n" not in repr(card)


def test_tables_for_notebooks_are_escaped() -> None:
    card = ModelCard(name="m", label="M <i>", context_size=1000, output_size=None)
    assert "M &lt;i&gt; (m)" in card._repr_html_() and "<td style='text-align:left'>1000</td>" in card._repr_html_()
    usage = answer().usage
    assert usage is not None and ">12</td>" in usage._repr_html_() and "secret" not in usage._repr_html_()
    assert "&lt;EmbeddingVectors: 1 of size 1&gt;" in EmbeddingResponse([[1.0]])._repr_html_()
    blocks: list[ContentBlock] = [
        ThinkingBlock(thinking="hm"),
        TextBlock(text="<b>"),
        ToolCallBlock(id="c", name="look", input="{}"),
    ]
    response = ChatResponse(blocks, warnings=[ModelWarning("dropped", "seed", "seed was not sent")], model="m")
    shown = response._repr_html_()
    assert all(text in shown for text in ("hm", "&lt;b&gt;", "look {}", "seed: seed was not sent", "/m</b>"))


def test_rich_shows_a_card_without_its_schema() -> None:
    card = ModelCard(name="m", label="M", context_size=1000, output_size=None)
    console = Console(file=StringIO(), width=200)
    console.print(card)
    assert console.file.getvalue() == (  # type: ignore[attr-defined]
        "ModelCard('m', kind='chat', context_size=1000, takes='text/plain', gives='text/plain', tools=True)\n"
    )


def test_a_structured_answer_is_one_short_line() -> None:
    answer = StructuredResponse({"text": "x" * 1000}, strategy="native_schema", usage=ChatUsage(7, 2))
    assert repr(answer).endswith("…, native_schema, tokens: 7 in, 2 out>") and len(repr(answer)) < 200
    assert repr(StructuredResponse({"a": 1}, is_last=False)) == "<StructuredResponse {'a': 1}, not the last>"


def test_a_card_and_a_transcript_are_one_short_line_also_when_printed() -> None:
    card = ModelCard.permissive("m", {})
    assert str(card) == repr(card) and str(card).startswith("<ModelCard 'm': ")
    said = [TranscriptSegment("Hello.", 0, 900)] * 500
    transcript = Transcript("Hello. " * 500, said, duration_ms=450_000, provider="openai", model="whisper-1")
    assert repr(transcript).endswith("…, 500 segments, 450000 ms, openai/whisper-1>") and len(repr(transcript)) < 200
    assert repr(Transcript("Hi.", is_last=False)) == "<Transcript 'Hi.', not the last>"


@pytest.mark.parametrize(
    ("read", "name", "value"),
    [
        (ChatResponse([], id="r"), "id", "r"),
        (StructuredResponse({"a": 1}), "content", {"a": 1}),
        (TTSResponse(id="r"), "content", None),
        (Transcript("Hi."), "text", "Hi."),
        (EmbeddingResponse([[1.0]]), "embeddings", [[1.0]]),
        (ChatUsage(7, 2), "input_tokens", 7),
        (TTSUsage(characters=3), "characters", 3),
        (TranscriptUsage(seconds=2.0), "seconds", 2.0),
        (EmbeddingUsage(tokens=5), "tokens", 5),
    ],
)
def test_fields_of_responses_and_usages_are_read_by_name_too(read: Any, name: str, value: object) -> None:
    assert read[name] == value and read.get(name) == value and name in read
    assert dict(read).keys() == dict(read.items()).keys() == set(read.keys()) and len(read.values()) == len(read.keys())
    assert "nothing" not in read and read.get("nothing", 3) == 3
    with pytest.raises(KeyError, match="nothing"):
        read["nothing"]
    again = pickle.loads(pickle.dumps(read))
    assert again[name] == value and not hasattr(again, "__dict__")
