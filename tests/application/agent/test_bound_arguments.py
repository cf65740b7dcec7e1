"""What the program has bound to a tool, or marked as hidden, is neither offered to a model nor changed by one."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import Field

from modelport.agent import Agent, FunctionTool, Hidden
from modelport.credential import (
    AnthropicCredential,
    CredentialBase,
    DeepSeekCredential,
    GeminiCredential,
    OllamaCredential,
    OpenAICredential,
)
from modelport.error import InvalidRequestError, ModelError
from modelport.message import ToolResultState
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.application.agent.tool_support import called

KEY = "sk-live-0123456789-PlantedWord7"
ApiKey = Annotated[str, Hidden]
_ACME = Field("acme")
_MADE = Field(default_factory=lambda: "acme")


def search(query: str, api_key: str, tenant: str = "none") -> str:
    return f"{query} {api_key} {tenant}"


async def search_async(query: str, api_key: str, tenant: str = "none") -> str:
    return f"{query} {api_key} {tenant}"


def loose(query: str, **more: Any) -> str:
    return f"{query} {more['api_key']} {more['tenant']}"


class Searcher:
    def __init__(self, api_key: str) -> None:
        self._key = api_key

    def method(self, query: str, tenant: str = "none", api_key: str = "") -> str:
        return search(query, api_key or self._key, tenant)

    bound = functools.partialmethod(method, tenant="acme")
    inherited = functools.partialmethod(method, tenant="acme", api_key=KEY)


class Callee(Searcher):
    __call__ = functools.partialmethod(Searcher.method, tenant="acme", api_key=KEY)


class Heir(Callee):
    """Its `__call__` is its base's."""


@functools.wraps(functools.partial(search, api_key=KEY, tenant="acme"))
def decorated(**given: str) -> str:
    return functools.partial(search, api_key=KEY, tenant="acme")(**given)


def marked(query: str, api_key: Annotated[str, Hidden] = KEY, tenant: Annotated[str, Hidden()] = "acme") -> str:
    return search(query, api_key, tenant)


def marked_deep(query: str, api_key: ApiKey | None = KEY, tenant: ApiKey = _ACME) -> str:
    assert api_key is not None
    return search(query, api_key, tenant)


def marked_and_bound(query: str, api_key: ApiKey, tenant: ApiKey = _MADE) -> str:
    return search(query, api_key, tenant)


BOUND: dict[str, Callable[..., Any]] = {
    "partial": functools.partial(search, api_key=KEY, tenant="acme"),
    "partial of a partial": functools.partial(functools.partial(search, api_key=KEY), tenant="acme"),
    "partial of a coroutine function": functools.partial(search_async, api_key=KEY, tenant="acme"),
    "partial with any arguments": functools.partial(loose, api_key=KEY, tenant="acme"),
    "partial of a method": functools.partial(Searcher("other").method, api_key=KEY, tenant="acme"),
    "partialmethod": Searcher(KEY).inherited,
    "instance": Callee("other"),
    "instance of a subclass": Heir("other"),
    "partial of an instance": functools.partial(Heir("other"), tenant="acme"),
    "decorated": decorated,
    "marked": marked,
    "marked within": marked_deep,
    "marked and bound": functools.partial(marked_and_bound, api_key=KEY),
}


@pytest.mark.parametrize("name", BOUND)
async def test_bound_arguments_are_neither_offered_nor_replaced(name: str) -> None:
    tool = FunctionTool(BOUND[name])
    assert list(tool.schema["function"]["parameters"]["properties"]) == ["query"]
    assert KEY not in json.dumps(tool.schema) and "acme" not in json.dumps(tool.schema)
    assert (await called(tool, '{"query":"q"}')).output == f"q {KEY} acme"
    for argument in ("tenant", "api_key"):
        result = await called(tool, json.dumps({"query": "q", argument: "other"}))
        assert result.state is ToolResultState.ERROR
        assert f"{argument}: Extra inputs are not permitted" in str(result.output)


async def test_a_schema_of_the_programs_own_does_not_unbind_them() -> None:
    offered = {"type": "object", "properties": {"query": {"type": "string"}, "api_key": {"type": "string"}}}
    schema = {"type": "function", "function": {"name": "search", "description": "", "parameters": offered}}
    tool = FunctionTool(functools.partial(search, api_key=KEY), schema)
    assert (await called(tool, '{"query":"q","api_key":"x-PlantedWord7"}')).state is ToolResultState.ERROR


def test_a_hidden_argument_needs_a_default() -> None:
    def bare(query: str, api_key: Annotated[str, Hidden]) -> None: ...

    def required(query: str, api_key: Annotated[str, Hidden] = Field(min_length=1)) -> None: ...

    for function in (bare, required):
        with pytest.raises(InvalidRequestError, match="hidden argument 'api_key' without a default"):
            FunctionTool(function)
    assert FunctionTool(functools.partial(bare, api_key=KEY)).schema["function"]["parameters"]["required"] == ["query"]


@pytest.mark.parametrize(
    "provider", [OpenAICredential, AnthropicCredential, GeminiCredential, OllamaCredential, DeepSeekCredential]
)
async def test_no_request_holds_what_is_bound(provider: type[CredentialBase]) -> None:
    refused = ScriptedAnswer.json({"error": {"message": "no"}}, status=400)
    async with ScriptedServer([refused] * 4) as server:
        place = "host" if provider is OllamaCredential else "base_url"
        credential = provider.model_validate({"api_key": "k-PlantedWord7", place: server.base_url})
        for cls in credential.get_chat_model_classes():
            with pytest.raises(ModelError):
                await Agent("a", cls(credential, "m", stream=False), tools=[BOUND["partial"]]).reply("Go")
        assert server.requests
        for request in server.requests:
            assert b'"query"' in request.body and KEY.encode() not in request.body and b"acme" not in request.body


@dataclasses.dataclass
class Client:
    api_key: str = KEY

    def __call__(self, query: str) -> str:
        """Search for it."""
        return query


@pytest.mark.parametrize("tool", [Client(), functools.partial(Client())])
def test_a_docstring_made_of_the_fields_of_an_instance_is_not_offered(tool: Callable[..., Any]) -> None:
    schema = FunctionTool(tool).schema
    assert schema["function"]["description"] == "Search for it." and KEY not in json.dumps(schema)
