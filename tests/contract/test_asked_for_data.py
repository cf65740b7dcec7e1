"""Data that a caller asked for is kept in `metadata`, and goes back to its owner where the owner needs it.

Facts: docs/protocols/openai-shaped-providers.md#thinking, docs/protocols/anthropic-messages.md#unsigned-thinking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from modelport.adapters.dialects.openai_chat.profile_data import ProfileData
from modelport.adapters.dialects.openai_chat.request import OpenAIChatCodec
from modelport.adapters.openai.chat_profile import OpenAIChatFormatter
from modelport.credential import AnthropicCredential
from modelport.message import AssistantMsg, Msg, ToolResultBlock, UserMsg
from modelport.model import AnthropicChatModel, ChatModelBase, ChatResponse, ChatStream
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.contract.samples import SAMPLES, Sample, question
from tests.contract.samples.sample import sse

Json = dict[str, Any]  # Any: a provider's JSON

CHAT_COMPLETIONS = [sample for sample in SAMPLES if b'"choices"' in sample.opening[-1]]
by_chat_completions = pytest.mark.parametrize("sample", CHAT_COMPLETIONS, ids=str)
DONE = b"data: [DONE]\n\n"


def chunk(delta: Json, finish: str | None = None, **more: Any) -> Json:
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def stream(*events: Json) -> ScriptedAnswer:
    return ScriptedAnswer(200, {"content-type": "text/event-stream"}, [*map(sse, events), DONE])


async def answer_of(model: ChatModelBase, messages: list[Msg] | None = None) -> ChatResponse:
    given = await model(messages or question())
    if isinstance(given, ChatResponse):
        return given
    assert isinstance(given, ChatStream)
    return [response async for response in given][-1]


async def conversation(
    build: Callable[[str], ChatModelBase], first: ScriptedAnswer, second: ScriptedAnswer
) -> tuple[ChatResponse, list[Json]]:
    """The first answer, and the messages of the request that follows it."""
    async with ScriptedServer([first, second]) as server:
        model = build(server.base_url)
        last = await answer_of(model)
        history: list[Msg] = [*question(), AssistantMsg("assistant", last.content)]
        results = [ToolResultBlock(id=b.id, name=b.name, output="4") for b in last.content if b.type == "tool_call"]
        history += [AssistantMsg("assistant", results)] if results else []
        await answer_of(model, [*history, UserMsg("user", "Go on")])
        sent: Json = server.requests[1].json()
    return last, sent["messages"]


def assistant(messages: list[Json]) -> Json:
    return next(message for message in messages if message["role"] == "assistant")


@by_chat_completions
async def test_facts_of_chat_completions(sample: Sample) -> None:
    tokens = [{"token": word, "logprob": -0.5} for word in ("Hello", " world")]
    events = [chunk({"content": token["token"]}, system_fingerprint="fp_1") for token in tokens]
    for event, token in zip(events, tokens, strict=True):
        event["choices"][0]["logprobs"] = {"content": [token], "refusal": None}
    events.append(chunk({}, "stop", service_tier="flex"))
    async with ScriptedServer([stream(*events)]) as server:
        last = await answer_of(sample.model(server.base_url))
    assert last.metadata["logprobs"] == tokens
    assert (last.metadata["service_tier"], last.metadata["system_fingerprint"]) == ("flex", "fp_1")
    choice = {
        "index": 0,
        "message": {"content": "Hello world"},
        "finish_reason": "stop",
        "logprobs": {"content": tokens},
    }
    body = {"choices": [choice], "service_tier": "flex", "system_fingerprint": "fp_1"}
    async with ScriptedServer([ScriptedAnswer.json(body)]) as server:
        whole = await answer_of(sample.model(server.base_url, stream=False))
    assert whole.metadata == last.metadata


@by_chat_completions
async def test_further_choices_are_counted_with_a_warning(sample: Sample) -> None:
    events = [chunk({"content": "Hello"}), chunk({"content": "Bye"}), chunk({"content": "Hi"}), chunk({}, "stop")]
    events[1]["choices"][0]["index"], events[2]["choices"][0]["index"] = 1, 2
    async with ScriptedServer([stream(*events)]) as server:
        last = await answer_of(sample.model(server.base_url))
    assert (last.text, last.metadata["choices"]) == ("Hello", 3)
    assert last.warnings[-1].setting == "n"


@by_chat_completions
async def test_a_message_next_to_an_empty_delta_keeps_its_text(sample: Sample) -> None:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}
    for delta in ({}, {"role": "assistant", "content": ""}, None):
        async with ScriptedServer([ScriptedAnswer.json({"choices": [{**choice, "delta": delta}]})]) as server:
            assert (await answer_of(sample.model(server.base_url, stream=False))).text == "Hello"
    growing = []
    for so_far, piece in (("", ""), ("Hel", "Hel"), ("Hello", "lo"), ("Hello", "")):
        growing.append(chunk({"role": "assistant", "content": piece}))
        growing[-1]["choices"][0]["message"] = {"role": "assistant", "content": so_far}
    async with ScriptedServer([stream(*growing, chunk({}, "stop"))]) as server:
        assert (await answer_of(sample.model(server.base_url))).text == "Hello"


@by_chat_completions
async def test_calls_without_a_reason_are_tool_calls(sample: Sample) -> None:
    call = {"index": 0, "id": "call_1", "function": {"name": "f", "arguments": "{}"}}
    async with ScriptedServer([stream(chunk({"tool_calls": [call]}))]) as server:
        last = await answer_of(sample.model(server.base_url))
    assert last.finish_reason == "tool_calls" and last.raw_finish_reason is None


DETAILS = [
    {"type": "reasoning.text", "index": 0, "id": "r", "format": "anthropic-claude-v1", "text": "Let me "},
    {"type": "reasoning.text", "index": 0, "text": "think", "signature": None},
    {"type": "reasoning.text", "index": 0, "signature": "SIG"},
    {"type": "reasoning.encrypted", "index": 1, "data": "blob"},
]
MERGED = [
    {"type": "reasoning.text", "index": 0, "id": "r", "format": "anthropic-claude-v1", "text": "Let me think",
     "signature": "SIG"},
    {"type": "reasoning.encrypted", "index": 1, "data": "blob"},
]  # fmt: skip


@pytest.mark.parametrize("said_twice", [True, False])
@by_chat_completions
async def test_reasoning_details_go_back_as_they_came(sample: Sample, said_twice: bool) -> None:
    events = []
    for entry in DETAILS:
        plain = {"reasoning": entry.get("text")} if said_twice and entry.get("text") else {}
        events.append(chunk({"content": "", "reasoning_details": [entry], **plain}))
    ending = [chunk({"content": "Hello"}), chunk({}, "stop")]
    last, messages = await conversation(sample.model, stream(*events, *ending), stream(*ending))
    assert [block.thinking for block in last.content if block.type == "thinking"] == ["Let me think"]
    assert last.metadata["reasoning_details"] == MERGED
    assert assistant(messages)["reasoning_details"] == MERGED
    assert "thinking" not in {warning.setting for warning in last.warnings}


@by_chat_completions
async def test_encrypted_reasoning_alone_goes_back(sample: Sample) -> None:
    ending = [chunk({"content": "Hello"}), chunk({}, "stop")]
    first = stream(chunk({"reasoning_details": [DETAILS[3]]}), *ending)
    _, messages = await conversation(sample.model, first, stream(*ending))
    assert assistant(messages)["reasoning_details"] == [DETAILS[3]]


@pytest.mark.parametrize("late", [True, False])
@by_chat_completions
async def test_signatures_of_calls_go_back(sample: Sample, late: bool) -> None:
    extra = {"google": {"thought_signature": "SIG"}}
    call: Json = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    events = [chunk({"tool_calls": [call if late else {**call, "extra_content": extra}]})]
    events += [chunk({"tool_calls": [{"index": 0, "extra_content": extra}]})] if late else []
    _, messages = await conversation(
        sample.model, stream(*events, chunk({}, "tool_calls")), stream(chunk({"content": "4"}), chunk({}, "stop"))
    )
    assert [call.get("extra_content") for call in assistant(messages)["tool_calls"]] == [extra]


@by_chat_completions
async def test_signatures_of_texts_go_back(sample: Sample) -> None:
    extra = {"google": {"thought_signature": "SIG"}}
    ending = [chunk({"content": "Hello", "extra_content": extra}), chunk({}, "stop")]
    _, messages = await conversation(sample.model, stream(*ending), stream(*ending))
    assert assistant(messages)["extra_content"] == extra


THINKING: Json = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me think"}]}
HELLO: Json = {"type": "text", "text": "Hello"}
TAGGED = "<think>\nLet me think\n</think>\n\nHello"


@pytest.mark.parametrize(
    ("form", "written", "sent"),
    [
        ("field", {"reasoning_content": "Let me think", "content": "Hello"}, ("Hello", "Let me think")),
        ("tags", {"content": TAGGED}, (TAGGED, None)),
        ("parts", {"content": [{**THINKING, "closed": True}, HELLO]}, ([THINKING, HELLO], None)),
    ],
)
async def test_reasoning_goes_back_in_the_form_of_the_profile(form: Any, written: Json, sent: Any) -> None:
    profile = replace(ProfileData(reasoning_form=form, replay_reasoning="always").profile("openai"))

    def build(url: str) -> ChatModelBase:
        made = type("Formatter", (OpenAIChatFormatter,), {"profile": profile})
        model = CHAT_COMPLETIONS[0].model(url, formatter=made())
        model.codec = OpenAIChatCodec(profile)  # type: ignore[attr-defined]  # of a model over HTTP
        model.card_checks = "off"
        return model

    ending = stream(chunk(written), chunk({}, "stop"))
    last, messages = await conversation(build, ending, ending)
    assert [block.thinking for block in last.content if block.type == "thinking"] == ["Let me think"]
    assert last.text == "Hello"
    assert (assistant(messages)["content"], assistant(messages).get("reasoning_content")) == sent


def unsigned(signature: str | None) -> ScriptedAnswer:
    thinking = {"type": "thinking", "thinking": "Let me think"}
    content = [
        thinking if signature is None else {**thinking, "signature": signature},
        {"type": "text", "text": "Hello"},
    ]
    return ScriptedAnswer.json({"id": "m", "model": "x", "content": content, "stop_reason": "end_turn"})


@pytest.mark.parametrize("signature", [None, ""])
async def test_unsigned_thinking_goes_back_to_a_server_that_wrote_it(signature: str | None) -> None:
    def build(url: str) -> ChatModelBase:
        return AnthropicChatModel(
            AnthropicCredential(api_key="k-PlantedWord7" * 9, base_url=url), "some-model", stream=False
        )

    last, messages = await conversation(build, unsigned(signature), unsigned(signature))
    assert [block.type for block in last.content] == ["thinking", "text"]
    assert assistant(messages)["content"][0] == {"type": "thinking", "thinking": "Let me think", "signature": ""}


def test_claude_gets_no_unsigned_thinking() -> None:
    from modelport.adapters.anthropic.thinking_replay import without_unsigned

    thought = {"type": "thinking", "thinking": "Let me think", "signature": ""}
    said = {"type": "text", "text": "Hello"}
    messages = [{"role": "assistant", "content": [thought, said]}]
    for url in ("https://api.anthropic.com", "https://bedrock-runtime.eu-west-1.amazonaws.com"):
        kept, warnings = without_unsigned(messages, url)
        assert kept == [{"role": "assistant", "content": [said]}]
        assert [warning.setting for warning in warnings] == ["thinking"]
    assert without_unsigned(messages, "https://api.deepseek.com/anthropic") == (messages, [])
