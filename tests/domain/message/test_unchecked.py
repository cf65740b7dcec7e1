"""Copies made without pydantic are those that pydantic makes."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.message.unchecked import changed
from modelport.message import ProviderData, TextBlock, ThinkingBlock, ToolCallBlock

OWNED = ProviderData(provider="openai", data={"a": 1})
BLOCKS: list[tuple[Any, dict[str, Any]]] = [
    (TextBlock(text="hi"), {"text": "hi there", "provider_data": OWNED}),
    (TextBlock(text="hi", note={"of": "another version"}), {"text": "", "provider_data": None}),
    (ThinkingBlock(thinking="hm", redacted=True), {"thinking": "hm?"}),
    (ToolCallBlock(id="c", name="", input=""), {"name": "look", "input": "{}"}),
]


@pytest.mark.parametrize(("block", "fields"), BLOCKS)
def test_a_changed_copy_is_the_one_that_pydantic_makes(block: Any, fields: dict[str, Any]) -> None:
    before = block.model_dump()
    quick, usual = changed(block, fields), block.model_copy(update=fields)
    assert quick == usual
    assert type(quick) is type(block)
    assert (quick.model_fields_set, quick.model_extra) == (usual.model_fields_set, usual.model_extra)
    assert list(quick.__dict__) == list(usual.__dict__)
    assert quick.model_dump() == usual.model_dump()
    quick.note = "mine"
    quick.model_fields_set.add("more")
    assert block.model_dump() == before
    assert "more" not in block.model_fields_set
