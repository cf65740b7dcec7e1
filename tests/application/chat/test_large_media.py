"""Large media: they are sent whole, and a call holds one copy of them beside the caller's."""

from __future__ import annotations

import base64
import gc
import json
import tracemalloc
from collections.abc import Sequence
from typing import Any

import pytest

from modelport.application.call.context import CallContext
from modelport.application.chat.http_attempt import _encode
from modelport.formatter import OpenAIChatFormatter, RenderContext, Rendered
from modelport.message import Base64Source, DataBlock, Msg, TextBlock, UserMsg
from modelport.model import OpenAIChatModel
from tests.application.chat.test_settings import CLASSES, CURRENT, model_of
from tests.benchmarks.history_memory import ANSWERS, Memory

PNG = b"\x89PNG\r\n\x1a\n"


def datas(count: int, size: int) -> list[str]:
    return [base64.b64encode(PNG + bytes([place]) * size).decode() for place in range(count)]


def images(count: int, size: int) -> list[Msg]:
    blocks = [DataBlock(source=Base64Source(data=data)) for data in datas(count, size)]
    return [UserMsg("user", [TextBlock(text="look"), *blocks])]


async def body_of(model: Any, messages: list[Msg]) -> bytes:  # Any: a chat model
    context = CallContext.of(model._spec(stream=False))
    return (await _encode(model, context, model.model, messages, (), None, {})).http_request.body


@pytest.mark.parametrize("api", CLASSES)
async def test_the_body_is_what_the_formatter_says(api: str) -> None:
    model = model_of(api, CURRENT[api], card_checks="off")
    messages = images(2, 90_000)
    text = json.dumps(json.loads(await body_of(model, messages)))
    rendered = json.dumps(await model.formatter.format(messages))
    sent = [data in text for data in datas(2, 90_000)]
    assert sent == [data in rendered for data in datas(2, 90_000)] == [True, True]


@pytest.mark.parametrize("api", CLASSES)
async def test_a_body_is_held_once(api: str) -> None:
    model = model_of(api, CURRENT[api], card_checks="off")
    await body_of(model, images(1, 90_000))  # what is loaded late
    messages = images(8, 600_000)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        size = len(await body_of(model, messages))
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert size > 8 * 600_000
    assert peak < 1.3 * size


async def test_no_body_outlives_its_call() -> None:
    """A loop keeps the timers of a call for as long as they were set, though they were cancelled."""
    memory = Memory(ANSWERS["openai-chat"])
    model = model_of("openai_chat", CURRENT["openai_chat"], transport=memory, stream=False)
    messages = images(1, 3_000_000)
    await model(messages)
    memory.body = b""
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(3):
            await model(messages)
        memory.body = b""
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 3_000_000
    finally:
        tracemalloc.stop()


class Looking(OpenAIChatFormatter):
    """A formatter of an application, which looks at the texts of the parts."""

    seen: list[object]

    def render(self, msgs: Sequence[Msg], context: RenderContext) -> Rendered:
        rendered = super().render(msgs, context)
        self.seen = [part["image_url"]["url"] for part in rendered.messages[0]["content"] if "image_url" in part]
        return rendered


async def test_a_formatter_of_an_application_sees_strings() -> None:
    formatter = Looking()
    model = model_of("openai_chat", CURRENT["openai_chat"], formatter=formatter)
    assert isinstance(model, OpenAIChatModel)
    await body_of(model, images(1, 90_000))
    assert [type(url) for url in formatter.seen] == [str]
