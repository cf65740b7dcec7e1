"""Unsuccessful answers: what is tried again, how often and how patiently, and that no key is repeated."""

from __future__ import annotations

from typing import Any

from ...clock import VirtualClock
from ..core.case import Case, case, require
from . import error_checks as checks
from .asking_over import A_REFUSAL, AN_ANSWER, a_good, refusals
from .model_contract import AskingContract, Tape
from .secrets import SECRET, has_secret

__all__ = ["CASES", "should_retry"]


def _try(contract: AskingContract, tape: Tape) -> checks.Try:
    async def attempt(*answers: Any, **options: Any) -> checks.Tried:  # Any: answers, options of the model
        clock = VirtualClock(checks.START, skip_sleeps=True)
        played = contract.play(tape, *answers, clock=clock, **{"retry_delay": 1.0, **options})
        answered, wire = await played.ask(), played.wire
        attempts = (answered.error or answered.response).attempts
        return checks.Tried(answered.value, answered.error, attempts, wire.requests, wire.unclosed, clock.sleeps)

    return attempt


@case("An unsuccessful answer is a ModelError with its status, its message and who was asked", refusals, A_REFUSAL)
async def refused(contract: AskingContract, tape: Tape) -> str:
    return await checks.check_refused(_try(contract, tape), tape.answer(), tape.status)


@case("A wrong key is not tried again, and is not repeated", a_good, AN_ANSWER)
async def wrong_key_once(contract: AskingContract, tape: Tape) -> None:
    await checks.check_wrong_key(_try(contract, tape))


@case("The key is sent in a header, and is in no address, body or repr", a_good, AN_ANSWER)
async def key_stays_secret(contract: AskingContract, tape: Tape) -> None:
    played = contract.play(tape, tape.answer())
    answered = await played.ask()
    answered.whole()
    requests, credential = played.wire.requests, played.model.credential
    require(all(map(checks.sent_key, requests)) or not has_secret(credential), "the key is not sent in any header")
    require(not any(SECRET in request.url for request in requests), "the key is part of the address")
    require(SECRET.encode() not in played.wire.sent_bytes, "the key is part of what is sent")
    for each in (played.model, credential, answered.response, *requests):
        require(SECRET not in f"{each!r} {each}", f"the repr of {type(each).__name__} shows the key")


@case("A server that is always down costs max_retries + 1 requests", a_good, AN_ANSWER)
async def budget(contract: AskingContract, tape: Tape) -> None:
    await checks.check_budget(_try(contract, tape))


@case("A server that is busy is asked again, and then answers", a_good, AN_ANSWER)
async def tried_again(contract: AskingContract, tape: Tape) -> None:
    await checks.check_tried_again(_try(contract, tape), tape, await contract.expected(tape))


@case("What can never succeed is not tried again", a_good, AN_ANSWER)
async def not_tried_again(contract: AskingContract, tape: Tape) -> None:
    await checks.check_not_tried_again(_try(contract, tape), (400, 403, 404, 422))


@case("The server is waited for as long as it asks: in seconds, milliseconds, or until a date", a_good, AN_ANSWER)
async def retry_after(contract: AskingContract, tape: Tape) -> None:
    await checks.check_retry_after(_try(contract, tape), tape.answer())


@case("A wait that is longer than anybody waits is an error at once", a_good, AN_ANSWER)
async def retry_after_too_long(contract: AskingContract, tape: Tape) -> None:
    await checks.check_retry_after_too_long(_try(contract, tape))


@case("The server's own word on retrying outranks the status", a_good, AN_ANSWER)
async def should_retry(contract: AskingContract, tape: Tape) -> None:
    await checks.check_should_retry(_try(contract, tape))


CASES: tuple[Case[Any], ...] = (
    refused,
    wrong_key_once,
    key_stays_secret,
    budget,
    tried_again,
    not_tried_again,
    retry_after,
    retry_after_too_long,
    should_retry,
)
