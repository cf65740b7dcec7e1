"""What holds after unsuccessful answers for every kind of model: how a call is tried again, and that no key is told."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from ....domain.errors import AuthenticationError, ModelError, ServerError
from ....domain.message.responses import AttemptRecord
from ..core.case import require, require_equal
from ..core.mutated_transport import MutantAnswer
from .secrets import SECRET

__all__ = ["START", "Tried", "Try", "refusal"]

START = 1_000_000
"""When the clock of a call begins, in seconds since the epoch."""
_JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Tried:
    """What came of a call.

    Attributes:
        value: what was answered, to be compared (Any: whatever the kind of model answers).
        error: what was raised instead.
        attempts: the records on the response or on the error.
        requests: what was sent (Any: requests of HTTP, or handshakes).
        unclosed: how many answers were left open.
        sleeps: the waits between the requests, in seconds.
    """

    value: Any
    error: ModelError | None
    attempts: Sequence[AttemptRecord]
    requests: Sequence[Any]
    unclosed: int
    sleeps: Sequence[float]

    def failure(self, kind: type[ModelError], what: str) -> ModelError:
        """The error; raises unless it is one of these."""
        require(isinstance(self.error, kind), f"{what} gives {self.error or self.value!r:.300}")
        assert self.error is not None
        return self.error


Try = Callable[..., Awaitable[Tried]]
"""A call with these answers, and these options of the model."""


def refusal(status: int, message: str = "no", headers: Mapping[str, str] | None = None) -> MutantAnswer:
    """An unsuccessful answer in the form that most servers use."""
    body = json.dumps({"error": {"message": message}}).encode()
    return MutantAnswer(status, {**_JSON, **(headers or {})}, (body,))


async def check_refused(attempt: Try, answer: Any, status: int) -> str:  # Any: an answer that the wire plays
    """An error with its status, its message and who was asked; its class's name."""
    tried = await attempt(answer, max_retries=0)
    error = tried.failure(ModelError, f"HTTP {status}")
    require_equal("status_code", error.status_code, status)
    require(error.message.strip(), "the error has no message")
    require(error.provider and error.model, f"the error does not say who was asked: {error.provider}/{error.model}")
    require(SECRET not in str(error) + repr(error) + str(error.body), "the error repeats the key")
    require_equal("requests", len(tried.requests), 1)
    require_equal("answers left open", tried.unclosed, 0)
    return type(error).__name__


async def check_wrong_key(attempt: Try) -> None:
    """One request, and an error without the key."""
    tried = await attempt(refusal(401, f"Incorrect key: {SECRET}"), max_retries=3)
    error = tried.failure(AuthenticationError, "HTTP 401")
    require_equal("requests", len(tried.requests), 1)
    require(not error.retryable, "a wrong key is called retryable")
    if sent_key(tried.requests[0]):
        told = f"{error} {error!r} {error.args} {error.body} {error.message}"
        require(SECRET not in told, "the error repeats the key that the server repeats")


def sent_key(request: Any) -> bool:  # Any: a request of HTTP, or a handshake
    """Whether a header holds the key."""
    return any(SECRET in value for value in request.headers.values())


async def check_budget(attempt: Try) -> None:
    """`max_retries + 1` requests, and bounded waits between them."""
    for max_retries in (0, 3):
        tried = await attempt(refusal(503), max_retries=max_retries)
        tried.failure(ServerError, "HTTP 503")
        require_equal("requests", len(tried.requests), max_retries + 1)
        require_equal("attempts", [one.status_code for one in tried.attempts], [503] * (max_retries + 1))
        bounded = all(0 <= slept <= 2**number for number, slept in enumerate(tried.sleeps))
        require(bounded and len(tried.sleeps) == max_retries, f"the waits were {tried.sleeps}")


async def check_tried_again(attempt: Try, tape: Any, wanted: Any) -> None:  # Any: a tape, and what it says
    """A second request, and its answer."""
    for status in (408, 429, 500, 503):
        tried = await attempt(refusal(status), tape.answer(), max_retries=3)
        require(tried.error is None, f"HTTP {status} is final: {tried.error!r}")
        require_equal(f"the answer after HTTP {status}", tried.value, wanted)
        require_equal(f"requests after HTTP {status}", len(tried.requests), 2)
        require_equal("attempts", [one.status_code for one in tried.attempts], [status, tape.status])


async def check_not_tried_again(attempt: Try, statuses: Sequence[int]) -> None:
    """One request."""
    for status in statuses:
        tried = await attempt(refusal(status), max_retries=3)
        tried.failure(ModelError, f"HTTP {status}")
        require_equal(f"requests after HTTP {status}", len(tried.requests), 1)


async def check_retry_after(attempt: Try, good: Any) -> None:  # Any: an answer that the wire plays
    """The wait that the server asks for, in each of its forms."""
    asked: list[tuple[dict[str, str], float]] = [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "60"}, 1.5),
        ({"retry-after": formatdate(START + 20, usegmt=True)}, 20.0),
    ]
    for headers, seconds in asked:
        tried = await attempt(refusal(429, "slow down", headers), good)
        require(tried.error is None, f"after {headers} it is {tried.error!r}")
        require_equal(f"the waits after {headers}", list(tried.sleeps), [seconds])


async def check_retry_after_too_long(attempt: Try) -> None:
    """An error at once."""
    tried = await attempt(refusal(429, "slow down", {"retry-after": "86400"}))
    error = tried.failure(ModelError, "HTTP 429")
    require_equal("retry_after", error.retry_after, 86400)
    require_equal("requests and waits", (len(tried.requests), list(tried.sleeps)), (1, []))


async def check_should_retry(attempt: Try) -> None:
    """As many requests as the server's own word allows, whatever the status."""
    for status, word, requests in ((503, "false", 1), (400, "true", 2)):
        tried = await attempt(refusal(status, headers={"x-should-retry": word}), max_retries=1)
        tried.failure(ModelError, f"HTTP {status}")
        require_equal(f"requests after HTTP {status} with x-should-retry: {word}", len(tried.requests), requests)
