"""A provider written as the specification prints it: a credential, a class with `_call_api`, nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Literal, Type

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from modelport.credential import CredentialBase
from modelport.error import InvalidRequestError, ModelConnectionError, ModelError, ServerError, StreamTruncatedError
from modelport.formatter import FormatterBase, OpenAIChatFormatter
from modelport.message import Msg, TextBlock, UserMsg
from modelport.model import ChatModelBase, ChatResponse, ChatStream
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tool import ToolChoice
from tests.contract.runtimes import runtime_with


class MyCredential(CredentialBase):
    model_config = ConfigDict(title="My Provider API")
    type: Literal["my_provider_credential"] = "my_provider_credential"
    api_key: SecretStr = Field(description="API key for My Provider.")
    base_url: str = Field(default="https://api.myprovider.com/v1")

    @classmethod
    def get_chat_model_class(cls) -> Type[ChatModelBase]:
        return MyModel


class MyModel(ChatModelBase):
    class Parameters(BaseModel):
        max_tokens: int | None = Field(default=None, gt=0)

    type: Literal["my_provider_chat"] = "my_provider_chat"

    def __init__(
        self,
        credential: MyCredential,
        model: str,
        parameters: Parameters | None = None,
        stream: bool = True,
        max_retries: int = 3,
        context_size: int = 128000,
        formatter: FormatterBase | None = None,
    ) -> None:
        super().__init__(
            credential=credential,
            model=model,
            parameters=parameters or self.Parameters(),
            stream=stream,
            max_retries=max_retries,
            context_size=context_size,
        )
        self.formatter = formatter or OpenAIChatFormatter()
        self.attach(runtime_with(VirtualClock(skip_sleeps=True)))

    async def _call_api(
        self,
        model_name: str,
        messages: list[Msg],
        tools: list[dict[str, Any]] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,
    ) -> ChatResponse | AsyncGenerator[ChatResponse, None]:
        formatted = await self.formatter.format(messages)
        assert isinstance(self.credential, MyCredential)
        async with httpx.AsyncClient() as client:
            answer = await client.post(self.credential.base_url, json={"messages": formatted})
            answer.raise_for_status()
        return ChatResponse([TextBlock(text=answer.json()["text"])])


class Streaming(MyModel):
    """Yields what it was told to."""

    steps: list[Any]

    async def _call_api(self, *arguments: Any, **kwargs: Any) -> AsyncGenerator[ChatResponse, None]:
        return self._generate()

    async def _generate(self) -> AsyncGenerator[ChatResponse, None]:
        for step in self.steps:
            if isinstance(step, Exception):
                raise step
            yield step


class Generating(Streaming):
    """`_call_api` is itself a generator, which people write too."""

    async def _call_api(self, *arguments: Any, **kwargs: Any) -> AsyncGenerator[ChatResponse, None]:  # type: ignore[override]  # as above
        for step in self.steps:
            yield step


def credential(url: str = "https://api.myprovider.com/v1") -> MyCredential:
    return MyCredential(api_key=SecretStr("k"), base_url=url)


def delta(text: str, **facts: Any) -> ChatResponse:
    return ChatResponse([TextBlock(id="t", text=text)], is_last=False, **facts)


QUESTION = [UserMsg("user", "Hello")]


async def test_503_for_ever_costs_four_requests() -> None:
    async with ScriptedServer(lambda _: ScriptedAnswer.json({"error": "busy"}, 503)) as server:
        with pytest.raises(ServerError) as caught:
            await MyModel(credential(server.base_url), "m")(QUESTION)
        assert len(server.requests) == 4
    assert len(caught.value.attempts) == 4
    assert isinstance(caught.value.__cause__, httpx.HTTPStatusError)


async def test_a_response_comes_as_a_stream_when_streaming() -> None:
    async with ScriptedServer([ScriptedAnswer.json({"text": "Hi"})]) as server:
        stream = await MyModel(credential(server.base_url), "m")(QUESTION)
        assert isinstance(stream, ChatStream)
        responses = [response async for response in stream]
    assert [(response.text, response.is_last) for response in responses] == [("Hi", False), ("Hi", True)]


async def test_no_connection_is_retried_and_mapped() -> None:
    async with ScriptedServer([]) as server:
        url = server.base_url
    with pytest.raises(ModelConnectionError) as caught:
        await MyModel(credential(url), "m", stream=False)(QUESTION)
    assert len(caught.value.attempts) == 4


@pytest.mark.parametrize("cls", [Streaming, Generating])
@pytest.mark.parametrize("streaming", [True, False])
async def test_deltas_are_accumulated(cls: type[Streaming], streaming: bool) -> None:
    model = cls(credential(), "m", stream=streaming)
    model.steps = [delta("He"), delta("llo", finish_reason="stop")]
    answer = await model(QUESTION)
    if isinstance(answer, ChatResponse):
        last = answer
    else:
        responses = [response async for response in answer]
        assert [response.text for response in responses[:-1]] == ["He", "llo"]
        last = responses[-1]
    assert (last.text, last.is_last, last.finish_reason) == ("Hello", True, "stop")


async def test_no_reason_at_all_is_other() -> None:
    model = Streaming(credential(), "m", stream=False)
    model.steps = [delta("Hello")]
    answer = await model(QUESTION)
    assert isinstance(answer, ChatResponse) and answer.finish_reason == "other"


async def test_an_own_last_response_is_kept_as_it_is() -> None:
    model = Streaming(credential(), "m", stream=False)
    model.steps = [delta("He"), ChatResponse([TextBlock(text="Hello!")], is_last=True, finish_reason="length")]  # type: ignore[arg-type]  # as people write it
    answer = await model(QUESTION)
    assert isinstance(answer, ChatResponse) and (answer.text, answer.finish_reason) == ("Hello!", "length")


async def test_an_error_before_content_is_retried_and_one_after_it_is_not() -> None:
    model = Streaming(credential(), "m")
    model.steps = [TimeoutError("slow")]
    with pytest.raises(ModelError) as before:
        async for _ in await model(QUESTION):  # type: ignore[union-attr]  # a stream, as asked
            pass
    assert len(before.value.attempts) == 4
    model.steps = [delta("He"), TimeoutError("slow")]
    with pytest.raises(ModelError) as after:
        async for _ in await model(QUESTION):  # type: ignore[union-attr]  # a stream, as asked
            pass
    assert len(after.value.attempts) == 1
    assert after.value.partial is not None and after.value.partial.text == "He"


async def test_a_bug_of_the_provider_is_raised_as_it_is_and_not_retried() -> None:
    model = Streaming(credential(), "m")
    model.steps = [KeyError("choices")]
    with pytest.raises(KeyError):
        async for _ in await model(QUESTION):  # type: ignore[union-attr]  # a stream, as asked
            pass


async def test_named_exceptions_are_retried() -> None:
    class Flaky(Streaming):
        @classmethod
        def _get_retryable_exceptions(cls) -> tuple[type[Exception], ...]:
            return (KeyError,)

    model = Flaky(credential(), "m")
    model.steps = [KeyError("choices")]
    with pytest.raises(ModelError) as caught:
        async for _ in await model(QUESTION):  # type: ignore[union-attr]  # a stream, as asked
            pass
    assert len(caught.value.attempts) == 4
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("wrong", ["Hello", {"role": "user"}, [{"role": "user", "content": "hi"}], [], None])
async def test_messages_of_a_wrong_type(wrong: Any) -> None:
    with pytest.raises(InvalidRequestError, match="list of Msg"):
        await MyModel(credential(), "m")(wrong)


async def test_a_class_without_call_api_says_so() -> None:
    with pytest.raises(ModelError, match="_call_api"):
        await ChatModelBase(credential(), "m")(QUESTION)


async def test_it_may_think_longer_than_connecting_takes() -> None:
    """What it waits for is not known to the engine: only the other clocks run."""

    class Slow(MyModel):
        async def _call_api(self, *arguments: Any, **kwargs: Any) -> ChatResponse:
            await self.runtime.clock.sleep(60)
            return ChatResponse([TextBlock(text="At last")])

    answer = await Slow(credential(), "m", stream=False)(QUESTION)
    assert isinstance(answer, ChatResponse) and answer.text == "At last"


async def test_a_truncated_stream_of_ones_own() -> None:
    model = Streaming(credential(), "m")
    model.steps = [delta("He"), StreamTruncatedError("cut")]
    with pytest.raises(StreamTruncatedError) as caught:
        async for _ in await model(QUESTION):  # type: ignore[union-attr]  # a stream, as asked
            pass
    assert caught.value.provider == "my_provider"


def test_the_credential_names_its_class() -> None:
    assert MyCredential.get_chat_model_classes() == [MyModel]
    assert MyCredential.list_models() == []
