"""Messages and blocks: built, validated, stored and read back."""

from __future__ import annotations

from datetime import datetime
from itertools import count

import pytest
from pydantic import ValidationError

import modelport
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    HintBlock,
    Msg,
    ProviderData,
    SystemMsg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    URLSource,
    UserMsg,
)


def everything() -> Msg:
    return AssistantMsg(
        "bot",
        [
            ThinkingBlock(thinking="hm", provider_data=ProviderData(provider="anthropic", data={"signature": "s"})),
            TextBlock(text="Let me look."),
            ToolCallBlock(id="c1", name="look", input='{"a": 1}'),
            ToolResultBlock(
                id="c1",
                name="look",
                output=[TextBlock(text="seen"), DataBlock(source=Base64Source(data="AAAA", media_type="image/png"))],
            ),
            HintBlock(hint="be brief", source="app"),
            DataBlock(source=URLSource(url="https://example.com/a.png", media_type="image/png"), name="a.png"),
        ],
    )


def test_a_message_survives_storage() -> None:
    message = everything()
    assert Msg.model_validate_json(message.model_dump_json()) == message


def test_a_string_becomes_one_text_block() -> None:
    message = UserMsg("alice", "Hello")
    assert [block.type for block in message.content] == ["text"] and message.get_text_content() == "Hello"
    assert Msg.model_validate({"name": "a", "role": "user", "content": "Hi"}).get_text_content() == "Hi"
    assert message.finished_at == message.created_at
    assert AssistantMsg("bot", "Hi").finished_at is None


def test_blocks_by_type() -> None:
    message = everything()
    assert message.has_content_blocks("tool_call") and not UserMsg("u", "x").has_content_blocks("tool_call")
    assert [block.type for block in message.get_content_blocks(["text", "thinking"])] == ["thinking", "text"]
    message.get_content_blocks().clear()
    assert len(message.content) == 6


def test_roles_hold_only_their_blocks() -> None:
    with pytest.raises(ValidationError, match="user message holds only"):
        Msg(name="u", role="user", content=[ToolCallBlock(id="c", name="f", input="{}")])
    with pytest.raises(ValidationError, match="system message holds only"):
        SystemMsg("s", [DataBlock(source=Base64Source(data="AAAA", media_type="image/png"))])  # type: ignore[list-item]  # the point


def test_sources_that_cannot_work_are_refused() -> None:
    with pytest.raises(ValidationError, match="bare base64"):
        Base64Source(data="data:image/png;base64,AAAA", media_type="image/png")
    with pytest.raises(ValidationError, match="is not a URL"):
        URLSource(url="picture.png", media_type="image/png")


def test_identity_factories() -> None:
    numbers = count(1)
    modelport.set_id_factory(lambda: f"id-{next(numbers)}")
    modelport.set_timestamp_factory(lambda: "2026-01-01T00:00:00+00:00")
    try:
        message = UserMsg("u", "x")
        assert message.created_at == "2026-01-01T00:00:00+00:00"
        assert {message.id, message.content[0].id} == {"id-1", "id-2"}
    finally:
        modelport.set_id_factory(None)
        modelport.set_timestamp_factory(None)
    stamp = datetime.fromisoformat(UserMsg("u", "x").created_at)
    assert stamp.tzinfo is not None and stamp.utcoffset() is not None


def test_owned_data_belongs_to_its_owner() -> None:
    data = ProviderData(provider="p", family="f")
    assert data.owned_by("p", "f")
    assert not data.owned_by("p", "g") and not data.owned_by("q", "f")
    assert ProviderData(provider="p").owned_by("p", "any")


def test_a_block_prints_what_a_reader_looks_for() -> None:
    call = ToolCallBlock(id="c1", name="f", input="{}")
    assert repr([TextBlock(text="1"), call]) == "[TextBlock(text='1'), ToolCallBlock(id='c1', name='f', input='{}')]"
