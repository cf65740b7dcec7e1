"""What callers of realtime speech may get wrong."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.error import InvalidRequestError
from tests.adapters.dashscope.speech_servers import voice
from tests.adapters.dashscope.speech_support import EACH, QWEN, Kind, bytes_of, nothing_left, whole


@EACH
@pytest.mark.parametrize("text", [0, b"", [], ()])
async def test_what_is_empty_but_no_text(kind: Kind, text: Any) -> None:
    async with kind.server() as server, nothing_left(server):
        with pytest.raises(InvalidRequestError, match="text is a"):
            await kind.model(server).synthesize(text)


@pytest.mark.parametrize("rate", [10**12, 2**31, -5, 0, "x", True, 1.5])
async def test_a_sample_rate_that_is_none(rate: Any) -> None:
    """It is sent, for the server to judge; the header of what comes says what is usual."""
    async with QWEN.server() as server, nothing_left(server):
        response = await whole(QWEN.model(server, stream=False), "Hello", sample_rate=rate)
        assert server.received[0]["session"]["sample_rate"] == rate
    wav = bytes_of(response.content)
    assert wav[44:] == voice("Hello") and int.from_bytes(wav[24:28], "little") == 24_000
