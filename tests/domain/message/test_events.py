"""Events as values, and as JSON."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

import modelport.event as face
from modelport import set_id_factory, set_timestamp_factory
from modelport.domain.message.responses import ModelWarning
from modelport.event import (
    BlockEvent,
    CustomEvent,
    DataBlockDeltaEvent,
    Event,
    EventBase,
    EventType,
    ModelCallEndEvent,
    ReplyEndEvent,
    ReplyEvent,
    TextBlockDeltaEvent,
    ToolCallEvent,
    ToolResultDataDeltaEvent,
)
from modelport.message import DataBlock, TextBlock, ToolResultState, URLSource
from modelport.model import FinishReason

CLASSES: tuple[type[Any], ...] = get_args(get_args(Event)[0])
PICTURE = DataBlock(source=URLSource(url="https://example.org/a.png", media_type="image/png"))
FIELDS: dict[str, Any] = {
    "reply_id": "r",
    "block_id": "b",
    "tool_call_id": "c",
    "tool_call_name": "look",
    "name": "n",
    "role": "assistant",
    "model_name": "m",
    "delta": "d",
    "media_type": "audio/wav",
    "data": "AAAA",
    "hint": [TextBlock(text="t"), PICTURE],
    "source": "s",
    "state": ToolResultState.ERROR,
    "value": {"a": [1]},
    "finish_reason": FinishReason.LENGTH,
    "error": "e",
    "input_tokens": 1,
    "output_tokens": 2,
    "cache_input_tokens": 3,
    "cache_creation_input_tokens": 4,
    "warnings": [ModelWarning("dropped", "seed", "no")],
}


def made(cls: type[Any]) -> Any:
    names = {field.name for field in dataclasses.fields(cls)}
    return cls(**{name: value for name, value in FIELDS.items() if name in names}, metadata={"x": 1})


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_event_goes_to_json_and_back(cls: type[Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Event)
    event = made(cls)
    again = adapter.validate_json(adapter.dump_json(event))
    assert type(again) is cls and again == event
    assert adapter.dump_python(event, mode="json")["type"] == event.type.value
    assert not hasattr(event, "__dict__"), "a slot for each field"


def test_each_type_has_one_class_named_after_it() -> None:
    assert {made(cls).type for cls in CLASSES} == set(EventType)
    for cls in CLASSES:
        assert cls.__name__.lower() == made(cls).type.value.replace("_", "").lower() + "event"
        assert getattr(face, cls.__name__) is cls


def test_what_events_have_in_common() -> None:
    assert all(issubclass(cls, EventBase) for cls in CLASSES)
    assert [cls for cls in CLASSES if not issubclass(cls, ReplyEvent)] == [CustomEvent]
    for cls in CLASSES:
        name = cls.__name__
        assert issubclass(cls, BlockEvent) == ("Block" in name)
        assert issubclass(cls, ToolCallEvent) == name.startswith("Tool")


def test_ids_and_times_come_from_the_factories() -> None:
    set_id_factory(lambda: "id")
    set_timestamp_factory(lambda: "now")
    try:
        event = ReplyEndEvent(reply_id="r")
    finally:
        set_id_factory(None)
        set_timestamp_factory(None)
    assert (event.id, event.created_at, event.metadata, event.finish_reason) == ("id", "now", {}, None)


@pytest.mark.parametrize("fields", [{}, {"data": "AAAA", "url": "https://example.org"}])
def test_data_or_a_url(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either"):
        DataBlockDeltaEvent(reply_id="r", block_id="b", media_type="a/b", **fields)
    with pytest.raises(ValueError, match="either"):
        ToolResultDataDeltaEvent(reply_id="r", tool_call_id="b", media_type="a/b", **fields)
    url = DataBlockDeltaEvent(reply_id="r", block_id="b", media_type="a/b", url="https://example.org")
    assert (url.data, url.url) == (None, "https://example.org")


def test_the_finish_reason_has_its_one_name() -> None:
    for cls in (ReplyEndEvent, ModelCallEndEvent):
        assert "finish_reason" in {field.name for field in dataclasses.fields(cls)}


def test_an_event_compares_by_value() -> None:
    event = TextBlockDeltaEvent(reply_id="r", block_id="b", delta="d")
    assert dataclasses.replace(event) == event
    assert dataclasses.replace(event, delta="e") != event
