"""Text is well-formed at both borders: what servers cut is joined, and what UTF-8 cannot write is never sent."""

from __future__ import annotations

import json
import os
import re

import pytest
from pydantic import TypeAdapter

from modelport.message import AssistantMsg, Msg, SystemMsg, TextBlock, ToolCallBlock, ToolResultBlock, UserMsg
from modelport.model import ChatResponse, ChatStream
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.cassettes import ask
from tests.contract.origins import ORIGINS, Origin
from tests.contract.samples import OPENAI, SAMPLES, Sample, question
from tests.contract.wandering import go_on, violations

FACE = "\U0001f600"
FILE_NAME = os.fsdecode(b"caf\xe9.txt")
CUT: dict[str, tuple[str, str, str]] = {
    "halves in two events": (r"a\ud83d", r"\ude00b", f"a{FACE}b"),
    "a first half alone": (r"a\ud83d", " world", "a\ufffd world"),
    "a second half alone": ("Hello", r"\ude00b", "Hello\ufffdb"),
    "a first half at the end": ("Hello", r" b\ud83d", "Hello b\ufffd"),
    "half of one and a whole other": (r"a\ud83d", r"\ud83d\ude00", f"a\ufffd{FACE}"),
    "halves the wrong way round": (r"\ude00", r"\ud83d", "\ufffd\ufffd"),
}

every_cut = pytest.mark.parametrize(("first", "second", "whole"), CUT.values(), ids=list(CUT))
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=str)
every_target = pytest.mark.parametrize("target", ORIGINS, ids=str)


def cut(data: bytes, first: str, second: str) -> bytes:
    """The sample's words replaced, as escapes of its JSON."""
    text = data.decode().replace("Hello world", first + second)
    return text.replace('"Hello"', f'"{first}"').replace('" world"', f'"{second}"').encode()


FACT = re.compile(rb'("(?:id|item_id|model|modelVersion|responseId|system_fingerprint|name|service_tier)": "[^"]*)"')
"""Short facts of an answer: ids, names and the like."""


def storable(response: ChatResponse) -> str:
    message = AssistantMsg("bot", list(response.content), metadata=dict(response.metadata))
    return Msg.model_validate_json(message.model_dump_json()).get_text_content("") or ""


@every_sample
@every_cut
@pytest.mark.parametrize("together", [False, True], ids=["apart", "together"])
async def test_streams(sample: Sample, first: str, second: str, whole: str, together: bool) -> None:
    events = [cut(event, first, second) for event in (*sample.opening, *sample.ending)]
    async with ScriptedServer([sample.stream(*([b"".join(events)] if together else events))]) as server:
        stream = await sample.model(server.base_url)(question())
        assert isinstance(stream, ChatStream)
        steps = [step async for step in stream]
    assert steps[-1].text == storable(steps[-1]) == whole
    assert "".join(step.text for step in steps[:-1]) == whole
    for step in steps:
        step.text.encode()


@every_sample
@every_cut
async def test_whole_answers(sample: Sample, first: str, second: str, whole: str) -> None:
    body = cut(json.dumps(sample.body).encode(), first, second)
    answer = ScriptedAnswer(200, {"content-type": "application/json"}, [body])
    async with ScriptedServer([answer]) as server:
        response = await sample.model(server.base_url, stream=False)(question())
    assert isinstance(response, ChatResponse)
    assert response.text == storable(response) == whole


@every_target
@pytest.mark.parametrize("grouped", [False, True], ids=["chat", "multi-agent"])
async def test_requests(target: Origin, grouped: bool) -> None:
    """The server of these tests reads the body as UTF-8."""
    call = ToolCallBlock(id="c1", name="list", input=json.dumps({"like": FILE_NAME}))
    history = [
        SystemMsg("system", f"Read {FILE_NAME}."),
        UserMsg("user", [TextBlock(text=f"List {FILE_NAME} \ud83d\ude00")]),
        AssistantMsg("pilot", [call, ToolResultBlock(id="c1", name="list", output=FILE_NAME)]),
        UserMsg("user", "Well?"),
    ]
    history[1].content[0] = TextBlock(text=f"List {FILE_NAME} \ud83d\ude00")  # messages can be changed
    body, _ = await go_on(target, history, formatter=target.multi_agent() if grouped else None)
    text = json.dumps(body, ensure_ascii=False)
    assert violations(target, body) == []
    assert f"List caf\ufffd.txt {FACE}" in text and text.encode()


