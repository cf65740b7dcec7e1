"""Unsuccessful answers: what is tried again, how often and how patiently, and that no key is repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....domain.errors import ServerError
from ...clock import VirtualClock
from ..chat.collect import hear, told
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import End, MutantAnswer
from ..core.recordings import Taped
from . import error_checks as checks
from .secrets import SECRET, has_secret
from .selectors import A_REFUSAL, A_STREAM, a_stream, refusals

if TYPE_CHECKING:
    from ..chat.contract import ChatContract

__all__ = ["CASES"]

_JSON = {"content-type": "application/json"}


def _try(contract: ChatContract, tape: Taped, **given: Any) -> checks.Try:  # Any: options of the model
    async def attempt(*answers: MutantAnswer, **options: Any) -> checks.Tried:
        clock = VirtualClock(checks.START, skip_sleeps=True)
        model, mutant = contract.play(tape, *answers, clock=clock, **given, **options)
        heard = await hear(model)
        value = told(heard.last, tape.body) if heard.last is not None else None
        attempts = (heard.error or heard.whole()).attempts
        return checks.Tried(value, heard.error, attempts, mutant.requests, mutant.unclosed, clock.sleeps)

    return attempt


@case("An unsuccessful answer is a ModelError with its status, its message and who was asked", refusals, A_REFUSAL)
async def refused(contract: ChatContract, tape: Taped) -> str:
    return await checks.check_refused(_try(contract, tape), tape.answer(), tape.status)


@case("An unsuccessful answer whose body breaks off still has its status", a_stream, A_STREAM)
async def refused_and_broken(contract: ChatContract, tape: Taped) -> None:
    for answer in (MutantAnswer(500, _JSON, (b'{"err',), End.BROKEN), MutantAnswer(500, {}, ())):
        tried = await _try(contract, tape)(answer, max_retries=0)
        tried.failure(ServerError, "an empty or broken body of HTTP 500")


@case("A wrong key is not tried again, and is not repeated", a_stream, A_STREAM)
async def wrong_key_once(contract: ChatContract, tape: Taped) -> None:
    for stream in (True, False):
        await checks.check_wrong_key(_try(contract, tape, stream=stream))


@case("The key is sent in a header, and is in no URL, body or repr", a_stream, A_STREAM)
async def key_stays_secret(contract: ChatContract, tape: Taped) -> None:
    model, mutant = contract.play(tape, tape.answer())
    heard = await hear(model)
    require_equal("requests through self.runtime.transport", len(mutant.requests), 1)
    (request,) = mutant.requests
    require(checks.sent_key(request) or not has_secret(model.credential), "the key is not sent in any header")
    require(SECRET not in request.url, "the key is part of the URL")
    require(SECRET.encode() not in request.body, "the key is part of the body")
    for each in (model, model.credential, request, heard, heard.last):
        require(SECRET not in f"{each!r} {each}", f"the repr of {type(each).__name__} shows the key")


@case("A server that is always down costs max_retries + 1 requests", a_stream, A_STREAM)
async def budget(contract: ChatContract, tape: Taped) -> None:
    for stream in (True, False):
        await checks.check_budget(_try(contract, tape, stream=stream))


@case("Too many requests is tried again, and then answered", a_stream, A_STREAM)
async def tried_again(contract: ChatContract, tape: Taped) -> None:
    await checks.check_tried_again(_try(contract, tape), tape, await contract.expected(tape))


@case("What can never succeed is not tried again", a_stream, A_STREAM)
async def not_tried_again(contract: ChatContract, tape: Taped) -> None:
    await checks.check_not_tried_again(_try(contract, tape), (400, 403, 404, 413, 422))


@case("The server is waited for as long as it asks: in seconds, milliseconds, or until a date", a_stream, A_STREAM)
async def retry_after(contract: ChatContract, tape: Taped) -> None:
    await checks.check_retry_after(_try(contract, tape), tape.answer())


@case("A wait that is longer than anybody waits is an error at once", a_stream, A_STREAM)
async def retry_after_too_long(contract: ChatContract, tape: Taped) -> None:
    await checks.check_retry_after_too_long(_try(contract, tape))


@case("The server's own word on retrying outranks the status", a_stream, A_STREAM)
async def should_retry(contract: ChatContract, tape: Taped) -> None:
    await checks.check_should_retry(_try(contract, tape))


CASES: tuple[Case[Any], ...] = (
    refused,
    refused_and_broken,
    wrong_key_once,
    key_stays_secret,
    budget,
    tried_again,
    not_tried_again,
    retry_after,
    retry_after_too_long,
    should_retry,
)
