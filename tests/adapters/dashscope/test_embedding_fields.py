"""Body fields that a caller gives to DashScope's embeddings."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.error import InvalidRequestError
from modelport.testing.servers.http import ScriptedServer
from tests.adapters.dashscope.test_embedding import echo, model


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"dimension": 64, "fps": 2}, {"dimension": 64, "fps": 2}),
        ({"parameters": {"fps": 2}, "instruct": "find"}, {"dimension": 1024, "fps": 2, "instruct": "find"}),
        ({"parameters": None}, None),
        ({"model": {"name": "m"}}, {"dimension": 1024}),
    ],
)
async def test_they_are_sent_as_given(given: dict[str, Any], wanted: Any) -> None:
    async with ScriptedServer(echo) as server:
        await model(server.base_url)(["a"], extra_body=given)
        assert server.requests[0].json()["parameters"] == wanted
        assert server.requests[0].json()["model"] == given.get("model", "text-embedding-v4")


@pytest.mark.parametrize("parameters", [None, [1], "x"])
async def test_what_has_no_place_is_refused(parameters: Any) -> None:
    async with ScriptedServer(echo) as server:
        with pytest.raises(InvalidRequestError, match="fps"):
            await model(server.base_url)(["a"], parameters=parameters, fps=2)
        assert server.requests == []


async def test_long_texts_make_smaller_requests() -> None:
    async with ScriptedServer(echo) as server:
        await model(server.base_url)([f"{number} " + "语" * 8000 for number in range(10)])
        sent = [request.json()["input"]["texts"] for request in server.requests]
    assert sorted(map(len, sent)) == [2, 4, 4]
