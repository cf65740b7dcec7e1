"""The history of a very long conversation: bounded, and legal wherever it begins."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.realtime import history as module
from modelport.domain.realtime.history import GrowingText, RealtimeHistory
from modelport.domain.realtime.signals import ItemAdded
from modelport.error import ResponseDecodeError
from modelport.message import (
    Base64Source,
    DataBlock,
    Msg,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    UserMsg,
)

SEED = [UserMsg("user", "Once I said this.")]
TURNS = st.lists(st.sampled_from(["user", "assistant", "call", "reply of calls", "open call", "unplaced"]), max_size=80)


def talk(history: RealtimeHistory, kinds: Sequence[str], start: int = 0) -> None:
    """Something said, or called, for each of these."""
    for number, kind in enumerate(kinds, start):
        name = f"{kind}-{number}"
        if kind == "unplaced":
            history.item(name, "user")
            continue
        for part in range(3 if kind == "reply of calls" else 1):
            item = history.item(f"{name}-{part}", "user" if kind == "user" else "assistant")
            item.text = f"{name}-{part}"
            if kind != "user":
                item.reply_id = f"reply-{name}"
            if "call" in kind:
                item.call = ToolCallBlock(id=f"{name}-{part}", name="look", input="{}")
            if "call" in kind and kind != "open call":
                state = ToolResultState.SUCCESS
                item.result = ToolResultBlock(id=f"{name}-{part}", name="look", output="blue", state=state)
            history.place(item)


def ids(messages: Sequence[Msg], kind: type) -> list[str]:
    return [block.id for message in messages for block in message.content if isinstance(block, kind)]


@given(TURNS)
def test_it_is_bounded_and_each_call_keeps_its_result(kinds: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_ITEMS", 12)
        history = RealtimeHistory(SEED)
        talk(history, kinds)
        messages = history.messages()
        assert messages[:1] == SEED
        open_calls = [kind for kind in kinds if kind == "open call"]
        assert len(history.open_calls()) == len(open_calls), "a call that waits is not forgotten"
        results = ids(messages, ToolResultBlock)
        calls = [call for call in ids(messages, ToolCallBlock) if not call.startswith("open")]
        assert results == calls
        if not open_calls:
            assert len(history._items) <= 12 + 12 // 2
            assert not set(history.replies) - {item.reply_id for item in history._items.values()}
        said = [kind for kind in kinds if kind != "unplaced"]
        if said:
            last = messages[-1]
            assert f"{said[-1]}-{len(kinds) - 1 - kinds[::-1].index(said[-1])}" in str(last.content), "the newest stays"


def test_the_oldest_turns_go_and_a_users_comes_first() -> None:
    history = RealtimeHistory(SEED)
    for number in range(5000):
        talk(history, ["user", "call", "assistant"], 3 * number)
    messages = history.messages()[1:]
    assert messages[0].role == "user"
    assert module.MOST_ITEMS // 2 <= sum(len(message.metadata["item_ids"]) for message in messages) <= module.MOST_ITEMS
    assert messages[-1].get_text_content() == "assistant-14999-0"


def test_images_are_forgotten_with_their_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_MEDIA", 10_000)
    history = RealtimeHistory(SEED)
    for number in range(40):
        item = history.item(f"u{number}", "user")
        item.media = [DataBlock(source=Base64Source(data="A" * 1000, media_type="image/png"))]
        history.place(item)
        history.forget_media()
    assert len(history.messages()) == 1 + 10
    assert history.messages()[-1].id == "u39"


def test_items_that_a_server_never_names_are_not_remembered_for_ever() -> None:
    history = RealtimeHistory()
    history.expect((f"i{number}", f"text {number}") for number in range(5000))
    history.added(ItemAdded("server-1", "user", text="text 4999"))
    assert history.get("server-1") is None, "it was sent, but never became an item here"
    assert len(history._expected) <= 1000


def test_a_turn_has_a_longest_text() -> None:
    text = GrowingText()
    for _ in range(256):
        text.add("a" * 1024)
    assert len(text.text) == 256 * 1024
    with pytest.raises(ResponseDecodeError, match="longer than 262144 characters"):
        text.add("a")
