"""Turns: pairing of calls and results over the whole conversation, order, and what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.chat.turns import (
    AssistantTurn,
    Conversation,
    HintTurn,
    SystemTurn,
    ToolTurn,
    Turn,
    UserTurn,
    to_turns,
)
from modelport.domain.message.blocks import (
    Base64Source,
    ContentBlock,
    DataBlock,
    HintBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from modelport.domain.message.messages import AssistantMsg, Msg, SystemMsg, UserMsg


def call(call_id: str, name: str = "look", arguments: str = "{}") -> ToolCallBlock:
    return ToolCallBlock(id=call_id, name=name, input=arguments)


def result(call_id: str, output: str = "seen", name: str = "look") -> ToolResultBlock:
    return ToolResultBlock(id=call_id, name=name, output=output)


def text(value: str) -> TextBlock:
    return TextBlock(text=value)


def picture() -> DataBlock:
    return DataBlock(source=Base64Source(data="AAAA", media_type="image/png"))


def said(*blocks: ContentBlock) -> Msg:
    return AssistantMsg("friday", blocks)


def sketch(turn: Turn) -> list[str]:
    """A turn as short words, to compare whole conversations at a glance."""
    if isinstance(turn, SystemTurn):
        return ["system", *(block.text for block in turn.texts)]
    if isinstance(turn, ToolTurn):
        return ["tools", *(f"{answer.id}={answer.output}" for answer in turn.results)]
    kind = {UserTurn: "user", HintTurn: "hint", AssistantTurn: "assistant"}[type(turn)]
    return [kind, *(_word(block) for block in turn.blocks)]


def _word(block: ContentBlock) -> str:
    if isinstance(block, TextBlock):
        return block.text
    if isinstance(block, ThinkingBlock):
        return f"({block.thinking})"
    return f"call {block.id}" if isinstance(block, ToolCallBlock) else "data"


def turns(*messages: Msg) -> list[list[str]]:
    return [sketch(turn) for turn in to_turns(messages).turns]


def warned(*messages: Msg) -> list[tuple[str, str]]:
    return [(warning.kind, warning.setting) for warning in to_turns(messages).warnings]


class TestRoles:
    def test_each_message_becomes_a_turn_of_its_role(self) -> None:
        conversation = to_turns([SystemMsg("boss", "Be brief."), UserMsg("ann", "Hi"), said(text("Hello"))])
        assert [sketch(turn) for turn in conversation.turns] == [
            ["system", "Be brief."],
            ["user", "Hi"],
            ["assistant", "Hello"],
        ]
        assert [turn.name for turn in conversation.turns if not isinstance(turn, ToolTurn | HintTurn)] == [
            "boss",
            "ann",
            "friday",
        ]
        assert conversation.warnings == []

    def test_text_and_media_keep_their_order(self) -> None:
        assert turns(UserMsg("ann", [text("a"), picture(), text("b")])) == [["user", "a", "data", "b"]]

    def test_thinking_stays_with_the_words_it_led_to(self) -> None:
        assert turns(said(ThinkingBlock(thinking="hm"), text("yes"))) == [["assistant", "(hm)", "yes"]]

    def test_thinking_alone_is_a_turn_for_the_apis_that_take_it(self) -> None:
        assert len(turns(UserMsg("ann", "Hi"), said(ThinkingBlock(thinking="hm")))) == 2

    @pytest.mark.parametrize("empty", ["", "  ", "\n\t"])
    def test_blank_text_is_left_out_and_a_message_of_it_makes_no_turn(self, empty: str) -> None:
        nothing: Sequence[Msg] = [
            SystemMsg("boss", empty),
            UserMsg("ann", empty),
            said(text(empty)),
            said(HintBlock(hint=empty)),
            said(HintBlock(hint=[text(empty)])),
        ]
        assert turns(*nothing) == []
        assert turns(UserMsg("ann", [text(empty), text("x")])) == [["user", "x"]]
        assert turns(said(text(empty), call("1"), result("1"))) == [["assistant", "call 1"], ["tools", "1=seen"]]


class TestHints:
    def test_a_hint_is_a_turn_in_its_place(self) -> None:
        message = said(text("a"), HintBlock(hint="remember", source="clock"), text("b"))
        assert turns(message) == [["assistant", "a"], ["hint", "remember"], ["assistant", "b"]]
        hint = to_turns([message]).turns[1]
        assert isinstance(hint, HintTurn) and hint.source == "clock"

    def test_a_hint_may_hold_media(self) -> None:
        assert turns(said(HintBlock(hint=[text("look"), picture()]))) == [["hint", "look", "data"]]

    def test_a_hint_never_stands_between_a_call_and_its_result(self) -> None:
        message = said(call("1"), HintBlock(hint="remember"), result("1"))
        assert turns(message) == [["assistant", "call 1"], ["tools", "1=seen"], ["hint", "remember"]]


class TestPairing:
    def test_one_message_may_hold_several_rounds(self) -> None:
        message = said(text("a"), call("1"), result("1"), text("b"), call("2"), result("2"), text("c"))
        assert turns(message) == [
            ["assistant", "a", "call 1"],
            ["tools", "1=seen"],
            ["assistant", "b", "call 2"],
            ["tools", "2=seen"],
            ["assistant", "c"],
        ]

    def test_parallel_calls_are_answered_together_in_the_order_of_the_calls(self) -> None:
        message = said(call("1"), call("2"), result("2", "two"), result("1", "one"))
        assert turns(message) == [["assistant", "call 1", "call 2"], ["tools", "1=one", "2=two"]]

    def test_a_far_result_is_brought_to_its_call(self) -> None:
        messages = [said(call("1")), UserMsg("ann", "And?"), said(result("1"), text("Done"))]
        assert turns(*messages) == [
            ["assistant", "call 1"],
            ["tools", "1=seen"],
            ["user", "And?"],
            ["assistant", "Done"],
        ]
        assert warned(*messages) == []

    def test_a_call_without_result_is_left_out_with_a_warning(self) -> None:
        messages = [said(text("a"), call("1"), call("2"), result("2"))]
        assert turns(*messages) == [["assistant", "a", "call 2"], ["tools", "2=seen"]]
        assert warned(*messages) == [("dropped", "tool_call")]
        assert "'1'" in to_turns(messages).warnings[0].message

    def test_a_message_of_one_unanswered_call_makes_no_turn(self) -> None:
        assert turns(UserMsg("ann", "Hi"), said(call("1"))) == [["user", "Hi"]]

    def test_a_result_without_call_is_left_out_with_a_warning(self) -> None:
        messages = [said(result("9"), text("a"))]
        assert turns(*messages) == [["assistant", "a"]]
        assert warned(*messages) == [("dropped", "tool_result")]

    def test_a_second_result_of_one_call_is_left_out(self) -> None:
        messages = [said(call("1"), result("1", "first"), result("1", "second"))]
        assert turns(*messages) == [["assistant", "call 1"], ["tools", "1=first"]]
        assert warned(*messages) == [("dropped", "tool_result")]

    def test_an_id_that_comes_again_gets_one_of_its_own(self) -> None:
        messages = [said(call("1"), result("1", "first")), said(call("1"), result("1", "second"))]
        assert turns(*messages) == [
            ["assistant", "call 1"],
            ["tools", "1=first"],
            ["assistant", "call 1_2"],
            ["tools", "1_2=second"],
        ]

    def test_an_id_made_up_here_never_meets_a_real_one(self) -> None:
        def ids(*names: str) -> list[str]:
            rounds = [said(call(name), result(name)) for name in names]
            return [turn.calls[0].id for turn in to_turns(rounds).turns if isinstance(turn, AssistantTurn)]

        assert ids("1", "1", "1_2", "1") == ["1", "1_2", "1_2_2", "1_3"]
        assert ids("1", "1_2", "1_3", "1") == ["1", "1_2", "1_3", "1_4"]

    def test_ids_do_not_change_when_the_conversation_goes_on(self) -> None:
        rounds = [said(call(name), result(name)) for name in ("1", "1_2", "1", "1", "1_2")]
        whole = turns(*rounds)
        for count in range(1, len(rounds)):
            assert turns(*rounds[:count]) == whole[: 2 * count]

    def test_the_messages_are_left_as_they_are(self) -> None:
        messages = [said(call("1"), result("1")), said(call("1"), result("1"), result("7"))]
        before = [message.model_dump() for message in messages]
        to_turns(messages)
        assert [message.model_dump() for message in messages] == before


ids = st.sampled_from(["1", "2", "1_2", "1_3"])
blocks = st.one_of(
    st.builds(call, ids),
    st.builds(result, ids),
    st.builds(text, st.sampled_from(["", " ", "word"])),
    st.builds(lambda: ThinkingBlock(thinking="hm")),
    st.builds(lambda hint: HintBlock(hint=hint), st.sampled_from(["", "remember"])),
    st.builds(picture),
)
messages = st.one_of(
    st.builds(lambda content: AssistantMsg("friday", content), st.lists(blocks, max_size=6)),
    st.builds(lambda content: UserMsg("ann", content), st.sampled_from(["", "Hi"])),
    st.builds(lambda content: SystemMsg("boss", content), st.sampled_from(["", "Be brief."])),
)


def check_pairing(conversation: Conversation) -> None:
    """Every call has exactly one result, directly after, in the order of the calls; no id comes twice."""
    seen: list[str] = []
    for turn, after in zip_longest(conversation.turns, conversation.turns[1:]):
        calls = [block.id for block in turn.calls] if isinstance(turn, AssistantTurn) else []
        answers = [answer.id for answer in after.results] if isinstance(after, ToolTurn) else []
        assert calls == answers
        seen += calls
    assert len(seen) == len(set(seen))
    assert not conversation.turns or not isinstance(conversation.turns[0], ToolTurn)


@given(st.lists(messages, max_size=6))
def test_every_conversation_is_paired(history: list[Msg]) -> None:
    conversation = to_turns(history)
    check_pairing(conversation)
    given_blocks = [block for message in history for block in message.content]
    calls = sum(isinstance(block, ToolCallBlock) for block in given_blocks)
    results = sum(isinstance(block, ToolResultBlock) for block in given_blocks)
    pairs = sum(len(turn.results) for turn in conversation.turns if isinstance(turn, ToolTurn))
    settings = [warning.setting for warning in conversation.warnings]
    assert settings.count("tool_call") == calls - pairs
    assert settings.count("tool_result") == results - pairs


@given(st.lists(messages, max_size=6))
def test_no_text_is_empty_and_none_is_lost(history: list[Msg]) -> None:
    shown: list[str] = []
    for turn in to_turns(history).turns:
        if isinstance(turn, SystemTurn):
            shown += [block.text for block in turn.texts]
        elif not isinstance(turn, ToolTurn):
            shown += [block.text for block in turn.blocks if isinstance(block, TextBlock)]
    assert all(value.strip() for value in shown)
    given_texts = [
        block for message in history for block in message.content if isinstance(block, TextBlock | HintBlock)
    ]
    words = [block.text if isinstance(block, TextBlock) else block.hint for block in given_texts]
    assert shown == [word for word in words if isinstance(word, str) and word.strip()]


def _call(call_id: str, text: str) -> ToolCallBlock:
    return ToolCallBlock(id=call_id, name="f", input=text)


def _answer(call_id: str, text: str) -> ToolResultBlock:
    return ToolResultBlock(id=call_id, name="f", output=text)


def test_a_stale_result_before_a_call_is_not_its_answer() -> None:
    conversation = to_turns([AssistantMsg("bot", [_answer("0", "stale"), _call("0", "{}"), _answer("0", "fresh")])])
    assert [turn.results[0].output for turn in conversation.turns if isinstance(turn, ToolTurn)] == ["fresh"]
    assert [warning.setting for warning in conversation.warnings] == ["tool_result"]


def test_an_unanswered_call_does_not_take_a_later_calls_result() -> None:
    blocks: list[ContentBlock] = [
        _call("0", '{"old": 1}'),
        _call("1", "{}"),
        _answer("1", "one"),
        _call("0", '{"new": 1}'),
        _answer("0", "zero"),
    ]
    conversation = to_turns([AssistantMsg("bot", blocks)])
    calls = [call.input for turn in conversation.turns if isinstance(turn, AssistantTurn) for call in turn.calls]
    assert calls == ["{}", '{"new": 1}']
    assert [warning.setting for warning in conversation.warnings] == ["tool_call"]
