"""Bytes of Responses answers to values, streamed and whole, from sane servers and sloppy ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.adapters.dialects.openai_responses.stream import OpenAIResponsesDecoder
from modelport.adapters.openai.responses_profile import OPENAI_RESPONSES
from modelport.adapters.wire.framing import SSEFramer
from modelport.adapters.xai.profile import XAI_RESPONSES
from modelport.domain.chat.fold import ChatFold
from modelport.domain.ids import set_id_factory
from modelport.error import ResponseDecodeError, ServerError, StreamTruncatedError
from modelport.message import DataBlock, ThinkingBlock, ToolCallBlock
from modelport.model import ChatResponse
from tests.adapters.openai_responses.wire import (
    USAGE,
    Json,
    counted_ids,
    events_of,
    facts,
    function_call,
    message,
    reasoning,
    refusal,
    response,
    sse,
)

RICH = [
    reasoning("Größe \u2028 prüfen", "Then answer 🌍", content=[]),
    message("Let me look.", item_id="msg_a", phase="commentary"),
    function_call("get_weather", '{"city": "Zürich"}', "call_1"),
    {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "x"}},
    reasoning(item_id="rs_2"),
    message("It is 20 °C", "in the shade.", item_id="msg_b", phase="final_answer"),
    function_call("get_time", "{}", "call_2"),
]


@pytest.fixture(autouse=True)
def _ids() -> Iterator[None]:
    yield
    set_id_factory(None)


def decoder(profile: Any = OPENAI_RESPONSES) -> OpenAIResponsesDecoder:
    counted_ids()
    return OpenAIResponsesDecoder(profile, {"legal": "Original name"})


def read(chunks: Sequence[bytes], profile: Any = OPENAI_RESPONSES) -> tuple[ChatResponse, list[ChatResponse]]:
    """The whole answer of these chunks, and its deltas."""
    framer, reader, fold, deltas = SSEFramer(), decoder(profile), ChatFold(), []
    for chunk in chunks:
        delta = reader.feed(framer.feed(chunk))
        if delta is not None:
            deltas.append(delta)
            fold.add(delta)
        if reader.failure is not None:
            raise reader.failure
    fold.add(reader.finish())
    return fold.final([], 0.0), deltas


def whole(answer: Json, profile: Any = OPENAI_RESPONSES) -> ChatResponse:
    fold = ChatFold()
    fold.add(decoder(profile).body(answer))
    return fold.final([], 0.0)


def said(answer: ChatResponse) -> Json:
    """What an answer says, whatever its ids: they are counted in the order in which pieces come."""
    plain = facts(answer)
    ids: dict[str, str] = {}
    for block in plain["content"]:
        block["id"] = ids.setdefault(block["id"], f"block {len(ids)}")
    return plain


def drop(*kinds: str) -> Callable[[list[Json]], list[Json]]:
    return lambda events: [event for event in events if event["type"] not in kinds]


def without(*keys: str) -> Callable[[list[Json]], list[Json]]:
    return lambda events: [{key: value for key, value in event.items() if key not in keys} for event in events]


def deltas_dropped(events: list[Json]) -> list[Json]:
    return [event for event in events if not event["type"].endswith(".delta")]


def terminal_emptied(events: list[Json]) -> list[Json]:
    return [*events[:-1], {**events[-1], "response": {**events[-1]["response"], "output": []}}]


def only_terminal(events: list[Json]) -> list[Json]:
    return [events[0], events[-1]]


def ids_changed(events: list[Json]) -> list[Json]:
    """Each event names another item id; only the index holds them together."""
    return [{**e, "item_id": f"changing_{n}"} if "item_id" in e else e for n, e in enumerate(events)]


def test_everything_of_a_rich_answer() -> None:
    answer, _ = read([sse(events_of(RICH))])
    thinking, note, call, sealed, shade, more, clock = answer.content
    assert isinstance(thinking, ThinkingBlock) and thinking.thinking == "Größe \u2028 prüfen\n\nThen answer 🌍"
    assert thinking.provider_data and thinking.provider_data.data == {"item": RICH[0]}
    assert isinstance(sealed, ThinkingBlock) and sealed.redacted and sealed.thinking == ""
    assert sealed.provider_data and sealed.provider_data.data == {"item": RICH[4]}
    assert [note.text, shade.text, more.text] == ["Let me look.", "It is 20 °C", "in the shade."]  # type: ignore[union-attr]
    assert note.provider_data and note.provider_data.data == {"phase": "commentary"}
    assert more.provider_data and more.provider_data.data == {"phase": "final_answer", "same_message": True}
    assert isinstance(call, ToolCallBlock) and (call.id, call.name) == ("call_1", "get_weather")
    assert call.input == '{"city": "Zürich"}'
    assert isinstance(clock, ToolCallBlock) and clock.input == "{}"
    assert answer.metadata["server_tools"] == [RICH[3]]
    assert (answer.id, answer.model) == ("resp_1", "gpt-5.6-2026-05-01")
    assert (answer.finish_reason, answer.raw_finish_reason) == ("tool_calls", "completed")


def test_usage_is_normalised() -> None:
    usage = whole(response([message("Hi")])).usage
    assert usage is not None and usage.raw == USAGE
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens) == (90, 40, 25)
    assert (usage.cache_input_tokens, usage.cache_creation_input_tokens) == (64, 8)


def test_a_whole_body_says_the_same_as_the_stream() -> None:
    assert said(whole(response(RICH))) == said(read([sse(events_of(RICH))])[0])


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64])
def test_chunks_of_any_size(step: int) -> None:
    data = sse(events_of(RICH))
    expected = facts(read([data])[0])
    answer, deltas = read([data[start : start + step] for start in range(0, len(data), step)])
    assert facts(answer) == expected
    joined = "".join(block.text for delta in deltas for block in delta.content if block.type == "text")
    assert joined == answer.text


def test_a_cut_at_every_byte() -> None:
    data = sse(events_of(RICH, size=40))
    expected = facts(read([data])[0])
    for cut in range(1, len(data)):
        assert facts(read([data[:cut], data[cut:]])[0]) == expected, cut


@settings(max_examples=60)
@given(st.lists(st.integers(min_value=1, max_value=9000), max_size=12), st.integers(min_value=1, max_value=30))
def test_cuts_anywhere(cuts: list[int], size: int) -> None:
    data = sse(events_of(RICH, size=size))
    points = [0, *sorted({cut for cut in cuts if cut < len(data)}), len(data)]
    chunks = [data[start:end] for start, end in pairwise(points)]
    assert facts(read(chunks)[0]) == facts(read([data])[0])


@pytest.mark.parametrize(
    "quirk",
    [
        without("sequence_number"),
        without("output_index"),
        without("item_id"),
        ids_changed,
        drop("response.function_call_arguments.done"),
        drop("response.output_text.done", "response.content_part.added", "response.content_part.done"),
        drop("response.created", "response.in_progress"),
        deltas_dropped,
        terminal_emptied,
        only_terminal,
        lambda events: deltas_dropped(drop("response.output_item.added")(events)),
        lambda events: [{**event, "type": event["type"]} for event in events] + [{"type": "response.later"}],
    ],
)
def test_sloppy_servers_say_the_same(quirk: Callable[[list[Json]], list[Json]]) -> None:
    assert said(read([sse(quirk(events_of(RICH)))])[0]) == said(read([sse(events_of(RICH))])[0])


def test_deltas_of_items_that_were_never_announced() -> None:
    events = drop("response.output_item.added")(events_of([message("Plain words")]))
    assert read([sse(events)])[0].text == "Plain words"
    call = [function_call("get_weather", '{"city": "Oslo"}')]
    answer, _ = read([sse(drop("response.output_item.added")(events_of(call)))])
    (block,) = answer.content
    assert isinstance(block, ToolCallBlock)
    assert (block.id, block.name, block.input) == ("call_1", "get_weather", '{"city": "Oslo"}')


def test_parts_without_an_index_are_one() -> None:
    events = without("content_index", "summary_index", "output_index")(events_of(RICH[:1] + RICH[5:6]))
    thinking, text = read([sse(events)])[0].content
    assert thinking.thinking == "Größe \u2028 prüfenThen answer 🌍"  # type: ignore[union-attr]
    assert text.text == "It is 20 °Cin the shade."  # type: ignore[union-attr]


def test_items_that_never_end_are_completed_at_the_end() -> None:
    plain = [item for item in RICH if item["id"] != "rs_2"]  # sealed reasoning has no place before its end
    events = drop("response.output_item.done")(events_of(plain))
    expected = said(read([sse(events_of(plain))])[0])
    assert said(read([sse(events)])[0]) == expected


def test_interleaved_calls_are_told_apart() -> None:
    first, second = function_call("one", '{"a": 1}', "call_a"), function_call("two", '{"b": 22}', "call_b")
    events = events_of([first, second], size=2)
    of_first = [event for event in events if event.get("output_index") == 0]
    of_second = [event for event in events if event.get("output_index") == 1]
    mixed = [event for pair in zip_longest(of_first, of_second) for event in pair if event is not None]
    for sent in (mixed, without("output_index")(mixed), without("item_id")(mixed)):
        answer, deltas = read([sse([event]) for event in [*events[:2], *sent, events[-1]]])
        calls = {block.name: block.input for block in answer.content if isinstance(block, ToolCallBlock)}
        assert calls == {"one": '{"a": 1}', "two": '{"b": 22}'}
        assert len(deltas) > 6


def test_interleaved_calls_that_were_never_announced() -> None:
    first, second = function_call("one", '{"a": 1}', "call_a"), function_call("two", '{"b": 22}', "call_b")
    events = drop("response.output_item.added")(events_of([first, second], size=3))
    of_first = [event for event in events if event.get("output_index") == 0]
    of_second = [event for event in events if event.get("output_index") == 1]
    mixed = [event for pair in zip_longest(of_first, of_second) for event in pair if event is not None]
    half_announced = [*events_of([first], size=3)[:3], of_first[0], *of_second[-1:], *of_first[1:]]
    for sent in (mixed, without("item_id")(mixed), half_announced):
        answer, _ = read([sse([*sent, events[-1]])])
        calls = {block.id: block.input for block in answer.content if isinstance(block, ToolCallBlock)}
        assert calls == {"call_a": '{"a": 1}', "call_b": '{"b": 22}'}


def test_names_of_tools_are_the_applications() -> None:
    (block,) = whole(response([function_call("legal", "{}")])).content
    assert isinstance(block, ToolCallBlock) and block.name == "Original name"


@pytest.mark.parametrize(("arguments", "expected"), [("", "{}"), (None, "{}"), ({"a": 1}, '{"a":1}')])
def test_arguments_that_are_no_text(arguments: Any, expected: str) -> None:
    (block,) = whole(response([function_call("legal", arguments)])).content
    assert isinstance(block, ToolCallBlock) and block.input == expected


def test_a_call_cut_by_the_token_limit_stays_cut() -> None:
    call = function_call("get_weather", '{"city": "Zü', status="incomplete")
    answer, _ = read([sse(events_of([call], "incomplete", "max_output_tokens"))])
    (block,) = answer.content
    assert isinstance(block, ToolCallBlock) and block.input == '{"city": "Zü'
    assert (answer.finish_reason, answer.raw_finish_reason) == ("length", "max_output_tokens")
    ends = ("output_item.done", "function_call_arguments.delta", "function_call_arguments.done")
    unfinished = drop(*(f"response.{kind}" for kind in ends))
    events = terminal_emptied(unfinished(events_of([call], "incomplete", "max_output_tokens")))
    (block,) = read([sse(events)])[0].content
    assert isinstance(block, ToolCallBlock) and block.input == ""


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("max_output_tokens", "length"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("max_messages", "other"),
        ("steered", "other"),
    ],
)
def test_incomplete_answers(reason: str, expected: str) -> None:
    for answer in (
        whole(response([message("Half")], "incomplete", reason)),
        read([sse(events_of([message("Half")], "incomplete", reason))])[0],
    ):
        assert (answer.text, answer.finish_reason, answer.raw_finish_reason) == ("Half", expected, reason)


def test_a_budget_spent_on_thinking_alone() -> None:
    spent = [reasoning(encrypted=None)]
    answer, _ = read([sse(events_of(spent, "incomplete", "max_output_tokens"))])
    assert (list(answer.content), answer.finish_reason) == ([], "length")


def test_a_refusal_is_text_and_says_so() -> None:
    for answer in (whole(response([refusal("I cannot.")])), read([sse(events_of([refusal("I cannot.")]))])[0]):
        assert (answer.text, answer.finish_reason, answer.raw_finish_reason) == ("I cannot.", "refusal", "completed")
        assert answer.content[0].provider_data and answer.content[0].provider_data.data == {"refusal": True}


def test_reasoning_text_of_open_models() -> None:
    item = reasoning(encrypted="", content=[{"type": "reasoning_text", "text": "Raw thoughts"}])
    answer, _ = read([sse(events_of([item, message("So.")]))])
    assert answer.content[0].thinking == "Raw thoughts"  # type: ignore[union-attr]
    streamed = drop("response.output_item.done")(events_of([item]))
    moved = {**item, "content": [], "summary": [{"type": "summary_text", "text": "Raw thoughts"}]}
    done = {"type": "response.output_item.done", "output_index": 0, "item": moved}
    moved["summary"][0]["text"] = "Raw thoughts, written again at greater length"
    answer, _ = read([sse([*streamed[:-1], done, streamed[-1]])])
    assert answer.content[0].thinking == "Raw thoughts"  # type: ignore[union-attr]


def test_the_sealed_reasoning_of_the_finished_item_counts() -> None:
    answer, _ = read([sse(events_of([reasoning("Hm", encrypted="gAAAA-final", content=None), message("Yes")]))])
    owned = answer.content[0].provider_data
    assert owned is not None and owned.provider == "openai"
    assert owned.data["item"] == {**reasoning("Hm", encrypted="gAAAA-final")}


def test_what_the_provider_ran_and_cited_is_metadata() -> None:
    citation = {"type": "url_citation", "url": "https://host/a", "title": "A"}
    item = message("See A.")
    item["content"][0] |= {"annotations": [citation], "logprobs": [{"token": "See", "logprob": -0.1}]}
    custom = {"id": "ctc_1", "type": "custom_tool_call", "call_id": "x", "name": "x_keyword_search", "input": "q"}
    for answer in (whole(response([custom, item])), read([sse(events_of([custom, item]))])[0]):
        assert [block.type for block in answer.content] == ["text"]
        assert answer.metadata["annotations"] == [citation]
        assert answer.metadata["logprobs"] == [{"token": "See", "logprob": -0.1}]
        assert answer.metadata["server_tools"] == [custom]


def test_a_painted_image_is_a_block() -> None:
    item = {"id": "ig_1", "type": "image_generation_call", "status": "completed", "result": "aGk=", "size": "1x1"}
    (block,) = (answer := whole(response([item]))).content
    assert isinstance(block, DataBlock) and block.source.media_type == "image/png"
    assert "result" not in answer.metadata["server_tools"][0]


def test_removed_reasoning_is_told() -> None:
    removed = [{"id": "rs_9", "type": "reasoning", "action": "removed", "reason": "model_mismatch"}]
    assert whole(response([message("Hi")], input_transformations=removed)).metadata["input_transformations"] == removed


def test_a_phase_that_comes_late_is_kept() -> None:
    events = events_of([message("Wait")])
    done = next(event for event in events if event["type"] == "response.output_item.done")
    done["item"] = {**done["item"], "phase": "commentary"}
    (block,) = read([sse(events)])[0].content
    assert block.provider_data and block.provider_data.data == {"phase": "commentary"}


def test_what_a_call_came_with_is_kept() -> None:
    (block,) = whole(response([function_call("legal", "{}", namespace="n", caller=None)])).content
    assert block.provider_data and block.provider_data.data == {"namespace": "n"}


def test_xai_ends_with_done_and_owns_its_reasoning() -> None:
    answer, _ = read([sse(events_of([reasoning("Hm"), message("Yes")], terminal="response.done"))], XAI_RESPONSES)
    assert (answer.text, answer.finish_reason) == ("Yes", "stop")
    assert answer.content[0].provider_data and answer.content[0].provider_data.provider == "xai"


def test_nothing_counts_after_the_end() -> None:
    late = {"type": "error", "error": {"code": "server_error", "message": "late"}}
    assert read([sse([*events_of([message("Hi")]), late])])[0].text == "Hi"
    assert read([sse(events_of([message("Hi")])) + b"data: [DONE]\n\n"])[0].text == "Hi"


@pytest.mark.parametrize("tail", [b"", b"data: [DONE]\n\n", b'data: {"type":"response.completed","respon'])
def test_a_stream_without_its_end_is_truncated(tail: bytes) -> None:
    with pytest.raises(StreamTruncatedError):
        read([sse(events_of([message("Hi")])[:-1]) + tail])


@pytest.mark.parametrize("payload", [b"data: {not json\n\n", b"data: [1]\n\n"])
def test_payloads_that_are_no_events(payload: bytes) -> None:
    with pytest.raises(ResponseDecodeError):
        read([payload])


def test_a_body_that_is_no_response() -> None:
    with pytest.raises(ResponseDecodeError, match="output"):
        whole({"object": "chat.completion", "choices": []})


def test_a_failed_body() -> None:
    failed = response([], "failed", error={"code": "server_error", "message": "broke"})
    with pytest.raises(ServerError, match="broke") as caught:
        whole(failed)
    assert caught.value.retryable and caught.value.code == "server_error"
    with pytest.raises(ServerError, match="did not say why"):
        whole(response([], "failed"))


def test_events_survive_json_with_strange_characters() -> None:
    text = "a\u2028b\u0085c\x0bd\udc80"
    data = sse(events_of([message("x")])).replace(b'"x"', json.dumps(text).encode())
    assert read([data])[0].text == text.replace("\udc80", "\ufffd")
