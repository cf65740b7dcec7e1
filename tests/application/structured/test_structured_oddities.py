"""Unusual schemas and answers: each ends in an error of ours that describes the fault."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, field_serializer

from modelport.error import InvalidRequestError, StructuredOutputError
from tests.application.structured.structured_support import question
from tests.application.structured.test_structured_custom import Custom, Weather, called


class Unwritable(BaseModel):
    city: str

    @field_serializer("city")
    def _no(self, value: str) -> str:
        raise ValueError("no")


async def test_a_class_that_cannot_be_written_back_is_named() -> None:
    with pytest.raises(InvalidRequestError, match=r"Unwritable.*JSON"):
        await Custom([called('{"city": "Oslo"}')]).generate_structured_output(question(), Unwritable)


@pytest.mark.parametrize("schema", [{"type": "object", "default": object()}, {"type": "object", "examples": [{1, 2}]}])
async def test_a_schema_that_is_not_json_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="JSON"):
        await Custom([]).generate_structured_output(question(), schema)


async def test_a_deeply_nested_answer_is_an_invalid_one() -> None:
    deep = '{"k":' * 900 + "null" + "}" * 900
    schema = {"type": "object", "properties": {"k": {"$ref": "#"}}}
    with pytest.raises(StructuredOutputError):
        await Custom([called(deep)], max_retries=0).generate_structured_output(question(), schema)


async def test_the_error_contains_what_was_wrong_with_the_last_answer() -> None:
    model = Custom([called('{"city": "Oslo"}')], max_retries=0)
    with pytest.raises(StructuredOutputError, match=r"1 request.*\$\.temperature: Field required") as caught:
        await model.generate_structured_output(question(), Weather)
    assert caught.value.errors == ("forced_tool: $.temperature: Field required",)


async def test_long_malformed_json_is_not_repaired() -> None:
    damaged = '{"city": "' + "x" * 300_000 + '", "temperature": 3'
    with pytest.raises(StructuredOutputError, match="too long to be repaired"):
        await Custom([called(damaged + ",,}")], max_retries=0).generate_structured_output(question(), Weather)
