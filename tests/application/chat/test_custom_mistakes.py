"""A custom `_call_api` that returns something else than it should is told so, in words."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

import pytest

from modelport.credential import CredentialBase
from modelport.error import InvalidRequestError, ResponseDecodeError, StructuredOutputError
from modelport.message import TextBlock, ToolCallBlock, UserMsg
from modelport.model import ChatModelBase, ChatResponse, FinishReason

QUESTION = [UserMsg("user", "Hello")]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


class Mine(ChatModelBase):
    """Gives back what it was given."""

    given: Any

    async def _call_api(self, *arguments: Any, **kwargs: Any) -> Any:
        return self.given


def mine(given: Any, **options: Any) -> Mine:
    model = Mine(CredentialBase(), "m", **options)
    model.given = given
    return model


async def asked(given: Any, *, stream: bool) -> ChatResponse:
    answer = await mine(given, stream=stream)(QUESTION)
    if isinstance(answer, ChatResponse):
        return answer
    return [response async for response in answer][-1]


def synchronous() -> Iterator[ChatResponse]:
    yield ChatResponse([TextBlock(text="Hi")])


async def texts() -> AsyncGenerator[Any, None]:
    yield "Hi"


async def last_of_text() -> AsyncGenerator[ChatResponse, None]:
    yield ChatResponse("Hi")  # type: ignore[arg-type]  # the mistake


class Iterated:
    """An iterator without `aclose`, as other libraries give them."""

    def __init__(self) -> None:
        self._left = ["Hel", "lo"]

    def __aiter__(self) -> AsyncIterator[ChatResponse]:
        return self

    async def __anext__(self) -> ChatResponse:
        if not self._left:
            raise StopAsyncIteration
        return ChatResponse([TextBlock(id="t", text=self._left.pop(0))], is_last=False)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        (lambda: None, "NoneType"),
        (lambda: "Hi", "str"),
        (lambda: {"content": "Hi"}, "dict"),
        (synchronous, "generator"),
        (texts, "str"),
        (lambda: ChatResponse("Hi"), "content"),  # type: ignore[arg-type]  # the mistake
        (lambda: ChatResponse(None), "content"),  # type: ignore[arg-type]  # the mistake
        (lambda: ChatResponse([{"type": "text", "text": "Hi"}]), "content"),  # type: ignore[list-item]  # the mistake
        (last_of_text, "content"),
        (lambda: ChatResponse([], usage={"input_tokens": 1}), "usage"),
    ],
    ids=["none", "text", "dict", "sync", "texts", "text content", "no content", "dict block", "last", "usage"],
)
async def test_what_is_no_response_is_named(given: Any, told: str, stream: bool) -> None:
    with pytest.raises(ResponseDecodeError, match="_call_api") as caught:
        await asked(given(), stream=stream)
    assert told in str(caught.value) and "ChatResponse" in str(caught.value)
    assert len(caught.value.attempts) == 1


@pytest.mark.parametrize("stream", [True, False])
async def test_any_asynchronous_iterator_will_do(stream: bool) -> None:
    assert (await asked(Iterated(), stream=stream)).text == "Hello"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_reason_is_one_of_ours(stream: bool) -> None:
    call = ToolCallBlock(id="c", name="look", input="{}")
    called = await asked(ChatResponse([call], finish_reason="stop"), stream=stream)  # type: ignore[arg-type]  # a plain word
    assert called.finish_reason is FinishReason.TOOL_CALLS
    strange = ChatResponse([TextBlock(text="Hi")], finish_reason="end_turn")  # type: ignore[arg-type]  # not ours
    other = await asked(strange, stream=stream)
    assert (other.finish_reason, other.raw_finish_reason) == (FinishReason.OTHER, "end_turn")


async def test_a_plain_length_is_a_cut_off_object() -> None:
    cut = ChatResponse([TextBlock(text='{"city": "Os')], finish_reason="length")  # type: ignore[arg-type]  # a plain word
    with pytest.raises(StructuredOutputError, match="length limit"):
        await mine(cut, max_retries=0).generate_structured_output(QUESTION, SCHEMA)


@pytest.mark.shows_secrets("what is no credential is not known to be secret; the message does not repeat it")
@pytest.mark.parametrize("given", ["sk-a-key-itself-PlantedWord7", None, {"api_key": "sk-a-key-itself-PlantedWord7"}])
def test_a_credential_of_a_wrong_type_is_refused_unseen(given: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"credential is a \w+; pass") as caught:
        Mine(given, "m")
    assert "sk-a-key-itself-PlantedWord7" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"card_checks": False}, "card_checks is False; use 'on' or 'off'"),
        ({"on_unsupported": "raise"}, "on_unsupported is 'raise'; use 'warn' or 'error'"),
        ({"timeouts": 5}, "timeouts is a int; pass Timeouts"),
        ({"retry_policy": 5}, "retry_policy is a int; pass RetryPolicy"),
    ],
)
def test_an_option_that_means_nothing_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        Mine(CredentialBase(), "m", **options)
