"""The models that applications test with: real models around a made-up attempt."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from pydantic import BaseModel

from modelport.agent import Agent
from modelport.embedding import EmbeddingResponse
from modelport.error import (
    AuthenticationError,
    EmbeddingError,
    ModelTimeoutError,
    RateLimitError,
    ServerError,
    StructuredOutputError,
)
from modelport.message import Msg, TextBlock, ThinkingBlock, ToolCallBlock, UserMsg
from modelport.middleware import TTSMiddleware
from modelport.model import ChatResponse, ChatStream, ChatUsage, FinishReason
from modelport.testing import (
    FunctionChatModel,
    Pause,
    ScriptedChatModel,
    ScriptedEmbeddingModel,
    ScriptedRealtimeTTSModel,
    ScriptedTTSModel,
    ScriptOverError,
    VirtualClock,
)
from modelport.tool import ToolChoice
from modelport.transport import Timeouts
from modelport.tts import TTSResponse
from tests.contract.runtimes import runtime_with

QUESTION = [UserMsg("user", "Hello?")]
ADD = {"type": "function", "function": {"name": "add", "description": "Add.", "parameters": {"type": "object"}}}


class Weather(BaseModel):
    city: str
    temperature: float


async def collected(
    model: Any, messages: list[Msg] = QUESTION, **options: Any
) -> tuple[list[ChatResponse], ChatResponse]:
    stream = await model(messages, **options)
    assert isinstance(stream, ChatStream)
    *deltas, last = [response async for response in stream]
    return deltas, last


async def test_a_text_comes_in_deltas_and_whole() -> None:
    deltas, last = await collected(ScriptedChatModel(["One two  three"]))
    assert [delta.text for delta in deltas] == ["One ", "two  ", "three"]
    assert len({delta.content[0].id for delta in deltas}) == 1
    assert (last.text, last.is_last, last.finish_reason) == ("One two  three", True, FinishReason.STOP)
    assert last.usage is not None and last.usage.input_tokens > 0 and last.usage.output_tokens > 0
    assert (last.provider, last.model, len(last.attempts)) == ("double", "scripted-model", 1)


async def test_without_streaming_one_response_comes() -> None:
    response = await ScriptedChatModel(["One two"], stream=False)(QUESTION)
    assert isinstance(response, ChatResponse)
    assert (response.text, response.finish_reason) == ("One two", FinishReason.STOP)


async def test_blocks_and_steps() -> None:
    call = ToolCallBlock(id="c1", name="add", input=json.dumps({"first": 12345, "second": 67890}))
    model = ScriptedChatModel([[ThinkingBlock(thinking="Hm."), "Let ", "me ", call], call])
    deltas, last = await collected(model, tools=[ADD])
    assert [block.type for delta in deltas for block in delta.content] == ["thinking", "text", "text", "tool_call"]
    assert [block.type for block in last.content] == ["thinking", "text", "tool_call"]
    assert (last.text, last.finish_reason) == ("Let me ", FinishReason.TOOL_CALLS)
    deltas, last = await collected(model, tools=[ADD])
    assert len(deltas) > 2, "arguments come in pieces"
    assert [block.input for block in last.content if isinstance(block, ToolCallBlock)] == [call.input]


@pytest.mark.parametrize("stream", [True, False])
async def test_two_blocks_stay_two(stream: bool) -> None:
    model = ScriptedChatModel([[TextBlock(text="One two"), TextBlock(text="three")]], stream=stream)
    answer = await model(QUESTION)
    last = answer if isinstance(answer, ChatResponse) else [response async for response in answer][-1]
    assert [block.text for block in last.content if isinstance(block, TextBlock)] == ["One two", "three"]


async def test_a_response_has_its_finish_reason() -> None:
    usage = ChatUsage(input_tokens=7, output_tokens=3)
    said = ChatResponse([TextBlock(text="Cut o")], usage=usage, finish_reason=FinishReason.LENGTH, metadata={"a": 1})
    _, last = await collected(ScriptedChatModel([said]))
    assert (last.text, last.finish_reason, dict(last.metadata)) == ("Cut o", FinishReason.LENGTH, {"a": 1})
    assert last.usage is not None and (last.usage.input_tokens, last.usage.output_tokens) == (7, 3)
    assert last.id == said.id


async def test_calls_are_recorded_as_they_were() -> None:
    model, messages = ScriptedChatModel(["Hi", "Ho"]), [UserMsg("user", "first")]
    await collected(model, messages, tools=[ADD], tool_choice=ToolChoice("none"), temperature=0)
    messages[0].content[0] = TextBlock(text="changed")
    messages.append(UserMsg("user", "second"))
    await collected(model, messages)
    first, second = model.calls
    assert (first.text, second.text) == ("first", "second")
    assert (first.tools, first.tool_choice, first.kwargs) == ([ADD], ToolChoice("none"), {"temperature": 0})
    assert (len(second.messages), second.tools, second.tool_choice, second.stream) == (2, [], None, True)


async def test_errors_are_retried_as_those_of_a_provider() -> None:
    model = ScriptedChatModel([RateLimitError("slow", retryable=True), ConnectionError("gone"), "Hi"], stream=False)
    response = await model(QUESTION)
    assert type(response) is ChatResponse
    assert response.text == "Hi"
    assert [attempt.error for attempt in response.attempts] == ["RateLimitError", "ModelConnectionError", None]
    assert len(model.calls) == 3


async def test_the_retries_are_a_budget() -> None:
    model = ScriptedChatModel(itertools.repeat(ServerError("down", retryable=True)), max_retries=1)
    with pytest.raises(ServerError) as caught:
        await model(QUESTION)
    assert len(caught.value.attempts) == len(model.calls) == 2


async def test_a_refused_key_is_not_tried_again() -> None:
    with pytest.raises(AuthenticationError):
        await ScriptedChatModel([AuthenticationError("wrong key"), "Hi"])(QUESTION)


async def test_an_error_in_the_middle_of_a_stream() -> None:
    model = ScriptedChatModel([["Half an ", ServerError("gone", retryable=True)], "never asked"])
    with pytest.raises(ServerError) as caught:
        await collected(model)
    assert caught.value.partial is not None and caught.value.partial.text == "Half an "
    assert len(model.calls) == 1, "content was delivered, so there is no second attempt"


async def test_pauses_are_on_the_models_clock() -> None:
    clock = VirtualClock()
    model = ScriptedChatModel([["One", Pause(30), "two"]], timeouts=Timeouts(idle=None), runtime=runtime_with(clock))
    stream = await model(QUESTION)
    assert isinstance(stream, ChatStream)
    assert (await anext(stream)).text == "One"
    second = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    assert not second.done()
    clock.advance(30)
    assert (await second).text == "two"
    await stream.aclose()


async def test_a_slow_answer_runs_into_the_clocks() -> None:
    clock = VirtualClock(skip_sleeps=True)
    options: Any = {"timeouts": Timeouts(first_event=5), "runtime": runtime_with(clock), "max_retries": 0}
    with pytest.raises(ModelTimeoutError):
        await collected(ScriptedChatModel([Pause(60)], **options))


async def test_cancelling_and_leaving_close_the_answer() -> None:
    ended: list[str] = []

    async def endless(messages: list[Msg], tools: list[Any]) -> AsyncGenerator[str, None]:
        try:
            yield "One"
            await asyncio.Event().wait()
        finally:
            ended.append("closed")

    stream = await FunctionChatModel(endless)(QUESTION)
    assert isinstance(stream, ChatStream)
    async for _ in stream:
        break
    await stream.aclose()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await FunctionChatModel(endless, stream=False)(QUESTION)
    assert ended == ["closed", "closed"]


async def test_the_end_of_the_script_names_the_question() -> None:
    model = ScriptedChatModel(["Hi"], stream=False)
    await model(QUESTION)
    with pytest.raises(ScriptOverError, match=r"1 answers, and this is attempt 2: 'Hello\?'"):
        await model(QUESTION)


@pytest.mark.parametrize("wrong", [None, 3, ["text", 3], b"bytes"])
async def test_anything_else_is_not_an_answer(wrong: Any) -> None:
    with pytest.raises(TypeError, match="expected an answer, got a"):
        await ScriptedChatModel([wrong], stream=False)(QUESTION)


def test_a_script_is_a_list() -> None:
    with pytest.raises(TypeError, match="list of answers"):
        ScriptedChatModel("Hello")


@pytest.mark.parametrize("stream", [True, False])
async def test_structured_output_goes_the_normal_way(stream: bool) -> None:
    good = {"city": "Shanghai", "temperature": "21.5"}
    model = ScriptedChatModel([{"city": "Shanghai"}, good], stream=stream)
    response = await model.generate_structured_output(QUESTION, Weather)
    assert response.value == Weather(city="Shanghai", temperature=21.5)
    assert len(model.calls) == 2, "the invalid object was asked for again"
    assert "temperature" in str(model.calls[1].messages)
    assert model.calls[0].tools, "the object is asked for by a tool"


async def test_structured_output_as_text_and_never() -> None:
    response = await ScriptedChatModel(['{"city": "Rome", "temperature": 30}']).generate_structured_output(
        QUESTION, Weather
    )
    assert response.content == {"city": "Rome", "temperature": 30.0}
    with pytest.raises(StructuredOutputError):
        await ScriptedChatModel(itertools.repeat("no")).generate_structured_output(QUESTION, Weather)


async def test_an_object_without_a_tool_is_text() -> None:
    response = await ScriptedChatModel([{"a": 1}], stream=False)(QUESTION, [ADD])
    assert response.text == '{"a": 1}'
    response = await ScriptedChatModel([{"a": 1}], stream=False)(QUESTION, [ADD], ToolChoice("add"))
    assert [block.type for block in response.content] == ["tool_call"]


async def test_tokens_are_counted() -> None:
    count = await ScriptedChatModel().count_tokens(QUESTION, exact=True)
    assert count.estimated and count.tokens > 0


async def test_functions_of_every_kind() -> None:
    def plain(messages: list[Msg], tools: list[Any]) -> str:
        return f"{len(messages)} messages, {len(tools)} tools"

    async def waiting(messages: list[Msg], tools: list[Any]) -> list[str]:
        await asyncio.sleep(0)
        return [plain(messages, tools)]

    async def streaming(messages: list[Msg], tools: list[Any]) -> AsyncGenerator[str, None]:
        for word in plain(messages, tools).split(" "):
            yield word + " "

    for function in (plain, waiting, streaming):
        for stream in (True, False):
            model = FunctionChatModel(function, stream=stream)
            answer = await model(QUESTION, [ADD])
            last = answer if isinstance(answer, ChatResponse) else [response async for response in answer][-1]
            assert last.text.strip() == "1 messages, 1 tools"


async def test_a_function_that_fails_is_a_failed_attempt() -> None:
    outcomes = iter([TimeoutError("slow"), None])

    def function(messages: list[Msg], tools: list[Any]) -> str:
        if (error := next(outcomes)) is not None:
            raise error
        return "Hi"

    _, last = await collected(FunctionChatModel(function))
    assert last.text == "Hi" and len(last.attempts) == 2


async def test_options_of_every_chat_model() -> None:
    model = ScriptedChatModel(
        ["Hi"], "gpt-4.1", context_size=100, parameters=ScriptedChatModel.Parameters.model_validate({"temperature": 1})
    )
    assert (model.model, model.context_size, model.parameters.temperature) == ("gpt-4.1", 100, 1)
    async with model:
        assert model.stream


async def test_embeddings_are_the_same_in_every_run() -> None:
    model = ScriptedEmbeddingModel()
    response = await model(["the cat sat", "a cat sat down", "quarterly figures", "the cat sat"])
    again = await ScriptedEmbeddingModel()(["the cat sat"])
    assert isinstance(response, EmbeddingResponse)
    assert response.array.shape == (4, 16)
    assert response.embeddings[0] == response.embeddings[3] == again.embeddings[0]
    near, far = (float(response.array[0] @ response.array[index]) for index in (1, 2))
    assert near > far
    assert model.calls == [["the cat sat", "a cat sat down", "quarterly figures"]], "identical inputs are sent once"
    assert response.usage is not None and response.usage.tokens > 0


async def test_embeddings_with_given_vectors_and_failures() -> None:
    parameters = ScriptedEmbeddingModel.Parameters(dimensions=3)
    failures = [RateLimitError("slow", retryable=True)]
    model = ScriptedEmbeddingModel({"x": [1, 0, 0]}, failures, parameters=parameters)
    response = await model(["x", "y"])
    assert response.embeddings[0] == [1.0, 0.0, 0.0] and len(response.embeddings[1]) == 3
    model = ScriptedEmbeddingModel(failures=[ServerError("down", retryable=False)])
    with pytest.raises(EmbeddingError):
        await model(["x"])


def sound(responses: list[TTSResponse]) -> bytes:
    blocks = [response.content for response in responses if response.content is not None]
    return b"".join(base64.b64decode(block.source.data) for block in blocks)  # type: ignore[union-attr]  # base64 all


@pytest.mark.parametrize("tone", [0.0, 440.0])
async def test_speech_whole_and_streamed(tone: float) -> None:
    whole = await ScriptedTTSModel(tone, stream=False).synthesize("Hello you there")
    assert isinstance(whole, TTSResponse)
    model = ScriptedTTSModel(tone)
    stream = await model.synthesize("Hello you there")
    assert not isinstance(stream, TTSResponse)
    steps = [step async for step in stream]
    assert [step.is_last for step in steps] == [False, False, False, True]
    assert len(sound(steps)) == len(sound([whole])) == 44 + 2 * 15 * 480
    assert any(sound([whole])[44:]) is bool(tone)
    assert model.spoken == ["Hello you there"]


async def test_speech_that_fails() -> None:
    model = ScriptedTTSModel(failures=[ServerError("down")])
    with pytest.raises(ServerError):
        await model.synthesize("Hello")
    await model.synthesize("Hello")


@pytest.mark.parametrize("stream", [True, False])
async def test_speech_of_text_that_is_being_written(stream: bool) -> None:
    """Twice, each byte once."""
    model = ScriptedRealtimeTTSModel(stream=stream)
    async with model:
        for _ in range(2):
            pushed = [await model.push("Hello y"), await model.push("ou th")]
            answer = await model.synthesize("ere")
            rest = [answer] if isinstance(answer, TTSResponse) else [step async for step in answer]
            assert rest[-1].is_last and not any(step.is_last for step in pushed)
            headers = 1 if stream else 2
            assert len(sound([*pushed, *rest])) == 44 * headers + 2 * 15 * 480
    assert model.spoken == ["Hello you there"] * 2
    assert model.events == ["connect", *["push", "push", "synthesize"] * 2, "close"]


async def test_the_agent_speaks_with_doubles_alone() -> None:
    agent = Agent("assistant", ScriptedChatModel(["Good morning."]), [TTSMiddleware(ScriptedRealtimeTTSModel())])
    events = [event async for event in agent.reply_stream("Hello")]
    kinds = {type(event).__name__ for event in events}
    assert {"TextBlockDeltaEvent", "DataBlockDeltaEvent"} <= kinds
