"""DeepSeek's answers, from bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.deepseek.profile import DEEPSEEK_CHAT
from modelport.error import OverloadedError, QuotaExceededError, ResponseDecodeError, ServerError, StreamTruncatedError
from tests.adapters.openai_chat.playback import calls, counts, text, thinking
from tests.adapters.openai_chat.support import chunk, decoded, events, gist, on_tape

TAPES = [("stream", 0), ("thinking_stream", 0), ("tool_round_trip", 0), ("tool_round_trip", 1)]


@pytest.mark.parametrize(("scenario", "index"), TAPES)
def test_every_single_cut_gives_the_same(scenario: str, index: int) -> None:
    data = on_tape("deepseek", scenario, index)
    wanted = gist(decoded(DEEPSEEK_CHAT, data))
    for cut in range(len(data)):
        assert gist(decoded(DEEPSEEK_CHAT, data, [cut])) == wanted


@given(tape=st.sampled_from(TAPES), cuts=st.lists(st.integers(min_value=0, max_value=6000), max_size=60))
def test_any_cuts_give_the_same(tape: tuple[str, int], cuts: list[int]) -> None:
    data = on_tape("deepseek", *tape)
    assert gist(decoded(DEEPSEEK_CHAT, data, cuts)) == gist(decoded(DEEPSEEK_CHAT, data))


@pytest.mark.parametrize(("scenario", "index"), TAPES)
def test_a_stream_that_breaks_off_is_no_answer(scenario: str, index: int) -> None:
    data = on_tape("deepseek", scenario, index)
    end = data.index(b'"finish_reason":"')
    event = data.rindex(b"data:", 0, end)
    with pytest.raises(StreamTruncatedError):
        decoded(DEEPSEEK_CHAT, data[:event])


def test_blank_lines_and_comments_while_queued_say_nothing() -> None:
    data = b"\n\n\n: keep-alive\n\n\n:keep-alive\n\n" + events(chunk({"content": "a"}), chunk(finish_reason="stop"))
    assert text(decoded(DEEPSEEK_CHAT, data)) == "a"


def test_usage_rides_on_the_finish_chunk() -> None:
    answer = decoded(DEEPSEEK_CHAT, on_tape("deepseek", "tool_round_trip", 1))
    assert counts(answer) == (205, 12, 128, 4)
    assert answer.usage is not None
    assert answer.usage.raw is not None
    assert answer.usage.raw["prompt_cache_miss_tokens"] == 77


def test_reasoning_comes_first_and_empty_call_lists_end_nothing() -> None:
    answer = decoded(
        DEEPSEEK_CHAT,
        events(
            chunk({"role": "assistant", "content": None, "reasoning_content": ""}),
            chunk({"content": None, "reasoning_content": "One", "tool_calls": []}),
            chunk({"content": None, "reasoning_content": " two", "tool_calls": []}),
            chunk({"content": "Three", "reasoning_content": None}),
            chunk({"content": "", "reasoning_content": None}, finish_reason="stop"),
        ),
    )
    assert [block.type for block in answer.content] == ["thinking", "text"]
    assert (thinking(answer), text(answer)) == ("One two", "Three")


def test_ids_that_are_blank_or_missing() -> None:
    answer = decoded(
        DEEPSEEK_CHAT,
        events(
            chunk({"content": "", "tool_calls": [{"index": 0, "id": "", "function": {"name": "f", "arguments": ""}}]}),
            chunk({"tool_calls": [{"index": 0, "id": "", "function": {"arguments": '{"x": 1}'}}]}),
            chunk({"content": ""}, finish_reason="tool_calls"),
        ),
    )
    ((call_id, name, arguments),) = calls(answer)
    assert (bool(call_id), name, arguments) == (True, "f", '{"x": 1}')


def test_a_server_that_ran_out_of_resources_failed() -> None:
    with pytest.raises(ServerError, match="insufficient_system_resource") as caught:
        decoded(DEEPSEEK_CHAT, events(chunk({"content": "Half"}), chunk(finish_reason="insufficient_system_resource")))
    assert caught.value.retryable
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Half"


def test_errors_in_the_stream() -> None:
    busy = {"error": {"message": "busy", "type": "service_unavailable", "code": 503}}
    with pytest.raises(OverloadedError):
        decoded(DEEPSEEK_CHAT, events(busy))
    with pytest.raises(QuotaExceededError):
        decoded(DEEPSEEK_CHAT, events({"error": {"message": "no money", "type": "insufficient_quota"}}))


def test_a_stream_of_something_else_is_no_answer() -> None:
    with pytest.raises((ResponseDecodeError, StreamTruncatedError)):
        decoded(DEEPSEEK_CHAT, events({"object": "list"}, done=False))
