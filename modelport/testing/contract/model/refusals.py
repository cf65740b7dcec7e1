"""Unsuccessful answers: which error they are, what is tried again, how often and after which wait; and secret keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from ....domain.errors import AuthenticationError, ModelError, ServerError
from ...clock import VirtualClock
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import End, MutatedAnswer, refusal
from ..core.secrets import SECRET, has_secret
from .model_contract import AnyRecording, CallResult, ModelContract, Wire, require_error
from .selectors import A_REFUSAL, AN_ANSWER, over_http, refusals, simplest

__all__ = ["CASES"]

_START = 1_000_000
"""The time at which a call begins, in seconds since the epoch."""
_RETRIED = (408, 429, 500, 503)
_JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class _Tried:
    """A call, with the waits between its requests in seconds."""

    result: CallResult
    wire: Wire
    sleeps: Sequence[float]

    @property
    def statuses(self) -> list[int | None]:
        """The status of each attempt, as the response or the error records it."""
        return [one.status_code for one in (self.result.error or self.result.response).attempts]

    def failure(self, kind: type[ModelError], what: str) -> ModelError:
        """The error; raises unless it is one of these."""
        return require_error(self.result, kind, what)


async def _try(contract: ModelContract, tape: AnyRecording, *answers: Any, **options: Any) -> _Tried:
    """A call that gets these answers (Any: what the wire plays, options of the model)."""
    clock = VirtualClock(_START, skip_sleeps=True)
    model, wire = contract.play(tape, *answers, clock=clock, **{"retry_delay": 1.0, **options})
    return _Tried(await contract.ask(model, tape), wire, clock.sleeps)


@case(
    "An unsuccessful answer is a ModelError with its status, its message, its provider and its model",
    refusals,
    A_REFUSAL,
)
async def refused(contract: ModelContract, tape: AnyRecording) -> str:
    tried = await _try(contract, tape, tape.answer(), max_retries=0)
    error = tried.failure(ModelError, f"HTTP {tape.status}")
    require_equal("status_code", error.status_code, tape.status)
    require(error.message.strip(), "the error has no message")
    require(error.provider and error.model, f"the error does not name provider and model: {error!r}")
    require(SECRET not in str(error) + repr(error) + str(error.body), "the error repeats the key")
    require_equal("requests", len(tried.wire.requests), 1)
    require_equal("answers left open", tried.wire.unclosed, 0)
    return type(error).__name__


@case("An unsuccessful answer whose body breaks off still has its status", over_http, AN_ANSWER)
async def refused_and_broken(contract: ModelContract, tape: AnyRecording) -> None:
    for answer in (MutatedAnswer(500, _JSON, (b'{"err',), End.BROKEN), MutatedAnswer(500, {}, ())):
        tried = await _try(contract, tape, answer, max_retries=0)
        tried.failure(ServerError, "HTTP 500 with an empty or broken body")


@case("A wrong key is not tried again, and is not repeated", simplest, AN_ANSWER)
async def wrong_key_once(contract: ModelContract, tape: AnyRecording) -> None:
    for mode in contract.modes:
        tried = await _try(contract, tape, refusal(401, f"Incorrect key: {SECRET}"), max_retries=3, **mode)
        error = tried.failure(AuthenticationError, "HTTP 401")
        require_equal("requests", len(tried.wire.requests), 1)
        require(not error.retryable, "the error of a wrong key says retryable=True")
        if _sends_key(tried.wire.requests[0]):
            texts = f"{error} {error!r} {error.args} {error.body} {error.message}"
            require(SECRET not in texts, "the error repeats the key that the server repeats")


def _sends_key(request: Any) -> bool:  # Any: a request of HTTP, or a handshake
    """Whether a header holds the key."""
    return any(SECRET in value for value in request.headers.values())


@case("The key is sent in a header, and is in no URL, body or repr", simplest, AN_ANSWER)
async def key_stays_secret(contract: ModelContract, tape: AnyRecording) -> None:
    model, wire = contract.play(tape, tape.answer())
    result = await contract.ask(model, tape)
    result.whole()
    requests = wire.requests
    require(requests, "no request was sent through self.runtime.transport or self.runtime.websockets")
    require(all(map(_sends_key, requests)) or not has_secret(model.credential), "the key is not sent in any header")
    require(not any(SECRET in request.url for request in requests), "the key is part of the URL")
    require(SECRET.encode() not in wire.sent_bytes, "the key is part of a body or a message")
    for each in (model, model.credential, result, result.response, *requests):
        require(SECRET not in f"{each!r} {each}", f"the repr of {type(each).__name__} shows the key")


@case("A server that is always down costs max_retries + 1 requests, with bounded waits", simplest, AN_ANSWER)
async def budget(contract: ModelContract, tape: AnyRecording) -> None:
    for mode in contract.modes:
        for max_retries in (0, 3):
            tried = await _try(contract, tape, refusal(503), max_retries=max_retries, **mode)
            tried.failure(ServerError, "HTTP 503")
            require_equal("requests", len(tried.wire.requests), max_retries + 1)
            require_equal("attempts", tried.statuses, [503] * (max_retries + 1))
            bounded = all(0 <= slept <= 2**number for number, slept in enumerate(tried.sleeps))
            require(bounded and len(tried.sleeps) == max_retries, f"the waits were {tried.sleeps}")


@case("A server that is busy is asked again, and its answer is returned", simplest, AN_ANSWER)
async def tried_again(contract: ModelContract, tape: AnyRecording) -> None:
    wanted = await contract.expected(tape)
    for status in _RETRIED:
        tried = await _try(contract, tape, refusal(status), tape.answer(), max_retries=3)
        require(tried.result.error is None, f"HTTP {status} is not tried again: {tried.result.error!r}")
        require_equal(f"the answer after HTTP {status}", tried.result.value, wanted)
        require_equal(f"requests after HTTP {status}", len(tried.wire.requests), 2)
        require_equal("attempts", tried.statuses, [status, tape.status])


@case("A request that can never succeed is not tried again", simplest, AN_ANSWER)
async def not_tried_again(contract: ModelContract, tape: AnyRecording) -> None:
    for status in contract.final_statuses:
        tried = await _try(contract, tape, refusal(status), max_retries=3)
        tried.failure(ModelError, f"HTTP {status}")
        require_equal(f"requests after HTTP {status}", len(tried.wire.requests), 1)


@case("Retry-After sets the wait: in seconds, in milliseconds, or until a date", simplest, AN_ANSWER)
async def retry_after(contract: ModelContract, tape: AnyRecording) -> None:
    waits: list[tuple[dict[str, str], float]] = [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "60"}, 1.5),
        ({"retry-after": formatdate(_START + 20, usegmt=True)}, 20.0),
    ]
    for headers, seconds in waits:
        tried = await _try(contract, tape, refusal(429, "slow down", headers), tape.answer())
        require(tried.result.error is None, f"HTTP 429 with {headers} is not tried again: {tried.result.error!r}")
        require_equal(f"the waits after {headers}", list(tried.sleeps), [seconds])


@case("A Retry-After that is too long to wait for is an error at once", simplest, AN_ANSWER)
async def retry_after_too_long(contract: ModelContract, tape: AnyRecording) -> None:
    tried = await _try(contract, tape, refusal(429, "slow down", {"retry-after": "86400"}))
    error = tried.failure(ModelError, "HTTP 429")
    require_equal("retry_after", error.retry_after, 86400)
    require_equal("requests and waits", (len(tried.wire.requests), list(tried.sleeps)), (1, []))


@case("The header x-should-retry outranks the status", simplest, AN_ANSWER)
async def should_retry(contract: ModelContract, tape: AnyRecording) -> None:
    for status, value, requests in ((503, "false", 1), (400, "true", 2)):
        tried = await _try(contract, tape, refusal(status, headers={"x-should-retry": value}), max_retries=1)
        tried.failure(ModelError, f"HTTP {status}")
        found = len(tried.wire.requests)
        require_equal(f"requests after HTTP {status} with x-should-retry: {value}", found, requests)


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
