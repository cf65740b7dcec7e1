"""A loop that ends while a stream is half read: the connection is closed, and nothing is said about it."""

from __future__ import annotations

import pytest

from tests.dev_mode import run_in_dev_mode

_PROGRAM = """
import asyncio, gc
from modelport.credential import AnthropicCredential, CredentialBase, OpenAICredential
from modelport.message import TextBlock, UserMsg
from modelport.model import AnthropicChatModel, ChatModelBase, ChatResponse, OpenAIChatModel
from modelport.testing.providers import answer_provider
from modelport.testing.servers.http import ScriptedServer

QUESTION = [UserMsg("user", "Say something long, in many words, please")]
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
closed = []

class Custom(ChatModelBase):
    async def _call_api(self, *arguments, **kwargs):
        try:
            for number in range(3):
                yield ChatResponse([TextBlock(id="t", text="word ")], is_last=False)
        finally:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            closed.append(self)

class Wrapping(OpenAIChatModel):
    async def _call_api(self, *arguments, **kwargs):
        answer = await super()._call_api(*arguments, **kwargs)
        async def passed_on():
            async for response in answer:
                yield response
        return passed_on()

class Asking(ChatModelBase):
    async def _call_api(self, model_name, messages, *arguments, **kwargs):
        return await asked(messages)

async def half(opened):
    stream = await opened if asyncio.iscoroutine(opened) else opened
    async for response in stream:
        raise ValueError("the caller's own")

with ScriptedServer(answer_provider).in_thread() as server:
    openai = OpenAICredential(api_key="k-PlantedWord7", base_url=server.base_url + "/v1")
    custom = Custom(CredentialBase(), "m")
    asked = OpenAIChatModel(openai, "gpt-4.1")
    models = [
        custom,
        Asking(CredentialBase(), "m"),
        OpenAIChatModel(openai, "gpt-4.1"),
        Wrapping(openai, "gpt-4.1"),
        AnthropicChatModel(AnthropicCredential(api_key="k-PlantedWord7", base_url=server.base_url), "claude-sonnet-5"),
    ]
    for model in models:
        for opened in [model(QUESTION), {structured}]:
            try:
                asyncio.run(half(opened))
            except ValueError as error:
                kept = error  # and with it the frame that holds the stream
    assert custom in closed
    kept = error = None
    gc.collect()
"""


@pytest.mark.parametrize("structured", ["model(QUESTION)", "model.stream_structured_output(QUESTION, SCHEMA)"])
def test_a_stream_that_outlives_its_loop_ends_in_silence(structured: str) -> None:
    code = _PROGRAM.replace("{structured}", structured)
    if "structured" in structured:
        code = code.replace("models = [\n        custom,", "closed.append(custom)\n    models = [")
    assert run_in_dev_mode(code) == (0, "", "")


_HALF_SENT = """
import asyncio, gc
from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel
from modelport.testing.servers.http import HANG, ScriptedAnswer, ScriptedServer
from modelport.transport import AiohttpTransport, HttpxTransport

EVENT = '{{"choices": [{{"index": 0, "delta": {{"content": "word"}}}}]}}'

async def half(model):
    stream = await model([UserMsg("user", "Say something")])
    async for response in stream:
        raise ValueError("the caller's own")

answers = [ScriptedAnswer.sse(EVENT, HANG), ScriptedAnswer.sse(HANG), ScriptedAnswer(before=[HANG])]
with ScriptedServer(answers).in_thread() as server:
    openai = OpenAICredential(api_key="k-PlantedWord7", base_url=server.base_url + "/v1")
    model = OpenAIChatModel(openai, "gpt-4.1", transport={transport})
    try:
        asyncio.run(half(model))
    except ValueError as error:
        kept = error
    kept = error = None
    for _ in answers[1:]:
        try:
            asyncio.run(asyncio.wait_for(half(model), 0.3))
        except TimeoutError:
            pass
    gc.collect()
"""


@pytest.mark.parametrize("transport", ["HttpxTransport()", "HttpxTransport('httpx2')", "AiohttpTransport()"])
def test_an_answer_of_which_only_the_beginning_had_come_ends_in_silence(transport: str) -> None:
    code = _HALF_SENT.format(transport=transport)
    assert run_in_dev_mode(code) == (0, "", "")
