"""Schemas that say nothing sensible: an error of ours, before any request where that can be known."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelport.error import InvalidRequestError, ModelError
from modelport.model import ChatModelBase
from modelport.testing.contract.core.mutated_transport import MutatedAnswer, MutatedTransport
from tests.contract.samples import OPENAI, question

TEXT = '{"a": "x", "b": 1}'
KEYWORDS = ("type", "properties", "required", "items", "anyOf", "enum", "pattern", "$schema", "$id", "format", "$ref")
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 7, "object", "a", "#", "(?<a", r"\p{L}", [], ["a"], {}, {"a": {}}, {"a": {"pattern": "(?<a"}}]
)
SCHEMAS = st.dictionaries(st.sampled_from(KEYWORDS), VALUES, max_size=3).map(lambda made: {"type": "object", **made})


def model() -> tuple[ChatModelBase, MutatedTransport]:
    """A model whose answer is always an object."""
    choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
    body = json.dumps({**OPENAI.body, "choices": [choice]}).encode()
    transport = MutatedTransport(MutatedAnswer(200, {"content-type": "application/json"}, (body,)))
    return OPENAI.model(
        "http://127.0.0.1:1", stream=False, max_retries=1, retry_delay=0, transport=transport
    ), transport


@pytest.mark.parametrize("value", [7, ["x"], {}])
@pytest.mark.parametrize("keyword", ["$schema", "$id"])
async def test_a_draft_that_is_no_text(keyword: str, value: object) -> None:
    asked, transport = model()
    with pytest.raises(InvalidRequestError, match="not a valid JSON Schema"):
        await asked.generate_structured_output(question(), {"type": "object", keyword: value})
    assert not transport.requests


async def test_a_dynamic_reference_to_nowhere() -> None:
    asked, _ = model()
    schema = {"type": "object", "properties": {"a": {"$dynamicRef": "#nowhere"}}}
    with pytest.raises(InvalidRequestError, match="cannot be applied"):
        await asked.generate_structured_output(question(), schema)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(schema=SCHEMAS)
def test_only_our_errors_leave(schema: dict[str, Any]) -> None:
    with contextlib.suppress(ModelError):
        asyncio.run(model()[0].generate_structured_output(question(), schema))
