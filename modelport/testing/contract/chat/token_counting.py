"""Counting tokens: an estimate without a request, or the provider's own count, always marked as which of the two."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ....domain.chat.tokens import TokenCount
from ....domain.errors import AuthenticationError, ModelError, ResponseDecodeError, ServerError
from ....domain.message.messages import UserMsg
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import MutatedAnswer, MutatedTransport, UnreachableTransport, refusal
from ..core.recordings import Recording, path_ending
from ..core.secrets import SECRET
from .base import ChatContractBase
from .collect import question
from .requests import TOOLS

__all__ = ["CASES"]

_ESTIMATE = "estimate"


@case("Without exact=True the count is an estimate, made without a request and marked as one")
async def count_is_estimated(contract: ChatContractBase, variant: str) -> str:
    transport = UnreachableTransport()
    model = contract.build(transport)
    short, tools = await model.count_tokens(question()), await model.count_tokens(question(), TOOLS)
    long = await model.count_tokens([*question(), UserMsg("user", "Which tide comes after the ebb? " * 20)])
    for counted in (short, tools, long):
        _check_estimate(counted)
    require_equal("requests", len(transport.requests), 0)
    require(short.tokens < tools.tokens, f"tools do not add to the count: {tools.tokens} tokens with and without them")
    require(
        short.tokens < long.tokens,
        f"a longer conversation does not count more: {short.tokens} and {long.tokens} tokens",
    )
    require_equal("the same again", await model.count_tokens(question()), short)
    return f"{short.tokens} tokens"


def _check_estimate(counted: TokenCount) -> None:
    require_equal("estimated and source of an estimate", (counted.estimated, counted.source), (True, _ESTIMATE))
    require(type(counted.tokens) is int and counted.tokens > 0, f"the estimate is {counted.tokens!r}")


async def _counted(contract: ChatContractBase, *answers: MutatedAnswer, **options: Any) -> tuple[Any, MutatedTransport]:
    """The count or the error, and what was sent (Any: options of the model; either of the two)."""
    wire = MutatedTransport(*answers)
    model = contract.build(wire, **options)
    try:
        return await model.count_tokens(question(), TOOLS, exact=True), wire
    except ModelError as error:
        return error, wire


def _paths(wire: MutatedTransport) -> list[str]:
    return [path_ending(urlsplit(request.url).path) for request in wire.requests]


@case("With exact=True the provider counts where it can; else the count is an estimate, marked as one")
async def count_is_asked_for(contract: ChatContractBase, variant: str) -> str:
    counted, wire = await _counted(contract, refusal(404, "no such page"))
    require(isinstance(counted, TokenCount), f"a server that does not count gives {counted!r:.300}")
    _check_estimate(counted)
    require(len(wire.requests) <= 1, f"{len(wire.requests)} requests are sent to a server that does not count")
    if not wire.requests:
        return "no request"
    request = wire.requests[0]
    require(SECRET not in request.url and SECRET.encode() not in request.body, "the key is in the URL or the body")
    require("stream" not in json.loads(request.body), "a stream of a number is asked for")
    require_equal("answers left open", wire.unclosed, 0)
    return f"…/{_paths(wire)[0]} is asked"


@case("With exact=True the number is the provider's, and the source names it")
async def count_is_exact(contract: ChatContractBase, variant: str) -> str:
    _, wire = await _counted(contract, refusal(404, "no such page"))
    if not wire.requests:
        raise NotApplicableError("the provider has no endpoint that counts")
    ending = _paths(wire)[0]
    tapes = [tape for tape in contract.all_tapes() if tape.ending == ending and tape.succeeded]
    if not tapes:
        raise NotApplicableError(f"needs a cassette of the endpoint …/{ending}")
    for tape in tapes:
        await _check_exact(contract, tape)
    return ", ".join(map(str, tapes))


async def _check_exact(contract: ChatContractBase, tape: Recording) -> None:
    counted, wire = await _counted(contract, tape.answer(), name=tape.model)
    require(isinstance(counted, TokenCount), f"{tape} gives {counted!r:.300}")
    numbers = set(_numbers(json.loads(tape.body)))
    require(counted.tokens in numbers, f"{counted.tokens} tokens are returned, the server sent {sorted(numbers)}")
    require(not counted.estimated, "the provider's count is marked as an estimate")
    require_equal("the source", counted.source != _ESTIMATE and bool(counted.source), True)
    require_equal("requests", len(wire.requests), 1)
    require_equal("answers left open", wire.unclosed, 0)


def _numbers(value: Any) -> Iterator[int]:  # Any: JSON
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers(each)
    elif type(value) is int:
        yield value


@case("A server that fails to count is tried again within the budget; an answer without a number is an error")
async def count_fails(contract: ChatContractBase, variant: str) -> None:
    html = MutatedAnswer(200, {"content-type": "text/html"}, (b"<html>",))
    empty = MutatedAnswer(200, {"content-type": "application/json"}, (b"{}",))
    failures: tuple[tuple[MutatedAnswer, type[ModelError], int], ...] = (
        (refusal(503), ServerError, 3),
        (refusal(401, f"Incorrect key: {SECRET}"), AuthenticationError, 1),
        (html, ResponseDecodeError, 1),
        (empty, ResponseDecodeError, 1),
    )
    for answer, kind, requests in failures:
        error, wire = await _counted(contract, answer, max_retries=2)
        if not wire.requests:
            raise NotApplicableError("the provider has no endpoint that counts")
        require(isinstance(error, kind), f"HTTP {answer.status} {answer.pieces} gives {error!r:.300}")
        require_equal(f"requests when {kind.__name__} is the end", len(wire.requests), requests)
        require_equal("answers left open", wire.unclosed, 0)
        require(SECRET not in f"{error} {error!r} {error.body}", "the error repeats the key")


CASES: tuple[Case[Any], ...] = (count_is_estimated, count_is_asked_for, count_is_exact, count_fails)
