"""Conversations before they are stored: titles, undo, forks."""

from __future__ import annotations

import pytest

from modelport.conversation import Conversation, ForkPoint
from modelport.message import AssistantMsg, SystemMsg, UserMsg


def talk() -> Conversation:
    messages = [SystemMsg("system", "Be brief"), UserMsg("user", "one\n two"), AssistantMsg("a", "1")]
    return Conversation(messages=[*messages, UserMsg("user", "three"), AssistantMsg("a", "3")])


def test_the_title_is_the_first_question_unless_one_is_given() -> None:
    conversation = talk()
    assert conversation.title == "one two"
    conversation.title = "numbers"
    assert conversation.title == "numbers" and "numbers" in repr(conversation)
    assert Conversation().title == "" and len(Conversation(messages=[UserMsg("u", "x" * 500)]).title) == 80


def test_undo_takes_back_one_turn_and_leaves_the_system_message() -> None:
    conversation = talk()
    assert [len(conversation.undo()) for _ in range(3)] == [2, 2, 0]
    assert [message.role for message in conversation.messages] == ["system"]


def test_a_fork_has_a_name_and_messages_of_its_own() -> None:
    conversation = talk()
    forked = conversation.fork(3)
    forked.append(UserMsg("user", "other"))
    assert forked.id != conversation.id and forked.parent == ForkPoint(conversation.id, 3)
    assert (len(forked.messages), len(conversation.messages), forked.stored) == (4, 5, 0)
    with pytest.raises(ValueError, match="expected 0 to 5"):
        conversation.fork(6)
    with pytest.raises(ValueError, match="at least 0"):
        conversation.truncate(-1)
