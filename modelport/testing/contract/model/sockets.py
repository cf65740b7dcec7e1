"""The same over real sockets, where it matters: a server on loopback sees connections close."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ....adapters.http.httpx import HttpxTransport
from ....domain.errors import ModelConnectionError, StreamTruncatedError
from ...offline import RedirectTransport
from ...servers.http import ABORT, CLOSE, HANG, ScriptedAnswer, ScriptedServer, Step
from ..chat.collect import Heard, hear, question, told
from ..core.case import Case, case, require, require_equal
from ..core.recordings import Taped
from .selectors import A_STREAM, a_stream, streams

if TYPE_CHECKING:
    from ..chat.contract import ChatContract

__all__ = ["CASES"]


@asynccontextmanager
async def _served(contract: ChatContract, tape: Taped, *steps: Step) -> AsyncIterator[tuple[Any, ScriptedServer]]:
    """A model (Any: a chat model), and the server that answers it with these steps."""
    async with ScriptedServer([ScriptedAnswer(tape.status, tape.headers, steps)]) as server:
        transport = RedirectTransport(HttpxTransport(), server.base_url)
        try:
            yield contract.build(transport, tape.model, stream=True, max_retries=0), server
        finally:
            await transport.aclose()


@case("Over a socket a stream says the same", streams, A_STREAM)
async def over_a_socket(contract: ChatContract, tape: Taped) -> None:
    async with _served(contract, tape, *tape.frames) as (model, _):
        heard = await hear(model)
    require_equal("the answer", told(heard.whole(), tape.body), await contract.expected(tape))


@case("Cancelling closes the socket", a_stream, A_STREAM)
async def cancel_closes_the_socket(contract: ChatContract, tape: Taped) -> None:
    async with _served(contract, tape, *tape.frames[:-1], HANG) as (model, server):
        begun = asyncio.Event()
        call = asyncio.create_task(_listen(model, begun))
        waiting = asyncio.create_task(begun.wait())
        await asyncio.wait([call, waiting], timeout=contract.patience, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        call.cancel()
        await asyncio.wait([call], timeout=contract.patience)
        if call.done() and not call.cancelled():
            await call  # which says why it ended before it was cancelled
        require(begun.is_set(), "nothing is told on, though all events but the last have come")
        require(call.cancelled(), "a cancelled call goes on")
        await _closed(contract, server)


@case("Leaving a stream closes the socket", a_stream, A_STREAM)
async def leaving_closes_the_socket(contract: ChatContract, tape: Taped) -> None:
    async with _served(contract, tape, *tape.frames[:-1], HANG) as (model, server):
        answer = await model(question())
        try:
            await asyncio.wait_for(anext(answer), contract.patience)
        except TimeoutError:
            raise AssertionError("nothing is told on, though all events but the last have come") from None
        finally:
            await answer.aclose()
        await _closed(contract, server)


async def _listen(model: Any, begun: asyncio.Event) -> None:  # Any: a chat model
    async for _ in await model(question()):
        begun.set()


async def _closed(contract: ChatContract, server: ScriptedServer) -> None:
    require(server.requests, "no request came to the server")
    try:
        await asyncio.wait_for(server.requests[0].client_closed.wait(), contract.patience)
    except TimeoutError:
        raise AssertionError("the connection stays open") from None


@case("A reset or closed connection is a StreamTruncatedError", a_stream, A_STREAM)
async def reset_in_the_middle(contract: ChatContract, tape: Taped) -> None:
    for end in (CLOSE, ABORT):
        async with _served(contract, tape, *tape.frames[: len(tape.frames) // 2], end) as (model, _):
            heard = await hear(model)
        require(isinstance(heard.error, StreamTruncatedError), f"{end.value} gives {_end(heard)}")


@case("A host that nobody serves is a ModelConnectionError", a_stream, A_STREAM)
async def nobody_there(contract: ChatContract, tape: Taped) -> None:
    async with _served(contract, tape) as (model, server):
        await server.__aexit__(None, None, None)
        heard = await hear(model)
    require(isinstance(heard.error, ModelConnectionError), f"an unreachable host gives {_end(heard)}")


def _end(heard: Heard) -> str:
    return repr(heard.error or heard.last)[:200]


CASES: tuple[Case[Any], ...] = (
    over_a_socket,
    cancel_closes_the_socket,
    leaving_closes_the_socket,
    reset_in_the_middle,
    nobody_there,
)
