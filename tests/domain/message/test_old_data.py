"""Messages that another version or AgentScope stored lose nothing when they are loaded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from modelport.message import (
    AssistantMsg,
    Base64Source,
    ContentBlock,
    DataBlock,
    HintBlock,
    Msg,
    ProviderData,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    URLSource,
    Usage,
)
from modelport.model import FinishReason
from tests.contract.origins import ORIGINS, Origin
from tests.contract.sdk_types import sdk_refusals
from tests.contract.wandering import go_on, violations

every_target = pytest.mark.parametrize("target", ORIGINS, ids=str)
OWNED = ProviderData(provider="openai", data={"x": 1})
BLOCKS: list[ContentBlock] = [
    TextBlock(text="a", provider_data=OWNED),
    ThinkingBlock(thinking="b"),
    DataBlock(source=Base64Source(data="AAAA", media_type="image/png")),
    DataBlock(source=URLSource(url="https://h.example/a.png")),
    HintBlock(hint=[TextBlock(text="c")]),
    ToolCallBlock(id="1", name="f", input="{}"),
    ToolResultBlock(id="1", name="f", output=[TextBlock(text="d")]),
]


def with_more(value: Any) -> Any:  # Any: JSON
    """The JSON with a field of a later version in every object that is not the application's own."""
    if isinstance(value, dict):
        return {"of_a_later_version": {"x": [1, None]}, **{key: with_more(item) for key, item in value.items()}}
    return [with_more(item) for item in value] if isinstance(value, list) else value


def test_unknown_fields_are_kept_everywhere() -> None:
    said = AssistantMsg("bot", BLOCKS, usage=Usage(input_tokens=1), metadata={"a": {"b": 1}})
    stored = with_more(json.loads(said.model_dump_json()))
    loaded = Msg.model_validate_json(json.dumps(stored))
    assert json.loads(loaded.model_dump_json()) == stored
    assert Msg.model_validate(loaded.model_dump()) == loaded
    assert "of_a_later_version" in repr(loaded.content[0])


@every_target
async def test_unknown_fields_are_not_sent(target: Origin) -> None:
    history = [
        {"name": "user", "role": "user", "content": [{"type": "text", "text": "Hi", "later": "x1"}], "later": "x2"},
        {"name": "bot", "role": "assistant", "content": [{"type": "text", "text": "Yes", "later": "x3"}]},
        {"name": "user", "role": "user", "content": "Well?"},
    ]
    body, _ = await go_on(target, [Msg.model_validate(message) for message in history], [])
    assert violations(target, body) == [] and "x1" not in json.dumps(body) and "later" not in json.dumps(body)


REFERENCE: dict[str, tuple[dict[str, Any], ProviderData | None]] = {
    "a signature": ({"signature": "sig"}, ProviderData(provider="anthropic", data={"signature": "sig"})),
    "redacted thinking": (
        {"redacted_thinking_data": "data"},
        ProviderData(provider="anthropic", data={"redacted": "data"}),
    ),
    "a reasoning item": (
        {"reasoning_item_id": "rs_1", "reasoning_item_raw": {"type": "reasoning", "id": "rs_1", "summary": []}},
        ProviderData(provider="openai", data={"item": {"type": "reasoning", "id": "rs_1", "summary": []}}),
    ),
    "the id of a reasoning item": (
        {"reasoning_item_id": "rs_1", "signature": None},
        ProviderData(provider="openai", data={"item": {"type": "reasoning", "id": "rs_1"}}),
    ),
    "nothing": ({"signature": None, "reasoning_item_raw": None}, None),
}


@pytest.mark.parametrize(("fields", "owned"), REFERENCE.values(), ids=list(REFERENCE))
def test_thinking_that_agentscope_stored_has_its_owner(fields: dict[str, Any], owned: ProviderData | None) -> None:
    made = ThinkingBlock(thinking="hm", **fields)
    loaded = ThinkingBlock.model_validate({"type": "thinking", "thinking": "hm", "id": made.id} | fields)
    assert made.provider_data == loaded.provider_data == owned
    assert made.redacted is loaded.redacted is ("redacted_thinking_data" in fields)
    message = Msg.model_validate(
        {"name": "b", "role": "assistant", "content": [{**fields, "type": "thinking"} | {"thinking": ""}]}
    )
    assert message.content[0].provider_data == owned
    assert Msg.model_validate_json(message.model_dump_json()) == message


def test_own_data_win_over_foreign_fields() -> None:
    block = ThinkingBlock(thinking="hm", provider_data=OWNED, signature="sig")  # type: ignore[call-arg, unused-ignore]
    assert block.provider_data == OWNED and block.model_dump()["signature"] == "sig"


@every_target
async def test_that_thinking_goes_back_to_its_owner_and_nobody_else(target: Origin) -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "SealedItem"}
    content = [
        {"type": "thinking", "thinking": "Signed thought.", "signature": "SignedSeal"},
        {"type": "thinking", "thinking": "", "redacted_thinking_data": "RedactedSeal"},
        {"type": "thinking", "thinking": "", "reasoning_item_id": "rs_1", "reasoning_item_raw": item},
        {"type": "text", "text": "Yes."},
    ]
    history = [
        Msg.model_validate({"name": "user", "role": "user", "content": "Hi"}),
        Msg.model_validate({"name": "bot", "role": "assistant", "content": content, "finished_reason": "completed"}),
        Msg.model_validate({"name": "user", "role": "user", "content": "Well?"}),
    ]
    body, _ = await go_on(target, history, [])
    text = json.dumps(body)
    assert violations(target, body) == [] and sdk_refusals(target.name, body) == []
    assert ("SignedSeal" in text and "RedactedSeal" in text) is (target.name == "anthropic")
    assert ("SealedItem" in text) is (target.name == "openai_responses")


@pytest.mark.parametrize(
    ("word", "reason", "kept"),
    [
        ("completed", FinishReason.STOP, None),
        ("COMPLETED", FinishReason.STOP, None),
        ("FinishedReason.COMPLETED", FinishReason.STOP, None),
        ("length", FinishReason.LENGTH, None),
        ("interrupted", FinishReason.OTHER, "interrupted"),
        ("exceed_max_iters", FinishReason.OTHER, "exceed_max_iters"),
        (None, None, None),
    ],
)
def test_finished_reason(word: str | None, reason: FinishReason | None, kept: str | None) -> None:
    message = Msg.model_validate({"name": "b", "role": "assistant", "content": "Hi", "finished_reason": word})
    assert message.finish_reason is reason and message.model_dump().get("finished_reason") == kept
    assert Msg.model_validate_json(message.model_dump_json()) == message
    assert AssistantMsg("b", "Hi", finished_reason=word).finish_reason is reason


def test_blocks_of_an_unknown_type_are_refused() -> None:
    with pytest.raises(ValidationError, match="'type' does not match any of the expected tags"):
        Msg.model_validate({"name": "b", "role": "assistant", "content": [{"type": "hologram", "data": "x"}]})
