"""Transports and connectors as context managers, which close their connections."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from modelport import transport as face
from modelport.testing import ScriptedServer
from modelport.transport import AiohttpTransport, HttpxTransport, RecordTransport
from tests.cassettes import ask
from tests.contract.samples import OPENAI, question

MAKERS: dict[str, Any] = {  # Any: what makes a transport
    "httpx": lambda folder: HttpxTransport(),
    "httpx2": lambda folder: HttpxTransport("httpx2"),
    "aiohttp": lambda folder: AiohttpTransport(),
    "record": lambda folder: RecordTransport(HttpxTransport(), folder / "a.yaml"),
}


@pytest.mark.parametrize("kind", MAKERS)
async def test_leaving_it_closes_the_connections_and_it_can_be_used_again(kind: str, tmp_path: Path) -> None:
    transport = MAKERS[kind](tmp_path)
    async with ScriptedServer([OPENAI.whole_stream] * 2) as server:
        model = OPENAI.model(server.base_url, transport=transport)
        for number in range(2):
            async with transport as entered:
                assert entered is transport
                assert (await ask(model, question())).text == "Hello world"
            await asyncio.wait_for(server.requests[number].client_closed.wait(), 30)


def test_every_public_one_can_be_entered() -> None:
    made = [getattr(face, name) for name in face.__all__]
    closable = [one for one in made if isinstance(one, type) and hasattr(one, "aclose")]
    concrete = [one for one in closable if not getattr(one, "_is_protocol", False)]
    assert [one.__name__ for one in concrete if not hasattr(one, "__aenter__")] == []
    assert len(concrete) >= 7
