"""OpenAI's answers, from bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.openai.chat_profile import OPENAI_CHAT
from modelport.error import StreamTruncatedError
from modelport.model import FinishReason
from tests.adapters.openai_chat.playback import calls, counts, text, thinking
from tests.adapters.openai_chat.support import chunk, decoded, events, gist, on_tape

TAPES = [("stream", 0), ("thinking_stream", 0), ("tool_round_trip", 0), ("tool_round_trip", 1)]


@pytest.mark.parametrize(("scenario", "index"), TAPES)
def test_every_single_cut_gives_the_same(scenario: str, index: int) -> None:
    data = on_tape("openai", scenario, index)
    wanted = gist(decoded(OPENAI_CHAT, data))
    for cut in range(len(data)):
        assert gist(decoded(OPENAI_CHAT, data, [cut])) == wanted


@given(tape=st.sampled_from(TAPES), cuts=st.lists(st.integers(min_value=0, max_value=6000), max_size=60))
def test_any_cuts_give_the_same(tape: tuple[str, int], cuts: list[int]) -> None:
    data = on_tape("openai", *tape)
    assert gist(decoded(OPENAI_CHAT, data, cuts)) == gist(decoded(OPENAI_CHAT, data))


@pytest.mark.parametrize(("scenario", "index"), TAPES)
def test_a_stream_that_breaks_off_is_no_answer(scenario: str, index: int) -> None:
    data = on_tape("openai", scenario, index)
    end = data.index(b'"finish_reason":"')
    event = data.rindex(b"data:", 0, end)
    with pytest.raises(StreamTruncatedError):
        decoded(OPENAI_CHAT, data[:event])


def test_nothing_is_made_of_obfuscation_and_empty_chunks() -> None:
    answer = decoded(OPENAI_CHAT, on_tape("openai", "stream"))
    assert (text(answer), thinking(answer), calls(answer)) == ("One, two – and three 🔔.", "", [])
    assert (counts(answer), len(answer.content)) == ((11, 9, 0, 0), 1)


def test_a_moderation_chunk_is_no_answer() -> None:
    data = events(chunk({"content": "a"}), chunk(finish_reason="stop"), {"id": "c", "moderation": {"flagged": False}})
    assert text(decoded(OPENAI_CHAT, data)) == "a"


def test_a_named_choice_ends_with_stop_and_is_a_tool_call_still() -> None:
    fragment = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    answer = decoded(OPENAI_CHAT, events(chunk({"tool_calls": [fragment]}), chunk(finish_reason="stop")))
    assert (answer.finish_reason, answer.raw_finish_reason) == (FinishReason.TOOL_CALLS, "stop")


def test_a_budget_spent_on_reasoning_is_a_cut_answer() -> None:
    usage = {"prompt_tokens": 8, "completion_tokens": 64, "completion_tokens_details": {"reasoning_tokens": 64}}
    answer = decoded(OPENAI_CHAT, events(chunk(finish_reason="length"), {"choices": [], "usage": usage}))
    assert (text(answer), counts(answer), answer.finish_reason) == ("", (8, 64, 0, 64), FinishReason.LENGTH)
