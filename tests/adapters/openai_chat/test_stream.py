"""Chat Completions answers, from bytes: the protocol and every quirk that the handbook lists.

Facts: docs/protocols/openai-chat.md#streaming, docs/protocols/openai-chat.md#quirks.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.dialects.openai_chat.profile import OpenAIChatProfile
from modelport.error import (
    ModelError,
    OverloadedError,
    QuotaExceededError,
    ResponseDecodeError,
    ServerError,
    StreamTruncatedError,
)
from modelport.message import TextBlock, ThinkingBlock, ToolCallBlock
from modelport.model import ChatResponse, FinishReason
from tests.adapters.openai_chat.support import Json, chunk, decoded, events, gist

PROFILE = OpenAIChatProfile(provider="somebody")
USAGE = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}


def text(response: ChatResponse) -> str:
    return "".join(block.text for block in response.content if isinstance(block, TextBlock))


def thinking(response: ChatResponse) -> str:
    return "".join(block.thinking for block in response.content if isinstance(block, ThinkingBlock))


def calls(response: ChatResponse) -> list[tuple[str, str, str]]:
    return [(block.id, block.name, block.input) for block in response.content if isinstance(block, ToolCallBlock)]


def call(index: int | None, **function: str) -> Json:
    fragment: Json = {"type": "function"} if index is None else {"index": index, "type": "function"}
    if "id" in function:
        fragment["id"] = function.pop("id")
    return {**fragment, "function": function}


FULL = (
    chunk({"role": "assistant", "content": "", "refusal": None}),
    chunk({"reasoning_content": "Let me\u2028 see… "}),
    chunk({"content": None, "reasoning_content": "数え"}),
    chunk({"content": "One 🧪 "}),
    chunk({"content": "moment.\n"}),
    chunk({"tool_calls": [call(0, id="call_a", name="get_weather", arguments="")]}),
    chunk({"tool_calls": [call(0, arguments='{"city": "Tr'), call(0, arguments="omsø\\n")]}),
    chunk({"tool_calls": [call(1, id="call_b", name="get_time", arguments="{}")]}),
    chunk({"tool_calls": [call(0, arguments='"}')]}),
    chunk(finish_reason="tool_calls"),
    {**chunk(), "choices": [], "usage": USAGE},
)
BYTES = b": ping\r\n\r\n\xef\xbb\xbf" + events(*FULL).replace(b"\n\n", b"\r\n\r\n")


def test_a_whole_stream() -> None:
    answer = decoded(PROFILE, events(*FULL))
    assert (text(answer), thinking(answer)) == ("One 🧪 moment.\n", "Let me\u2028 see… 数え")
    assert calls(answer) == [("call_a", "get_weather", '{"city": "Tromsø\\n"}'), ("call_b", "get_time", "{}")]
    assert (answer.finish_reason, answer.raw_finish_reason) == (FinishReason.TOOL_CALLS, "tool_calls")
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.raw) == (9, 12, USAGE)
    assert answer.id == "chatcmpl-7"


def test_every_single_cut_gives_the_same() -> None:
    data = events(*FULL).replace(b"\n\n", b"\r\n\r\n")
    wanted = gist(decoded(PROFILE, data))
    for cut in range(len(data)):
        assert gist(decoded(PROFILE, data, [cut])) == wanted


@given(st.lists(st.integers(min_value=0, max_value=len(BYTES)), max_size=40))
def test_any_cuts_give_the_same(cuts: list[int]) -> None:
    assert gist(decoded(PROFILE, events(*FULL), cuts)) == gist(decoded(PROFILE, events(*FULL)))


def test_reasoning_is_tagged_with_its_owner() -> None:
    answer = decoded(PROFILE, events(chunk({"reasoning": "Hm."}), chunk({"content": "Yes."}, finish_reason="stop")))
    (block,) = (block for block in answer.content if isinstance(block, ThinkingBlock))
    assert block.thinking == "Hm."
    assert block.provider_data is not None
    assert block.provider_data.owned_by("somebody")
    assert not block.provider_data.owned_by("somebody-else")


def test_only_the_first_choice_is_read() -> None:
    answer = decoded(
        PROFILE,
        events(
            chunk({"content": "A"}),
            chunk({"content": "X"}, index=1),
            chunk({"tool_calls": [call(0, id="a", name="f", arguments='{"x":1}')]}),
            chunk({"tool_calls": [call(0, id="a", name="f", arguments='{"x":2}')]}, index=1),
            chunk(finish_reason="length", index=1),
            chunk(finish_reason="stop"),
        ),
    )
    assert (text(answer), calls(answer)) == ("A", [("a", "f", '{"x":1}')])
    assert answer.raw_finish_reason == "stop"


def test_a_stop_with_tool_calls_is_a_tool_call() -> None:
    data = events(chunk({"tool_calls": [call(0, id="a", name="f", arguments="{}")]}), chunk(finish_reason="stop"))
    assert decoded(PROFILE, data).finish_reason is FinishReason.TOOL_CALLS


def test_fragments_without_an_index_are_told_apart_by_their_place() -> None:
    answer = decoded(
        PROFILE,
        events(
            chunk({"tool_calls": [call(None, name="f", arguments='{"x"'), call(None, name="f", arguments='{"y"')]}),
            chunk({"tool_calls": [call(None, arguments=":1}"), call(None, arguments=":2}")]}),
            chunk(finish_reason="tool_calls"),
        ),
    )
    assert [(name, arguments) for _, name, arguments in calls(answer)] == [("f", '{"x":1}'), ("f", '{"y":2}')]


def test_chunks_with_nothing_in_them_are_skipped() -> None:
    answer = decoded(
        PROFILE,
        events(
            {"id": "", "choices": [], "prompt_filter_results": []},
            {"id": "", "choices": None},
            {"id": ""},
            {"id": "", "choices": [{"index": 0}]},
            {"id": "", "choices": [{"index": 0, "delta": None}]},
            chunk({"role": "", "content": None, "tool_calls": [], "reasoning_content": None}),
            chunk({"content": "Hi"}),
            chunk({"content": "", "tool_calls": []}),
            {"id": "other", "choices": [{"delta": {"content": "!"}}]},
            chunk(finish_reason=""),
            chunk(finish_reason="null"),
            chunk(finish_reason="stop"),
        ),
    )
    assert text(answer) == "Hi!"
    assert answer.raw_finish_reason == "stop"
    assert len(answer.content) == 1


def test_text_after_the_finish_reason_counts() -> None:
    data = events(chunk({"content": "a"}), chunk(finish_reason="stop"), chunk({"content": "b"}))
    assert text(decoded(PROFILE, data)) == "ab"


def test_content_as_a_list_of_parts() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "Yes."}]
    answer = decoded(PROFILE, events(chunk({"content": parts}), chunk(finish_reason="stop")))
    assert (thinking(answer), text(answer)) == ("Hm.", "Yes.")


def test_a_refusal_is_text_with_its_reason() -> None:
    data = events(chunk({"refusal": "I can"}), chunk({"refusal": "not."}), chunk(finish_reason="stop"))
    answer = decoded(PROFILE, data)
    assert (text(answer), answer.finish_reason, answer.raw_finish_reason) == (
        "I cannot.",
        FinishReason.REFUSAL,
        "stop",
    )


def test_annotations_are_metadata() -> None:
    note = {"type": "url_citation", "url_citation": {"url": "https://x.example", "start_index": 0, "end_index": 2}}
    answer = decoded(PROFILE, events(chunk({"content": "Hi", "annotations": [note]}), chunk(finish_reason="stop")))
    assert answer.metadata["annotations"] == [note]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("function_call", FinishReason.TOOL_CALLS),
        ("eos", FinishReason.STOP),
    ],
)
def test_finish_reasons(word: str, reason: FinishReason) -> None:
    answer = decoded(PROFILE, events(chunk({"content": "a"}), chunk(finish_reason=word)))
    assert (answer.finish_reason, answer.raw_finish_reason) == (reason, word)


@pytest.mark.parametrize(
    "chunks",
    [
        (chunk({"content": "a"}), {**chunk(finish_reason="stop"), "usage": USAGE}),
        (chunk({"content": "a"}), chunk(finish_reason="stop", usage=USAGE)),
        (chunk({"content": "a"}), chunk(finish_reason="stop", usage=USAGE), {"choices": [], "usage": USAGE}),
        ({**chunk({"content": "a"}), "usage": {"prompt_tokens": 9}}, {**chunk(finish_reason="stop"), "usage": USAGE}),
        ({**chunk({"content": "a"}, finish_reason="stop", usage={"prompt_tokens": 1}), "usage": USAGE},),
    ],
    ids=["finish chunk", "inside the choice", "in both places", "cumulative", "top level wins"],
)
def test_usage_wherever_it_comes_is_counted_once(chunks: tuple[Json, ...]) -> None:
    usage = decoded(PROFILE, events(*chunks)).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (9, 12)


@pytest.mark.parametrize(
    ("details", "cached", "created", "reasoning"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3}}, 4, 3, 0),
        ({"prompt_tokens_details": {"cached_tokens": 4, "cache_creation_input_tokens": 3}}, 4, 3, 0),
        ({"cached_tokens": 4}, 4, 0, 0),
        ({"prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 5}, 4, 0, 0),
        ({"completion_tokens_details": {"reasoning_tokens": 7}}, 0, 0, 7),
        ({"prompt_tokens_details": None, "completion_tokens_details": None}, 0, 0, 0),
    ],
)
def test_usage_details(details: Json, cached: int, created: int, reasoning: int) -> None:
    usage = decoded(PROFILE, events(chunk(finish_reason="stop"), {"choices": [], "usage": {**USAGE, **details}})).usage
    assert usage is not None
    assert (usage.cache_input_tokens, usage.cache_creation_input_tokens, usage.reasoning_tokens) == (
        cached,
        created,
        reasoning,
    )


def test_the_end_may_be_a_finish_reason_or_done_alone() -> None:
    finished = events(chunk({"content": "a"}), chunk(finish_reason="stop"), done=False)
    assert decoded(PROFILE, finished).finish_reason is FinishReason.STOP
    assert decoded(PROFILE, finished.rstrip(b"\n")).finish_reason is FinishReason.STOP
    assert decoded(PROFILE, events(chunk({"content": "a"}))).finish_reason is FinishReason.OTHER
    trailing = finished + b"data: [DONE] \n\ndata: nonsense\n\n"
    assert text(decoded(PROFILE, trailing)) == "a"


@pytest.mark.parametrize("data", [b"", events(chunk({"content": "a"}), done=False), b'data: {"choices"'])
def test_a_stream_without_its_end_is_no_answer(data: bytes) -> None:
    with pytest.raises((StreamTruncatedError, ResponseDecodeError)):
        decoded(PROFILE, data)


def test_length_with_nothing_said_is_a_cut_answer() -> None:
    answer = decoded(PROFILE, events(chunk({"role": "assistant", "content": ""}), chunk(finish_reason="length")))
    assert (answer.content, answer.finish_reason) == ([], FinishReason.LENGTH)


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        ({"error": {"message": "busy", "type": "server_error", "code": None}}, ServerError, True),
        ({"error": {"message": "paid up?", "code": "insufficient_quota"}}, QuotaExceededError, False),
        ({"error": {"message": "later", "code": 503}}, OverloadedError, True),
        ({"error": "it broke"}, ServerError, True),
        ({"code": "server_error", "message": "bare"}, ServerError, True),
    ],
)
def test_an_error_in_the_stream_keeps_what_came_before(error: Json, kind: type[ModelError], retryable: bool) -> None:
    with pytest.raises(kind) as caught:
        decoded(PROFILE, events(chunk({"content": "Half an ans"}), error, chunk(finish_reason="stop")))
    assert caught.value.retryable is retryable
    assert caught.value.partial is not None
    assert text(caught.value.partial) == "Half an ans"


def test_what_is_no_json_is_a_decode_error() -> None:
    with pytest.raises(ResponseDecodeError):
        decoded(PROFILE, b"data: <html>oops</html>\n\n")
    with pytest.raises(ResponseDecodeError):
        decoded(PROFILE, b"data: [1, 2]\n\n")


def test_tool_names_come_back_as_the_application_knows_them() -> None:
    tool = {"type": "function", "function": {"name": "wétter: lesen", "parameters": {"type": "object"}}}
    from modelport.domain.chat.names import legal_name

    sent = legal_name("wétter: lesen")
    assert sent != "wétter: lesen"
    data = events(chunk({"tool_calls": [call(0, id="a", name=sent, arguments="{}")]}), chunk(finish_reason="stop"))
    assert calls(decoded(PROFILE, data, tools=[tool])) == [("a", "wétter: lesen", "{}")]


def test_pretty_printed_json_over_several_data_lines() -> None:
    lines = json.dumps(chunk({"content": "Hi"}, finish_reason="stop"), indent=1).splitlines()
    data = b"".join(b"data:" + line.encode() + b"\r" for line in lines) + b"\r"
    assert text(decoded(PROFILE, data)) == "Hi"
