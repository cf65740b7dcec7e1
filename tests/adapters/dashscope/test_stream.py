"""DashScope's answers, from bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.dashscope.profile import DASHSCOPE_CHAT
from modelport.error import ContentFilterError, RateLimitError, StreamTruncatedError
from modelport.model import FinishReason
from tests.adapters.openai_chat.playback import calls, counts, text, thinking
from tests.adapters.openai_chat.support import Json, chunk, decoded, events, gist, on_tape

TAPES = [("stream", 0), ("thinking_stream", 0), ("tool_round_trip", 0), ("tool_round_trip", 1), ("audio_out", 0)]


@pytest.mark.parametrize(("scenario", "index"), TAPES)
def test_every_single_cut_gives_the_same(scenario: str, index: int) -> None:
    data = on_tape("dashscope", scenario, index)
    wanted = gist(decoded(DASHSCOPE_CHAT, data))
    for cut in range(len(data)):
        assert gist(decoded(DASHSCOPE_CHAT, data, [cut])) == wanted


@given(tape=st.sampled_from(TAPES), cuts=st.lists(st.integers(min_value=0, max_value=6000), max_size=60))
def test_any_cuts_give_the_same(tape: tuple[str, int], cuts: list[int]) -> None:
    data = on_tape("dashscope", *tape)
    assert gist(decoded(DASHSCOPE_CHAT, data, cuts)) == gist(decoded(DASHSCOPE_CHAT, data))


@pytest.mark.parametrize(("scenario", "index"), TAPES)
def test_a_stream_that_breaks_off_is_no_answer(scenario: str, index: int) -> None:
    data = on_tape("dashscope", scenario, index)
    end = data.index(b'"finish_reason":"')
    event = data.rindex(b"data:", 0, end)
    with pytest.raises(StreamTruncatedError):
        decoded(DASHSCOPE_CHAT, data[:event])


def test_keys_that_are_missing_or_empty() -> None:
    bare: list[Json] = [
        {"id": "c", "choices": [{"delta": {"content": "", "role": "assistant"}}]},
        {"id": "c", "choices": [{"delta": {"content": None, "reasoning_content": "Hm.", "role": None}, "index": 0}]},
        {"id": "c", "choices": [{"delta": {"content": "Yes", "reasoning_content": None}, "index": 0}]},
        {"id": "c", "choices": [{"delta": {}, "index": 0, "finish_reason": "stop"}]},
        {"id": "c", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}},
    ]
    answer = decoded(DASHSCOPE_CHAT, events(*bare))
    assert (thinking(answer), text(answer), counts(answer)) == ("Hm.", "Yes", (3, 2, 0, 0))


def test_a_call_in_the_first_chunk_with_blank_words_later() -> None:
    answer = decoded(DASHSCOPE_CHAT, on_tape("dashscope", "parallel_tools"))
    assert calls(answer) == [
        ("call_71a0", "tide_table", '{"harbour": "Zhoushan"}'),
        ("call_71a1", "ferry_times", '{"line": "Zhoushan-Putuo"}'),
    ]
    assert answer.finish_reason is FinishReason.TOOL_CALLS


def test_the_finish_reason_may_be_the_word_null() -> None:
    data = events(chunk({"content": "a"}, finish_reason="null"), chunk({"content": "b"}, finish_reason="stop"))
    answer = decoded(DASHSCOPE_CHAT, data)
    assert (text(answer), answer.raw_finish_reason) == ("ab", "stop")
    with pytest.raises(StreamTruncatedError):
        decoded(DASHSCOPE_CHAT, events(chunk({"content": "a"}, finish_reason="null"), done=False))


def test_cached_and_newly_cached_input_is_counted_inside_the_input() -> None:
    details = {"cached_tokens": 64, "cache_creation_input_tokens": 32, "cache_type": "ephemeral"}
    usage = {"prompt_tokens": 200, "completion_tokens": 2, "prompt_tokens_details": details}
    answer = decoded(DASHSCOPE_CHAT, events(chunk(finish_reason="stop"), {"choices": [], "usage": usage}))
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.cache_creation_input_tokens) == (200, 32)
    assert answer.usage.cache_input_tokens == 64


def test_the_content_filter_may_strike_in_the_middle() -> None:
    message = "<400> InternalError.Algo.DataInspectionFailed: Output data may contain inappropriate content."
    error = {"error": {"message": message, "type": "server_error", "code": None}, "request_id": "r-1"}
    with pytest.raises(ContentFilterError) as caught:
        decoded(DASHSCOPE_CHAT, events(chunk({"content": "It is"}), error))
    assert caught.value.partial is not None
    assert (caught.value.partial.text, caught.value.request_id) == ("It is", "r-1")
    assert not caught.value.retryable


def test_an_error_of_the_native_kind() -> None:
    data = (
        b"id:1\nevent:error\n:HTTP_STATUS/429\n"
        b'data:{"code":"Throttling.RateQuota","message":"slow down","request_id":"r-2"}\n\n'
    )
    with pytest.raises(RateLimitError, match="slow down") as caught:
        decoded(DASHSCOPE_CHAT, data)
    assert caught.value.retryable
