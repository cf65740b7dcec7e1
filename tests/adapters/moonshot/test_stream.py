"""Moonshot's answers, from bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.moonshot.profile import MOONSHOT_CHAT
from modelport.error import OverloadedError, QuotaExceededError, StreamTruncatedError
from modelport.model import FinishReason
from tests.adapters.openai_chat.playback import calls, counts, text, thinking
from tests.adapters.openai_chat.support import chunk, decoded, events, gist, on_tape

TAPES = [("stream", 0), ("thinking_stream", 0), ("tool_round_trip", 0), ("tool_round_trip", 1)]


@pytest.mark.parametrize(("scenario", "index"), TAPES)
def test_every_single_cut_gives_the_same(scenario: str, index: int) -> None:
    data = on_tape("moonshot", scenario, index)
    wanted = gist(decoded(MOONSHOT_CHAT, data))
    for cut in range(len(data)):
        assert gist(decoded(MOONSHOT_CHAT, data, [cut])) == wanted


@given(tape=st.sampled_from(TAPES), cuts=st.lists(st.integers(min_value=0, max_value=6000), max_size=60))
def test_any_cuts_give_the_same(tape: tuple[str, int], cuts: list[int]) -> None:
    data = on_tape("moonshot", *tape)
    assert gist(decoded(MOONSHOT_CHAT, data, cuts)) == gist(decoded(MOONSHOT_CHAT, data))


@pytest.mark.parametrize(("scenario", "index"), TAPES)
def test_a_stream_that_breaks_off_is_no_answer(scenario: str, index: int) -> None:
    data = on_tape("moonshot", scenario, index)
    end = data.index(b'"finish_reason":"')
    event = data.rindex(b"data:", 0, end)
    with pytest.raises(StreamTruncatedError):
        decoded(MOONSHOT_CHAT, data[:event])


def test_usage_in_the_choice_and_beside_it_is_counted_once() -> None:
    assert counts(decoded(MOONSHOT_CHAT, on_tape("moonshot", "stream"))) == (8, 9, 0, 0)
    assert counts(decoded(MOONSHOT_CHAT, on_tape("moonshot", "thinking_stream"))) == (13, 19, 8, 9)


def test_usage_of_another_choice_is_not_ours() -> None:
    own, other = {"prompt_tokens": 5, "completion_tokens": 7}, {"prompt_tokens": 5, "completion_tokens": 99}
    answer = decoded(
        MOONSHOT_CHAT,
        events(
            chunk({"content": "a"}),
            chunk({"content": "x"}, index=1),
            chunk(finish_reason="stop", usage=own),
            chunk(finish_reason="stop", usage=other, index=1),
        ),
    )
    assert (text(answer), counts(answer)[:2]) == ("a", (5, 7))


def test_ids_with_dots_and_colons_come_as_they_are() -> None:
    def fragment(place: int, city: str) -> dict[str, object]:
        arguments = f'{{"city": "{city}"}}'
        return {"id": f"functions.get_weather:{place}", "function": {"name": "get_weather", "arguments": arguments}}

    both = chunk({"tool_calls": [fragment(0, "Oita"), fragment(1, "Saga")]})
    answer = decoded(MOONSHOT_CHAT, events(both, chunk(finish_reason="tool_calls")))
    assert calls(answer) == [
        ("functions.get_weather:0", "get_weather", '{"city": "Oita"}'),
        ("functions.get_weather:1", "get_weather", '{"city": "Saga"}'),
    ]


def test_fragments_without_an_index_are_told_apart_by_their_place() -> None:
    def fragment(**function: str) -> dict[str, object]:
        return {"type": "function", "function": function}

    answer = decoded(
        MOONSHOT_CHAT,
        events(
            chunk({"tool_calls": [fragment(name="f", arguments="{"), fragment(name="g", arguments='{"x"')]}),
            chunk({"tool_calls": [fragment(arguments="}"), fragment(arguments=":1}")]}),
            chunk(finish_reason="tool_calls"),
        ),
    )
    assert [call[1:] for call in calls(answer)] == [("f", "{}"), ("g", '{"x":1}')]


def test_a_small_cap_ends_in_the_middle_of_the_reasoning() -> None:
    data = events(chunk({"reasoning_content": "Let me"}), chunk(finish_reason="length"))
    answer = decoded(MOONSHOT_CHAT, data)
    assert (thinking(answer), text(answer), answer.finish_reason) == ("Let me", "", FinishReason.LENGTH)


def test_errors_in_the_stream() -> None:
    with pytest.raises(OverloadedError) as caught:
        decoded(MOONSHOT_CHAT, events({"error": {"message": "busy", "type": "engine_overloaded_error"}}))
    assert caught.value.retryable
    with pytest.raises(QuotaExceededError) as spent:
        decoded(MOONSHOT_CHAT, events({"error": {"message": "pay", "type": "exceeded_current_quota_error"}}))
    assert not spent.value.retryable
