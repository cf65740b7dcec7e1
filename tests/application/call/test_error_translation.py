"""Errors of libraries inside a custom model leave it as a `ModelError`; its own bugs leave it as they are."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from typing import Any

import aiohttp
import httpx
import pytest
from pydantic import ValidationError
from yarl import URL

from modelport.credential import CredentialBase
from modelport.error import (
    InvalidRequestError,
    ModelConnectionError,
    ModelError,
    ModelTimeoutError,
    RateLimitError,
    ResponseDecodeError,
)
from modelport.message import TextBlock, UserMsg
from modelport.model import ChatModelBase, ChatResponse
from modelport.testing.clock import VirtualClock
from tests.contract.runtimes import runtime_with


class Failing(ChatModelBase):
    """Raises the error that `make` makes, before its answer or after a piece of it."""

    def __init__(self, make: Callable[[], Exception], begun: bool = False) -> None:
        super().__init__(CredentialBase(), "m")
        self._make = make
        self._begun = begun
        self.attach(runtime_with(VirtualClock(skip_sleeps=True)))

    async def _call_api(self, *_: Any, **__: Any) -> AsyncGenerator[ChatResponse, None]:
        if not self._begun:
            raise self._make()
        return self._answer()

    async def _answer(self) -> AsyncGenerator[ChatResponse, None]:
        yield ChatResponse([TextBlock(text="He")], is_last=False)
        raise self._make()


async def raised(model: ChatModelBase) -> Exception:
    with pytest.raises(Exception) as caught:
        async for _ in await model([UserMsg("user", "Hello")]):  # type: ignore[union-attr]  # a stream
            pass
    return caught.value


def caught(action: Callable[[], object]) -> Callable[[], Exception]:
    """Makes the error that the action raises."""

    def make() -> Exception:
        try:
            action()
        except Exception as error:
            return error
        raise AssertionError("it raises")

    return make


def endless() -> object:
    gc.disable()  # at the limit, what happens to be collected could not run its finalizers
    try:
        return deeper()
    finally:
        gc.enable()


def deeper() -> object:
    return deeper()


def nested() -> Exception:
    return ExceptionGroup("tasks", [ExceptionGroup("more", [KeyError("a"), httpx.ConnectError("refused")])])


def status(code: int) -> Exception:
    info = aiohttp.RequestInfo(URL("https://example.org"), "POST", {}, URL("https://example.org"))  # type: ignore[arg-type]  # no headers
    return aiohttp.ClientResponseError(info, (), status=code, message="slow down")


CASES: list[tuple[str, Callable[[], Exception], type[ModelError], bool]] = [
    ("recursion", caught(endless), ModelError, False),
    ("validation", caught(lambda: TextBlock(text=None)), ResponseDecodeError, False),
    ("json", caught(lambda: json.loads("<html>")), ResponseDecodeError, False),
    ("gzip", lambda: httpx.DecodingError("gzip"), ResponseDecodeError, False),
    ("group", nested, ModelConnectionError, True),
    ("group of ours", lambda: ExceptionGroup("tasks", [RateLimitError("slow")]), RateLimitError, True),
    ("timeouts", lambda: ExceptionGroup("tasks", [TimeoutError(), TimeoutError()]), ModelTimeoutError, True),
    ("no file", lambda: FileNotFoundError(errno.ENOENT, "no such file", "ca.pem"), ModelConnectionError, False),
    ("no permission", lambda: PermissionError(errno.EACCES, "denied"), ModelConnectionError, False),
    ("no name", lambda: socket.gaierror(-2, "name not known"), ModelConnectionError, True),
    ("tls", lambda: ssl.SSLError(1, "bad record"), ModelConnectionError, True),
    ("certificate", lambda: ssl.SSLCertVerificationError(1, "self-signed"), ModelConnectionError, False),
    ("no network", lambda: OSError(errno.ENETUNREACH, "unreachable"), ModelConnectionError, True),
    ("files", lambda: OSError(errno.EMFILE, "too many open files"), ModelConnectionError, True),
    ("cut", lambda: asyncio.IncompleteReadError(b"", 3), ModelConnectionError, True),
    ("payload", lambda: aiohttp.ClientPayloadError("cut"), ModelConnectionError, True),
    ("url", lambda: httpx.InvalidURL("no host"), InvalidRequestError, False),
    ("aiohttp url", lambda: aiohttp.InvalidURL("x"), InvalidRequestError, False),
    ("redirects", lambda: httpx.TooManyRedirects("many"), ModelError, False),
    ("consumed", httpx.StreamConsumed, ModelError, False),
    ("status", lambda: status(429), RateLimitError, True),
]


@pytest.mark.parametrize("begun", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("make", "mapped", "retried"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
async def test_errors_of_libraries(
    make: Callable[[], Exception], mapped: type[ModelError], retried: bool, begun: bool
) -> None:
    error = await raised(Failing(make, begun))
    assert type(error) is mapped and str(error)
    assert error.retryable is retried
    assert len(error.attempts) == (4 if retried and not begun else 1)
    if mapped is not RateLimitError:
        assert error.__cause__ is not None and not isinstance(error.__cause__, ModelError)
    assert (error.partial.text if error.partial else "") == ("He" if begun else "")


@pytest.mark.parametrize("begun", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("bug", [KeyError("choices"), TypeError("x"), AttributeError("y"), ZeroDivisionError()])
@pytest.mark.parametrize("grouped", [False, True])
async def test_bugs_are_raised_as_they_are(bug: Exception, grouped: bool, begun: bool) -> None:
    calls = []

    def make() -> Exception:
        calls.append(1)
        return ExceptionGroup("tasks", [bug]) if grouped else bug

    assert await raised(Failing(make, begun)) is bug
    assert len(calls) == 1


async def test_a_named_exception_in_a_group_is_retried() -> None:
    class Flaky(Failing):
        @classmethod
        def _get_retryable_exceptions(cls) -> tuple[type[Exception], ...]:
            return (KeyError,)

    error = await raised(Flaky(lambda: ExceptionGroup("tasks", [KeyError("a")])))
    assert isinstance(error, ModelError) and len(error.attempts) == 4


async def test_a_stop_is_not_an_error() -> None:
    """Cancellation and the end of the program are not translated."""
    for stop in (asyncio.CancelledError, KeyboardInterrupt):
        with pytest.raises(stop):
            await _call(stop)


async def _call(stop: type[BaseException]) -> None:
    class Stopped(ChatModelBase):
        async def _call_api(self, *_: Any, **__: Any) -> Any:
            raise stop

    await Stopped(CredentialBase(), "m")([UserMsg("user", "Hello")])


def test_the_validation_error_is_pydantics() -> None:
    assert isinstance(CASES[1][1](), ValidationError)
