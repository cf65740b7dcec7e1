"""Two tool calls that a server puts under one id, index or text are two, and the agent answers each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from modelport.agent import Agent
from modelport.message import ToolCallBlock, ToolResultBlock
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.contract.origins import ORIGINS, Origin, Said
from tests.contract.origins.origin import Json
from tests.contract.samples.sample import sse
from tests.contract.wandering import violations

ONE, OTHER = '{"place": "{1}"}', '{"place": "2"}'
BOTH = ONE + OTHER
ARGUMENTS = [ONE, OTHER]
_CHAT = ("openai_chat", "dashscope", "deepseek", "moonshot")
_RESPONSES = ("openai_responses", "xai")


def _call(arguments: str, **fields: Any) -> Json:  # Any: JSON
    return {"id": "c1", "type": "function", "function": {"name": "gauge", "arguments": arguments}, **fields}


def _chat_stream(*deltas: Json) -> bytes:
    choices: list[Json] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
    return b"".join(sse({"id": "x", "model": "m", "choices": [choice]}) for choice in choices) + sse("[DONE]")


def _chat_body(**message: Any) -> Json:  # Any: JSON
    said = {"role": "assistant", "content": None, **message}
    return {"id": "x", "model": "m", "choices": [{"index": 0, "message": said, "finish_reason": "tool_calls"}]}


def _pieces(text: str, size: int) -> list[Json]:
    cut = [text[start : start + size] for start in range(0, len(text), size)]
    first = {"tool_calls": [_call(cut[0], index=0)]}
    return [first, *({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in cut[1:])]


CHAT: dict[str, bytes | Json] = {
    "one index, one id": _chat_stream(*({"tool_calls": [_call(each, index=0)]} for each in ARGUMENTS)),
    "one id, no index": _chat_stream(*({"tool_calls": [_call(each)]} for each in ARGUMENTS)),
    "one delta": _chat_stream({"tool_calls": [_call(each) for each in ARGUMENTS]}),
    "one text": _chat_stream({"tool_calls": [_call(BOTH, index=0)]}),
    "one text in characters": _chat_stream(*_pieces(BOTH, 1)),
    "one text in pieces": _chat_stream(*_pieces(ONE + "\n" + OTHER, 7)),
    "a body with one text": _chat_body(tool_calls=[_call(BOTH)]),
    "a body with one id": _chat_body(tool_calls=[_call(each) for each in ARGUMENTS]),
    "a body with one index": _chat_body(tool_calls=[_call(each, index=0) for each in ARGUMENTS]),
}


def _item(arguments: str, **fields: Any) -> Json:  # Any: JSON
    return {"type": "function_call", "id": "fc", "call_id": "c1", "name": "gauge", "arguments": arguments, **fields}


def _responses_body(*items: Json) -> Json:
    return {"id": "r", "model": "m", "status": "completed", "output": list(items)}


def _responses_stream(*events: Json) -> bytes:
    end = {"type": "response.completed", "response": _responses_body()}
    return b"".join(sse({"type": f"response.{event['type']}", **_rest(event)}) for event in events) + sse(end)


def _rest(event: Json) -> Json:
    return {key: value for key, value in event.items() if key != "type"}


def _announced(arguments: list[str], end: str) -> Iterator[Json]:
    """The items of calls whose arguments come in no delta, only in the events named `end`."""
    for index, text in enumerate(arguments):
        yield {"type": "output_item.added", "output_index": index, "item": _item("", id=f"fc{index}")}
        named = {"output_index": index, "item_id": f"fc{index}"}
        if end == "output_item.done":
            yield {"type": end, **named, "item": _item(text, id=f"fc{index}")}
        else:
            yield {"type": "function_call_arguments.done", **named, "name": "gauge", "arguments": text}


_DELTA: Json = {"type": "function_call_arguments.delta", "output_index": 0, "item_id": "fc"}
RESPONSES: dict[str, bytes | Json] = {
    "one call id": _responses_stream(*_announced(ARGUMENTS, "output_item.done")),
    "only the arguments' ends": _responses_stream(*_announced(ARGUMENTS, "function_call_arguments.done")),
    "one text": _responses_stream(*_announced([BOTH], "output_item.done")),
    "one text at the arguments' end": _responses_stream(*_announced([BOTH], "function_call_arguments.done")),
    "one text in deltas": _responses_stream(
        {"type": "output_item.added", "output_index": 0, "item": _item("")},
        *({**_DELTA, "delta": piece} for piece in BOTH),
        {"type": "output_item.done", "output_index": 0, "item": _item(BOTH)},
    ),
    "a body with one call id": _responses_body(*map(_item, ARGUMENTS)),
    "a body with one text": _responses_body(_item(BOTH)),
}


def _anthropic_stream(*events: Json) -> bytes:
    start = {"type": "message_start", "message": {"id": "m", "model": "m", "role": "assistant", "content": []}}
    end = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 1}}
    return b"".join(sse(event) for event in (start, *events, end, {"type": "message_stop"}))


def _block(index: int, *texts: str, stop: bool = True, **fields: Any) -> list[Json]:  # Any: JSON
    block = {"type": "tool_use", "id": "c1", "name": "gauge", "input": {}, **fields}
    deltas = [{"type": "input_json_delta", "partial_json": text} for text in texts]
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        *([{"type": "content_block_stop", "index": index}] if stop else []),
    ]


_INPUTS = [json.loads(text) for text in ARGUMENTS]
ANTHROPIC: dict[str, bytes | Json] = {
    "one id": _anthropic_stream(*_block(0, ONE), *_block(1, OTHER)),
    "one id and index": _anthropic_stream(*_block(0, ONE), *_block(0, OTHER)),
    "one id and index, no ends": _anthropic_stream(*_block(0, ONE, stop=False), *_block(0, OTHER, stop=False)),
    "whole inputs, no ends": _anthropic_stream(
        *(event for each in _INPUTS for event in _block(0, stop=False, input=each))
    ),
    "one text": _anthropic_stream(*_block(0, *BOTH)),
    "a body with one id": {
        "id": "m",
        "model": "m",
        "type": "message",
        "role": "assistant",
        "stop_reason": "tool_use",
        "content": [{"type": "tool_use", "id": "c1", "name": "gauge", "input": each} for each in _INPUTS],
    },
}
GEMINI: dict[str, bytes | Json] = {
    "a body with one id": {
        "candidates": [
            {
                "finishReason": "STOP",
                "content": {
                    "role": "model",
                    "parts": [{"functionCall": {"id": "c1", "name": "gauge", "args": each}} for each in _INPUTS],
                },
            }
        ]
    }
}


def _ollama(*arguments: Any) -> Json:  # Any: an object or a text
    calls = [{"id": "c1", "function": {"name": "gauge", "arguments": each}} for each in arguments]
    return {
        "model": "m",
        "message": {"role": "assistant", "content": "", "tool_calls": calls},
        "done": True,
        "done_reason": "stop",
    }


OLLAMA: dict[str, bytes | Json] = {
    "one id": _ollama(*_INPUTS),
    "one text": _ollama(BOTH),
    "two texts": _ollama(*ARGUMENTS),
}


def cases() -> Iterator[Any]:  # Any: pytest's parameter sets
    forms = {**dict.fromkeys(_CHAT, CHAT), **dict.fromkeys(_RESPONSES, RESPONSES)}
    forms |= {"anthropic": ANTHROPIC, "gemini": GEMINI, "ollama": OLLAMA}
    for origin in ORIGINS:
        for name, sent in forms[origin.name].items():
            yield pytest.param(origin, sent, id=f"{origin.name}: {name}")


@pytest.mark.parametrize(("origin", "sent"), [*cases()])
async def test_each_call_is_run(origin: Origin, sent: bytes | Json) -> None:
    places: list[str] = []

    async def gauge(place: str) -> str:
        places.append(place)
        return f"high at {place}"

    if isinstance(sent, bytes):
        answer = ScriptedAnswer(200, {"content-type": origin.content_type}, [sent])
    else:
        answer = ScriptedAnswer.json(sent)
    async with ScriptedServer([answer, origin.answer(Said(3, "I see."))]) as server:
        agent = Agent("pilot", origin.model(server.base_url, max_retries=0), tools=[gauge])
        reply = await agent.reply("How high?")
        bodies = [request.json() for request in server.requests]
    assert sorted(places) == ["2", "{1}"]
    calls = [block for block in reply.content if isinstance(block, ToolCallBlock)]
    results = [block for block in reply.content if isinstance(block, ToolResultBlock)]
    assert [json.loads(call.input) for call in calls] == _INPUTS
    assert len({call.id for call in calls}) == 2
    assert [result.id for result in results] == [call.id for call in calls]
    assert [violations(origin, body) for body in bodies] == [[], []]


@pytest.mark.parametrize("origin", [origin for origin in ORIGINS if origin.name in _CHAT], ids=str)
@pytest.mark.parametrize("whole", [False, True], ids=["stream", "body"])
async def test_the_form_before_tool_calls(origin: Origin, whole: bool) -> None:
    asked: list[str] = []

    def gauge(place: str) -> str:
        asked.append(place)
        return "high"

    said = {"function_call": {"name": "gauge", "arguments": OTHER}}
    pieces = [
        {"function_call": {"name": "gauge", "arguments": ""}},
        *({"function_call": {"arguments": c}} for c in OTHER),
    ]
    stream = ScriptedAnswer(200, {"content-type": origin.content_type}, [_chat_stream(*pieces)])
    answer = ScriptedAnswer.json(_chat_body(**said)) if whole else stream
    async with ScriptedServer([answer, origin.answer(Said(3, "I see."))]) as server:
        agent = Agent("pilot", origin.model(server.base_url, max_retries=0), tools=[gauge])
        reply = await agent.reply("How high?")
        assert violations(origin, server.requests[-1].json()) == []
    assert asked == ["2"]
    kinds = [block.type for block in reply.content]
    assert (kinds.count("tool_call"), kinds.count("tool_result")) == (1, 1)


@pytest.mark.parametrize("origin", [origin for origin in ORIGINS if origin.name in _CHAT], ids=str)
async def test_calls_without_arguments_under_one_id(origin: Origin) -> None:
    times: list[int] = []

    def gauge() -> str:
        times.append(1)
        return "high"

    body = _chat_body(tool_calls=[_call(""), _call("")])
    async with ScriptedServer([ScriptedAnswer.json(body), origin.answer(Said(3, "I see."))]) as server:
        await Agent("pilot", origin.model(server.base_url, max_retries=0), tools=[gauge]).reply("How high?")
        assert violations(origin, server.requests[-1].json()) == []
    assert len(times) == 2
