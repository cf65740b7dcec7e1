"""Real conditions: a server on loopback that sees connections close, calls in parallel, several event loops."""

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
from ..core.recordings import Recording
from .model_contract import AnyRecording, ModelContract, require_error
from .selectors import AN_ANSWER, all_over_http, good, over_http

__all__ = ["CASES", "require_closed", "served"]

_TASKS = 8


@asynccontextmanager
async def served(
    contract: ModelContract, tape: Recording, *steps: Step, **options: Any
) -> AsyncIterator[tuple[Any, ScriptedServer]]:
    """A model, and the server that answers it with these steps (Any: options of the model, a model)."""
    async with ScriptedServer([ScriptedAnswer(tape.status, tape.headers, steps)]) as server:
        transport = RedirectTransport(HttpxTransport(), server.base_url)
        try:
            yield contract.build(transport, tape.model, max_retries=0, **options), server
        finally:
            await transport.aclose()


async def require_closed(contract: ModelContract, server: ScriptedServer) -> None:
    """Raise unless the client closes its connection."""
    require(server.requests, "no request came to the server")
    try:
        await asyncio.wait_for(server.requests[0].client_closed.wait(), contract.patience)
    except TimeoutError:
        raise AssertionError("the connection stays open") from None


@case("Over a socket the answer is the same", all_over_http, AN_ANSWER)
async def over_a_socket(contract: ModelContract, tape: Recording) -> None:
    async with served(contract, tape, *contract.units(tape)) as (model, _):
        result = await contract.ask(model, tape)
    require_equal("the answer", result.whole(), await contract.expected(tape))


@case("Cancelling closes the socket", over_http, AN_ANSWER)
async def cancel_closes_the_socket(contract: ModelContract, tape: Recording) -> None:
    async with served(contract, tape, *contract.units(tape)[:-1], HANG) as (model, server):
        call = asyncio.ensure_future(contract.ask(model, tape))
        await asyncio.wait_for(server.request(0), contract.patience)
        await asyncio.sleep(0.02)
        call.cancel()
        await asyncio.wait([call], timeout=contract.patience)
        if call.done() and not call.cancelled():
            await call  # raises the error with which it ended before it was cancelled
        require(call.cancelled(), "a cancelled call does not end")
        await require_closed(contract, server)


@case("A host that cannot be reached is a ModelConnectionError", over_http, AN_ANSWER)
async def unreachable_host(contract: ModelContract, tape: Recording) -> None:
    async with served(contract, tape) as (model, server):
        await server.__aexit__(None, None, None)
        require_error(await contract.ask(model, tape), ModelConnectionError, "an unreachable host")


@case("Many calls at once share nothing", good, AN_ANSWER)
async def many_at_once(contract: ModelContract, tape: AnyRecording) -> None:
    wanted = await contract.expected(tape)
    model, wire = contract.play(tape, tape.answer(contract.units(tape)))
    results = await asyncio.gather(*(contract.ask(model, tape) for _ in range(_TASKS)))
    for one in results:
        require_equal("the answer", one.whole(), wanted)
    own = [one.response.id for one in results if one.response.id.encode() not in getattr(tape, "body", b"")]
    require_equal("different ids of responses, other than the server's", len({*own}), len(own))
    require_equal("requests", len(wire.requests), _TASKS)
    require_equal("answers left open", wire.unclosed, 0)


@case("A model that is never closed answers in one event loop after another", good, AN_ANSWER)
async def two_event_loops(contract: ModelContract, tape: AnyRecording) -> None:
    wanted = await contract.expected(tape)
    model, _ = contract.play(tape, tape.answer())

    async def ask() -> Any:  # Any: the value of a result
        return (await contract.ask(model, tape)).whole()

    for _ in range(2):
        require_equal("the answer", await asyncio.to_thread(asyncio.run, ask()), wanted)


CASES: tuple[Case[Any], ...] = (
    over_a_socket,
    cancel_closes_the_socket,
    unreachable_host,
    many_at_once,
    two_event_loops,
)
