"""No error of any class of models repeats the key that a server sends back, over HTTP and over WebSockets.

`test_secrets.py` has the forms in which a server may write it, for chat. What an answer says is content and no error.
"""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import suppress
from typing import Any

import pytest

from modelport.composition.defaults import build_runtime
from modelport.error import ModelportError
from modelport.testing import VirtualClock
from modelport.testing.servers.http import RecordedRequest, ScriptedAnswer, ScriptedServer
from tests.adapters.cassettes.test_planted_secrets import Connector, Talk
from tests.adapters.cassettes.test_recorded_models import ANSWERS, MODELS, OVER_HTTP, SOCKETS, frames
from tests.contract.runtimes import runtime_with
from tests.leaks import LEAKS
from tests.planted import KEY, found


def check(error: ModelportError) -> None:
    """The error as programs and error reporters show it; what is seen fails the test."""
    LEAKS.look_at_error(error)
    shown = [str(error), repr(error), *(str(getattr(error, name, "")) for name in ("body", "code", "attempts"))]
    assert not found("\n".join(shown))


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_no_error_over_http_repeats_the_key(name: str) -> None:
    kind, cls, use = MODELS[name]
    errors = 0
    for answer in (ANSWERS[kind_of_answer] for kind_of_answer in ("json", "refused", "headers", "html", "bytes")):

        def handle(request: RecordedRequest, answer: Any = answer) -> ScriptedAnswer:
            known = any(KEY in value for value in request.headers.values())  # Ollama's key goes to its cloud only
            made: ScriptedAnswer = answer(KEY if known else "no-key-was-sent")
            return made

        async with ScriptedServer(handle) as server:
            where = {"host": server.base_url} if "host" in kind.model_fields else {"base_url": server.base_url}
            model: Any = cls(kind.model_validate({"api_key": KEY, **where}), "m", max_retries=0)
            try:
                await use(model)
            except ModelportError as error:
                errors += 1
                check(error)
    assert errors >= 3


@pytest.mark.parametrize("name", SOCKETS)
async def test_no_error_over_websockets_repeats_the_key(name: str) -> None:
    kind, cls, use = MODELS[name]
    options: Any = {"max_retries": 0} if "TTS" in name else {}  # Any: of the class
    for frame in frames(KEY):
        line = Talk(frame)
        line.reason = KEY
        runtime = dataclasses.replace(runtime_with(VirtualClock(skip_sleeps=True)), websockets=Connector(line))
        try:
            async with asyncio.timeout(20):
                await use(cls(kind.model_validate({"api_key": KEY}), "m", runtime=runtime, **options))
        except ModelportError as error:
            check(error)


async def test_no_event_of_a_session_that_fails_repeats_the_key() -> None:
    for name in SOCKETS:
        kind, cls, _ = MODELS[name]
        if not hasattr(cls, "push_tool_result"):
            continue  # it only speaks
        line = Talk(*frames(KEY))
        line.reason = f"wrong key {KEY}"
        model = cls(
            kind.model_validate({"api_key": KEY}),
            "m",
            runtime=dataclasses.replace(build_runtime(), websockets=Connector(line)),
        )
        with suppress(ModelportError):
            async with asyncio.timeout(20), model.connect() as session:
                async for event in session.events():
                    if "ERROR" in str(event.type).upper() or "CLOSED" in str(event.type).upper():
                        assert not found(repr(event)), name
