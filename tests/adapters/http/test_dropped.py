"""What is dropped while its loop runs on is closed in order, and in silence."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

import pytest

from modelport.ports.http import HttpRequest, HttpTransport
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.transport import AiohttpTransport, HttpxTransport
from tests.dev_mode import run_in_dev_mode

BUILD: dict[str, Callable[[], HttpTransport]] = {
    "httpx": HttpxTransport,
    "httpx2": lambda: HttpxTransport("httpx2"),
    "aiohttp": AiohttpTransport,
}
_PROGRAM = """
import asyncio, gc
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.ports.http import HttpRequest
from modelport.transport import AiohttpTransport, HttpxTransport

class Holder:
    pass

async def ask(url):
    holder = Holder()
    holder.itself = holder  # as the frames of a traceback are, or a container
    holder.transport = {build}
    response = await holder.transport.send(HttpRequest("POST", url))
    assert b"".join([data async for data in response]) == b"1"
    await response.aclose()

async def main():
    async with ScriptedServer([ScriptedAnswer.json(1)] * 4) as server:
        for number in range(3):
            await ask(server.base_url)
            gc.collect()
            await asyncio.wait_for(server.closed(number), 30)
        await ask(server.base_url)
    gc.collect()  # and the last one just before the loop ends

asyncio.run(main())
gc.collect()
"""


@pytest.mark.parametrize("build", ["HttpxTransport()", "HttpxTransport('httpx2')", "AiohttpTransport()"])
def test_a_transport_that_is_dropped_closes_in_silence(build: str) -> None:
    code = _PROGRAM.replace("{build}", build)
    assert run_in_dev_mode(code) == (0, "", "")


@pytest.mark.parametrize("build", BUILD.values(), ids=BUILD)
@pytest.mark.usefixtures("small_heap")
async def test_an_answer_outlives_the_last_mention_of_its_transport(build: Callable[[], HttpTransport]) -> None:
    go_on = asyncio.Event()
    async with ScriptedServer([ScriptedAnswer(body=[b"one", go_on, b"two"])]) as server:
        response = await build().send(HttpRequest("POST", server.base_url))
        for _ in range(20):
            gc.collect()
            await asyncio.sleep(0)
        go_on.set()
        assert b"".join([data async for data in response]) == b"onetwo"
        await response.aclose()
