"""Bytes in, values out: however the network cuts them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.domain.message.responses import ChatResponse
from modelport.error import (
    ContextLengthError,
    ModelError,
    OverloadedError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from modelport.message import ThinkingBlock, ToolCallBlock
from tests.adapters.anthropic.wire import Json, body_of, decode, encode, sse, text_stream, tool

USAGE = {"input_tokens": 9, "cache_creation_input_tokens": 40, "cache_read_input_tokens": 200, "output_tokens": 2}
START: Json = {"type": "message_start", "message": {"id": "msg_7", "model": "claude-x", "content": [], "usage": USAGE}}
STOP: Json = {"type": "message_stop"}
PING: Json = {"type": "ping"}


def begin(index: int, kind: str, **fields: Any) -> Json:  # Any: JSON
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **fields}}


def more(index: int, kind: str, **fields: Any) -> Json:  # Any: JSON
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def close(index: int) -> Json:
    return {"type": "content_block_stop", "index": index}


def ended(reason: str, **usage: Any) -> list[Json]:  # Any: JSON
    return [{"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}, STOP]


EVERYTHING = [
    START,
    begin(0, "thinking", thinking="", signature=""),
    PING,
    more(0, "thinking_delta", thinking="Erst über "),
    more(0, "thinking_delta", thinking="legen… 思考"),
    more(0, "signature_delta", signature="c2ln"),
    close(0),
    begin(1, "redacted_thinking", data="cmVk"),
    close(1),
    begin(2, "text", text=""),
    more(2, "text_delta", text="Ich frage\u2028nach 🙂."),
    close(2),
    begin(3, "server_tool_use", id="srvtoolu_1", name="web_search", input={}),
    more(3, "input_json_delta", partial_json=""),
    more(3, "input_json_delta", partial_json='{"query": "t'),
    more(3, "input_json_delta", partial_json='ide"}'),
    close(3),
    begin(4, "web_search_tool_result", tool_use_id="srvtoolu_1", content=[{"type": "web_search_result", "url": "u"}]),
    close(4),
    begin(5, "text", text="", citations=[]),
    more(5, "text_delta", text="It rises "),
    more(5, "citations_delta", citation={"type": "web_search_result_location", "url": "u"}),
    close(5),
    begin(6, "text", text=""),
    more(6, "text_delta", text="at noon."),
    close(6),
    begin(7, "tool_use", id="toolu_1", name="note_dc1ba0a3", input={}),
    more(7, "input_json_delta", partial_json=""),
    more(7, "input_json_delta", partial_json='{"text": "n'),
    more(7, "input_json_delta", partial_json='oon"}'),
    close(7),
    begin(8, "tool_use", id="toolu_2", name="done", input={}),
    more(8, "input_json_delta", partial_json=""),
    close(8),
    *ended("tool_use", output_tokens=77, output_tokens_details={"thinking_tokens": 30}),
]
BYTES = sse(*EVERYTHING)


def content(answer: ChatResponse) -> list[tuple[Any, ...]]:  # Any: fields of blocks
    """The blocks without ids of our own making."""
    found: list[tuple[Any, ...]] = []
    for block in answer.content:
        data = block.provider_data.data if block.provider_data else None
        if isinstance(block, ToolCallBlock):
            found.append((block.type, block.id, block.name, block.input, data))
        elif isinstance(block, ThinkingBlock):
            found.append((block.type, block.thinking, block.redacted, data))
        elif block.type == "text":
            found.append((block.type, block.text, data))
    return found


SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "tide"}}
FOUND = EVERYTHING[17]["content_block"]
WHOLE = [
    ("thinking", "Erst über legen… 思考", False, {"signature": "c2ln"}),
    ("thinking", "", True, {"redacted": "cmVk"}),
    ("text", "Ich frage\u2028nach 🙂.", None),
    ("text", "It rises at noon.", {"before": [SEARCH, FOUND]}),
    ("tool_call", "toolu_1", "note_dc1ba0a3", '{"text": "noon"}', None),
    ("tool_call", "toolu_2", "done", "{}", None),
]


def test_everything() -> None:
    answer, failure = decode(BYTES)
    assert failure is None
    assert content(answer) == WHOLE
    assert (answer.id, answer.model) == ("msg_7", "claude-x")
    assert (answer.finish_reason, answer.raw_finish_reason) == ("tool_calls", "tool_use")
    usage = answer.usage
    assert usage is not None
    assert (usage.input_tokens, usage.cache_input_tokens, usage.cache_creation_input_tokens) == (249, 200, 40)
    assert (usage.output_tokens, usage.reasoning_tokens) == (77, 30)
    assert usage.raw == {**USAGE, "output_tokens": 77, "output_tokens_details": {"thinking_tokens": 30}}
    assert answer.metadata["server_tools"] == [SEARCH, FOUND]
    assert answer.metadata["citations"] == [{"type": "web_search_result_location", "url": "u"}]


def test_every_single_cut() -> None:
    for place in range(len(BYTES)):
        answer, failure = decode(BYTES, [place])
        assert failure is None, place
        assert content(answer) == WHOLE, place


@settings(max_examples=60)
@given(st.lists(st.integers(0, len(BYTES)), max_size=40), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_any_cuts(cuts: list[int], line_end: str, names: bool) -> None:
    answer, failure = decode(sse(*EVERYTHING, names=names, line_end=line_end), cuts)
    assert failure is None
    assert content(answer) == WHOLE


def test_a_stream_without_its_end_is_truncated() -> None:
    """At every event but the last; also after the stop reason."""
    for count in range(1, len(EVERYTHING)):
        answer, failure = decode(sse(*EVERYTHING[:count]))
        assert isinstance(failure, StreamTruncatedError), count
    assert answer.text == "Ich frage\u2028nach 🙂.It rises at noon."


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("pause_turn", "other"),
        ("a_new_word", "other"),
    ],
)
def test_finish_reasons(reason: str, finish: str) -> None:
    answer, failure = decode(sse(*text_stream("Hi", stop_reason=reason)))
    assert failure is None
    assert (answer.finish_reason, answer.raw_finish_reason) == (finish, reason)


def test_refusal_tells_its_details() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "No."}
    events = text_stream("I can", stop_reason="refusal")
    events[-2]["delta"]["stop_details"] = details
    answer, _ = decode(sse(*events))
    assert answer.metadata["stop_details"] == details
    assert answer.text == "I can"


@pytest.mark.parametrize(
    ("kind", "cls"), [("overloaded_error", OverloadedError), ("api_error", ServerError), ("timeout_error", ServerError)]
)
def test_error_event_after_content(kind: str, cls: type[ModelError]) -> None:
    error = {"type": "error", "error": {"type": kind, "message": "Overloaded"}, "request_id": "req_1"}
    answer, failure = decode(sse(*text_stream("Half")[:3], error))
    assert isinstance(failure, cls)
    assert failure.retryable
    assert (failure.code, failure.request_id, failure.message) == (kind, "req_1", "Overloaded")
    assert answer.text == "Half"


def test_error_event_by_its_words() -> None:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"}}
    assert isinstance(decode(sse(error))[1], ContextLengthError)


def test_unknown_events_deltas_and_blocks_are_no_errors() -> None:
    events = text_stream("Hi")
    events[2:2] = [
        PING,
        {"type": "a_new_event", "index": 0},
        more(0, "a_new_delta", text="no"),
        begin(9, "a_new_block", data=1),
        more(9, "a_new_delta"),
        close(9),
        close(44),
        more(45, "a_new_delta"),
    ]
    answer, failure = decode(sse(*events))
    assert failure is None
    assert answer.text == "Hi"
    assert answer.metadata["server_tools"] == [{"type": "a_new_block", "data": 1}]


def test_omitted_thinking_keeps_its_signature() -> None:
    """And the last signature counts alone."""
    events = [START, begin(0, "thinking", thinking="", signature=""), more(0, "signature_delta", signature="old")]
    answer, _ = decode(sse(*events, more(0, "signature_delta", signature="new"), close(0), *ended("end_turn")))
    assert content(answer) == [("thinking", "", False, {"signature": "new"})]


def test_thinking_without_a_signature_is_marked() -> None:
    events = [START, begin(0, "thinking", thinking="Hm."), close(0), *ended("end_turn")]
    assert content(decode(sse(*events))[0]) == [("thinking", "Hm.", False, {"unsigned": True})]


def test_tool_names_are_mapped_back() -> None:
    call = encode(tools=[tool("Größe messen")])
    wire_name = body_of(call)["tools"][0]["name"]
    events = [START, begin(0, "tool_use", id="t", name=wire_name, input={}), close(0), *ended("tool_use")]
    answer, _ = decode(sse(*events), call=call)
    assert content(answer) == [("tool_call", "t", "Größe messen", "{}", None)]


@pytest.mark.parametrize(
    ("start_input", "pieces", "wanted"),
    [
        ({}, [], "{}"),
        ({"a": 1}, [], '{"a":1}'),  # a compatible server gives all of it at once
        ({"a": 1}, [""], '{"a":1}'),
        ({"a": 1}, ['{"a": 2}'], '{"a": 2}'),
        ({}, ['{"a"', ": 1}", '{"a": 1}'], '{"a": 1}'),  # another repeats it at the end
        ({}, ['{"a": "cut of'], '{"a": "cut of'),  # stopped at max_tokens
    ],
)
def test_tool_inputs(start_input: Json, pieces: list[str], wanted: str) -> None:
    deltas = [more(1, "input_json_delta", partial_json=piece) for piece in pieces]
    events = [START, begin(1, "tool_use", id="t", name="f", input=start_input), *deltas, close(1), *ended("tool_use")]
    answer, failure = decode(sse(*events))
    assert failure is None
    assert content(answer) == [("tool_call", "t", "f", wanted, None)]


def test_a_pause_keeps_what_the_server_ran_after_the_last_block() -> None:
    signed = [begin(0, "thinking", thinking=""), more(0, "signature_delta", signature="s"), close(0)]
    ran = [begin(1, "server_tool_use", id="srv", name="web_search", input={"query": "q"}), close(1)]
    answer, _ = decode(sse(START, *signed, *ran, *ended("pause_turn")))
    block = {"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {"query": "q"}}
    assert content(answer) == [("thinking", "", False, {"signature": "s", "after": [block]})]
    assert answer.finish_reason == "other"
    whole = body({"type": "thinking", "thinking": "", "signature": "s"}, block, stop_reason="pause_turn")
    assert content(encode(stream=False).decode_body(whole)) == content(answer)


def test_final_usage_replaces_and_absent_counts_stay() -> None:
    events = text_stream("Hi")
    events[0]["message"]["usage"] = {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1}
    events[-2]["usage"] = {"input_tokens": 4000, "output_tokens": 9, "cache_read_input_tokens": None}
    usage = decode(sse(*events))[0].usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cache_input_tokens) == (4005, 9, 5)


def test_a_repeated_start_is_ignored_and_another_one_is_an_error() -> None:
    events = text_stream("Hi")
    answer, failure = decode(sse(events[0], *events))
    assert (answer.text, failure) == ("Hi", None)
    other = {**START, "message": {**START["message"], "id": "msg_other"}}
    answer, failure = decode(sse(*events[:3], other, *events[3:]))
    assert isinstance(failure, ResponseDecodeError)
    assert answer.text == "Hi"


def test_an_empty_answer_is_no_error() -> None:
    answer, failure = decode(sse(START, *ended("stop_sequence", output_tokens=2)))
    assert failure is None
    assert (list(answer.content), answer.finish_reason) == ([], "stop")


def body(*blocks: Json, **fields: Any) -> bytes:  # Any: JSON
    message = {"id": "msg_7", "type": "message", "model": "claude-x", "content": blocks, "usage": USAGE, **fields}
    return json.dumps(message).encode()


def test_a_whole_body_reads_like_a_stream() -> None:
    blocks: list[Json] = [
        {"type": "thinking", "thinking": "Erst über legen… 思考", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "cmVk"},
        {"type": "text", "text": "Ich frage\u2028nach 🙂.", "citations": None},
        SEARCH,
        FOUND,
        {"type": "text", "text": "It rises ", "citations": [{"type": "web_search_result_location", "url": "u"}]},
        {"type": "text", "text": "at noon."},
        {"type": "tool_use", "id": "toolu_1", "name": "note_dc1ba0a3", "input": {"text": "noon"}},
        {"type": "tool_use", "id": "toolu_2", "name": "done", "input": {}},
    ]
    answer = encode(stream=False).decode_body(body(*blocks, stop_reason="tool_use", stop_sequence=None))
    wanted = [*WHOLE]
    wanted[4] = ("tool_call", "toolu_1", "note_dc1ba0a3", '{"text":"noon"}', None)
    assert content(answer) == wanted
    assert answer.is_last
    assert (answer.id, answer.model, answer.finish_reason) == ("msg_7", "claude-x", "tool_calls")
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (249, 2)
    assert answer.metadata["server_tools"] == [SEARCH, FOUND]


@pytest.mark.parametrize(
    ("data", "cls"),
    [
        (b'{"choices": []}', ResponseDecodeError),
        (b"<html><title>502</title></html>", ResponseDecodeError),
        (b"[]", ResponseDecodeError),
        (b'{"type": "error", "error": {"type": "overloaded_error", "message": "m"}}', OverloadedError),
    ],
)
def test_bodies_that_are_no_answer(data: bytes, cls: type[ModelError]) -> None:
    with pytest.raises(cls):
        encode(stream=False).decode_body(data)
