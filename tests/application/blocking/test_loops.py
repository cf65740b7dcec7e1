"""The loops that Modelport starts: uvloop's where it is installed. Those that need it are skipped where it is not."""

from __future__ import annotations

import asyncio
import sys
import types
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from modelport.application.blocking.loops import loop_factory, run
from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel
from modelport.testing import NetworkForbiddenError, ScriptedAnswer, ScriptedServer, forbid_network
from modelport.transport import AiohttpTransport, HttpTransport, HttpxTransport, WebSocketRequest, WebsocketsConnector

TRANSPORTS = pytest.mark.parametrize(
    "transport",
    [AiohttpTransport, HttpxTransport, lambda: HttpxTransport("httpx2")],
    ids=["aiohttp", "httpx", "httpx2"],
)


@pytest.fixture
def in_uvloop() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine in a loop of uvloop (Any: whatever it gives)."""
    pytest.importorskip("uvloop", reason="uvloop is not installed")
    return run


def test_without_uvloop_it_is_asyncios_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async def kind() -> type:
        return type(asyncio.get_running_loop())

    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is None
    own = asyncio.run(kind())
    assert run(kind()) is own

    class Faster(own):  # type: ignore[misc, valid-type]  # as uvloop's
        pass

    monkeypatch.setitem(sys.modules, "uvloop", types.SimpleNamespace(new_event_loop=Faster))
    assert run(kind()) is Faster


@TRANSPORTS
def test_each_transport_calls_a_host_by_its_name(
    transport: Callable[[], HttpTransport], in_uvloop: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    """uvloop's loops do not take all of the options of asyncio's."""

    async def ask() -> str:
        message = {"role": "assistant", "content": "here"}
        answer = {"id": "c", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        async with ScriptedServer([ScriptedAnswer.json(answer)]) as server:
            credential = OpenAICredential(api_key="k", base_url=server.base_url.replace("127.0.0.1", "localhost"))
            model = OpenAIChatModel(credential, "m", stream=False, transport=transport())
            said: str = (await model([UserMsg("user", "Where?")])).text
            await model.aclose()
            return said

    assert in_uvloop(ask()) == "here"


@pytest.mark.parametrize("host", ["192.0.2.1", "far.invalid"])
@TRANSPORTS
def test_the_guard_sees_it(
    transport: Callable[[], HttpTransport], host: str, in_uvloop: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    async def ask() -> None:
        model = OpenAIChatModel(
            OpenAICredential(api_key="k", base_url=f"http://{host}"), "m", stream=False, transport=transport()
        )
        await model([UserMsg("user", "Where?")])

    async def listen() -> None:
        await WebsocketsConnector().connect(WebSocketRequest(f"ws://{host}/"))

    async def send() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(host, 53))

    for way in (ask, listen, send):
        with forbid_network(), pytest.raises(NetworkForbiddenError):
            in_uvloop(way())
