"""The same over real sockets, where it matters: a server on loopback sees connections close."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ....adapters.http.httpx import HttpxTransport
from ....domain.errors import ModelConnectionError
from ...offline import RedirectTransport
from ...servers.http import HANG, ScriptedAnswer, ScriptedServer, Step
from ..core.case import Case, case, require, require_equal
from ..core.recordings import Taped
from .asking_over import AN_ANSWER, all_over_http, over_http
from .model_contract import Ask, AskingContract, require_error

__all__ = ["CASES"]


@asynccontextmanager
async def _served(contract: AskingContract, tape: Taped, *steps: Step) -> AsyncIterator[tuple[Ask, ScriptedServer]]:
    """A call, and the server that answers it with these steps."""
    async with ScriptedServer([ScriptedAnswer(tape.status, tape.headers, steps)]) as server:
        transport = RedirectTransport(HttpxTransport(), server.base_url)
        try:
            yield contract.asked_on(transport, tape, max_retries=0)[1], server
        finally:
            await transport.aclose()


@case("Over a socket the answer is the same", all_over_http, AN_ANSWER)
async def over_a_socket(contract: AskingContract, tape: Taped) -> None:
    async with _served(contract, tape, *contract.units(tape)) as (ask, _):
        answered = await ask()
    require_equal("the answer", answered.whole(), await contract.expected(tape))


@case("Cancelling closes the socket", over_http, AN_ANSWER)
async def cancel_closes_the_socket(contract: AskingContract, tape: Taped) -> None:
    async with _served(contract, tape, *contract.units(tape)[:-1], HANG) as (ask, server):
        call = asyncio.ensure_future(ask())
        await server.request(0)
        await asyncio.sleep(0.02)
        call.cancel()
        await asyncio.wait([call], timeout=contract.patience)
        require(call.cancelled(), "a cancelled call goes on")
        try:
            await asyncio.wait_for(server.requests[0].client_closed.wait(), contract.patience)
        except TimeoutError:
            raise AssertionError("the connection stays open") from None


@case("A host that nobody serves is a ModelConnectionError", over_http, AN_ANSWER)
async def nobody_there(contract: AskingContract, tape: Taped) -> None:
    async with _served(contract, tape) as (ask, server):
        await server.__aexit__(None, None, None)
        require_error(await ask(), ModelConnectionError, "an unreachable host")


CASES: tuple[Case[Any], ...] = (over_a_socket, cancel_closes_the_socket, nobody_there)