def test_messages_can_always_be_stored() -> None:
    text = TextBlock(text="a\ud83d")
    call = ToolCallBlock(id="c\udce9", name="f", input="\ude00")
    message = AssistantMsg(
        "bo\ud83dt", [text, call], metadata={"k\udce9": ["\ud83d\ude00", 1]}, structured_output={"x": {"y": "\ud83d"}}
    )
    stored = Msg.model_validate_json(message.model_dump_json())
    assert stored == message and stored.name == "bo\ufffdt"
    assert stored.get_text_content() == "a\ufffd" and text.text == "a\ud83d", "the caller's block is not changed"
    assert stored.metadata == {"k\ufffd": [FACE, 1]} and stored.structured_output == {"x": {"y": "\ufffd"}}


@every_sample
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_facts_of_an_answer(sample: Sample, stream: bool) -> None:
    """Ids, names of models and what is kept in metadata: nothing of a response holds a lone surrogate."""
    damaged = [FACT.sub(rb'\1\\ud83d"', event) for event in (*sample.opening, *sample.ending)]
    body = FACT.sub(rb'\1\\ud83d"', json.dumps(sample.body).encode())
    answer = sample.stream(*damaged) if stream else ScriptedAnswer.whole(body, "application/json")
    async with ScriptedServer([answer]) as server:
        given = await sample.model(server.base_url, stream=stream)(question())
        steps = [given] if isinstance(given, ChatResponse) else [step async for step in given]
    assert steps[-1].text == storable(steps[-1]) == "Hello world"
    for step in steps:
        json.dumps(TypeAdapter(ChatResponse).dump_python(step), ensure_ascii=False, default=str).encode()


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_names_and_ids_of_calls(stream: bool) -> None:
    call = {"id": "c\ud83d", "type": "function", "function": {"name": "g\udc00", "arguments": "{}"}}
    said = {"role": "assistant", "content": None, "tool_calls": [{"index": 0, **call}]}
    choice = {"index": 0, "delta" if stream else "message": said, "finish_reason": "tool_calls"}
    answer = json.dumps({"id": "r", "choices": [choice]})
    async with ScriptedServer(
        [ScriptedAnswer.sse(answer) if stream else ScriptedAnswer.json(json.loads(answer))]
    ) as server:
        response = await ask(OPENAI.model(server.base_url, stream=stream), question())
    (block,) = response.content
    assert isinstance(block, ToolCallBlock)
    assert (block.id, block.name, block.input) == ("c\ufffd", "g\ufffd", "{}")


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("ids", [["c\ud83d", "c\ud83e", "c\ufffd"], ["c\ufffd", "c\udc00", "c\udc01"]])
async def test_ids_that_differ_in_half_a_character_stay_apart(ids: list[str], stream: bool) -> None:
    calls = [
        {"index": place, "id": each, "type": "function", "function": {"name": "f", "arguments": f'{{"n": {place}}}'}}
        for place, each in enumerate(ids)
    ]
    answers = [[call] for call in calls] if stream else [calls]
    events = [
        json.dumps({"id": "r", "choices": [{"index": 0, "delta" if stream else "message": {"tool_calls": said}}]})
        for said in answers
    ]
    end = json.dumps({"id": "r", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    whole = {**json.loads(events[0])}
    whole["choices"][0]["finish_reason"] = "tool_calls"
    answer = ScriptedAnswer.sse(*events, end) if stream else ScriptedAnswer.json(whole)
    async with ScriptedServer([answer]) as server:
        response = await ask(OPENAI.model(server.base_url, stream=stream), question())
    found = [block for block in response.content if isinstance(block, ToolCallBlock)]
    assert [json.loads(block.input)["n"] for block in found] == [0, 1, 2]
    assert len({block.id for block in found}) == 3 and found[0].id == "c\ufffd"
