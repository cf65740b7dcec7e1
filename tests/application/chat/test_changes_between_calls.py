"""What changes between two calls is seen by the next one: nothing that a call keeps for later may be stale."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from modelport.credential import DashScopeCredential, OllamaCredential, OpenAICredential
from modelport.domain.errors import InvalidRequestError
from modelport.message import UserMsg
from modelport.model import ChatResponse, DashScopeChatModel, OllamaChatModel, OpenAIChatModel
from modelport.testing import ScriptedAnswer, ScriptedServer

ASK = [UserMsg("user", "Hello?")]
CHOICE = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello."}}
ANSWER = {"id": "c", "object": "chat.completion", "model": "m", "choices": [CHOICE]}
Model = OpenAIChatModel[ChatResponse]


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer(lambda request: ScriptedAnswer.json(ANSWER)) as running:
        yield running


def model_at(server: ScriptedServer, **given: Any) -> Model:
    credential = OpenAICredential(api_key="x-PlantedWord7", base_url=server.base_url + "/v1")
    return OpenAIChatModel(credential, "gpt-4.1", OpenAIChatModel.Parameters(**given), stream=False)


def _key(model: Model) -> None:
    assert isinstance(model.credential, OpenAICredential)
    model.credential.api_key = SecretStr("x-OtherWord8")


def _organization(model: Model) -> None:
    assert isinstance(model.credential, OpenAICredential)
    model.credential.organization = "org-2"


def _path(model: Model) -> None:
    assert isinstance(model.credential, OpenAICredential)
    model.credential.base_url += "/beta"


def _credential(model: Model) -> None:
    assert isinstance(model.credential, OpenAICredential)
    model.credential = model.credential.model_copy(update={"api_key": SecretStr("x-ThirdWord9")})


CHANGES: dict[str, tuple[Callable[[Model], None], str]] = {
    "key": (_key, "Bearer x-OtherWord8"),
    "organization": (_organization, "org-2"),
    "base URL": (_path, "/v1/beta/chat/completions"),
    "credential": (_credential, "Bearer x-ThirdWord9"),
    "name": (lambda model: setattr(model, "model", "gpt-4.1-mini"), "gpt-4.1-mini"),
    "parameter": (lambda model: setattr(model.parameters, "temperature", 0.25), "0.25"),
    "parameters": (lambda model: setattr(model, "parameters", model.Parameters(max_tokens=77)), '_tokens":77'),
    "settings": (lambda model: model.settings.update(seed=4321), '"seed":4321'),
}


def _seen(server: ScriptedServer) -> str:
    request = server.requests[-1]
    return f"{request.path} {dict(request.headers)} {request.body!r}"


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_between_two_calls_is_seen_at_the_wire(change: str, server: ScriptedServer) -> None:
    make, wanted = CHANGES[change]
    model = model_at(server)
    for _ in range(2):
        await model(ASK)
        assert wanted not in _seen(server)
    make(model)
    await model(ASK)
    assert wanted in _seen(server)


async def test_a_value_inside_of_a_parameter_that_changes_is_seen(server: ScriptedServer) -> None:
    class Parameters(OpenAIChatModel.Parameters):
        stop: list[str] = ["first"]  # noqa: RUF012  # a field, which pydantic copies

    class Stopping(OpenAIChatModel[Any]):
        pass

    Stopping.Parameters = Parameters
    credential = OpenAICredential(api_key="x-PlantedWord7", base_url=server.base_url + "/v1")
    model = Stopping(credential, "a-model", stream=False)
    sent: list[dict[str, Any]] = []
    for _ in range(2):
        sent.append(model._checked_values()[0])
        given: Any = model.parameters  # Any: of the class above
        given.stop.append("second")
    assert sent[0]["stop"] == ["first"]
    assert model._checked_values()[0]["stop"] == ["first", "second", "second"]


async def test_true_is_not_taken_for_one_that_was_checked_before(server: ScriptedServer) -> None:
    credential = OpenAICredential(api_key="x-PlantedWord7", base_url=server.base_url + "/v1")
    model = OpenAIChatModel(credential, "gpt-4.1", stream=False)
    given: Any = model.parameters  # Any: of any class
    given.temperature = 1
    assert model._checked_values()[0]["temperature"] == 1
    given.__dict__["temperature"] = True
    with pytest.raises(InvalidRequestError, match="temperature"):
        model._checked_values()


async def test_checks_that_are_switched_on_or_a_card_that_changes_count_at_once(server: ScriptedServer) -> None:
    model = model_at(server, temperature=1.5)
    await model(ASK)
    model.card = model.card.model_copy(
        update={"parameter_schema": {"properties": {"temperature": {"type": "number", "maximum": 1}}}}
    )
    with pytest.raises(InvalidRequestError, match="temperature"):
        await model(ASK)
    model.card_checks = "off"
    assert isinstance(await model(ASK), ChatResponse)


async def test_calls_at_once_with_other_fields_do_not_mix(server: ScriptedServer) -> None:
    model = model_at(server)
    answers = await asyncio.gather(*(model([UserMsg("user", f"word-{n}")], seed=n) for n in range(20)))
    bodies = [request.json() for request in server.requests]
    assert sorted((body["seed"], body["messages"][0]["content"]) for body in bodies) == [
        (n, f"word-{n}") for n in range(20)
    ]
    assert len({id(answer) for answer in answers}) == 20
    assert len({id(answer.content) for answer in answers}) == 20
    assert len({answer.content[0].id for answer in answers}) == 20


async def test_hosts_of_other_credentials_change_too(server: ScriptedServer) -> None:
    async with ScriptedServer(lambda request: ScriptedAnswer.json(ANSWER)) as other:
        dashscope = DashScopeCredential(api_key="x-PlantedWord7", base_url=server.base_url + "/compatible-mode/v1")
        model = DashScopeChatModel(dashscope, "qwen-plus", stream=False)
        await model(ASK)
        dashscope.base_url = other.base_url + "/compatible-mode/v1"
        await model(ASK)
    assert [len(each.requests) for each in (server, other)] == [1, 1]


async def test_the_host_of_ollama_changes_too() -> None:
    answer = {"model": "m", "message": {"role": "assistant", "content": "Hello."}, "done": True, "done_reason": "stop"}
    async with (
        ScriptedServer([ScriptedAnswer.json(answer)]) as first,
        ScriptedServer([ScriptedAnswer.json(answer)]) as other,
    ):
        credential = OllamaCredential(host=first.base_url)
        model = OllamaChatModel(credential, "qwen3:8b", stream=False)
        await model(ASK)
        credential.host = other.base_url
        await model(ASK)
        assert [len(each.requests) for each in (first, other)] == [1, 1]


async def test_an_endpoint_of_a_class_of_the_application_is_asked_for_each_time(server: ScriptedServer) -> None:
    class Rotating(OpenAICredential):
        def auth_headers(self) -> dict[str, str]:
            return {"authorization": f"Bearer x-Turn{len(server.requests)}"}

    credential = Rotating(api_key="x-PlantedWord7", base_url=server.base_url + "/v1")
    model = OpenAIChatModel(credential, "gpt-4.1", stream=False)
    for _ in range(3):
        await model(ASK)
    assert [request.headers["authorization"] for request in server.requests] == [
        "Bearer x-Turn0",
        "Bearer x-Turn1",
        "Bearer x-Turn2",
    ]


async def test_a_secret_that_gives_another_key_each_time_is_asked_each_time(server: ScriptedServer) -> None:
    class Rotating(SecretStr):
        def get_secret_value(self) -> str:
            return f"x-Turn{len(server.requests)}"

    model = model_at(server)
    assert isinstance(model.credential, OpenAICredential)
    model.credential.api_key = Rotating("x-PlantedWord7")
    for turn in range(3):
        await model(ASK)
        assert server.requests[-1].headers["authorization"] == f"Bearer x-Turn{turn}"
