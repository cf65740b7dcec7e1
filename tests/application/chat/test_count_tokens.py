"""Counting tokens: estimated without a request, exact where the provider counts."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from modelport.application.chat import tokens
from modelport.credential import AnthropicCredential, GeminiCredential, OpenAICredential, XAICredential
from modelport.domain.chat.tokens import estimated
from modelport.error import AuthenticationError
from modelport.message import AssistantMsg, Base64Source, DataBlock, HintBlock, ToolCallBlock, ToolResultBlock, UserMsg
from modelport.model import AnthropicChatModel, ChatModelBase, GeminiChatModel, OpenAIResponseModel, XAIChatModel
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.application.structured.structured_support import ollama_model, question
from tests.contract.runtimes import runtime_with

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {"where": {"type": "string"}}}},
}


def anthropic(url: str) -> ChatModelBase:
    return AnthropicChatModel(
        AnthropicCredential(api_key="sk-secret-key-PlantedWord7", base_url=url), "claude-sonnet-5"
    )


def gemini(url: str) -> ChatModelBase:
    return GeminiChatModel(GeminiCredential(api_key="sk-secret-key-PlantedWord7", base_url=url), "gemini-3.5-flash")


def responses(url: str) -> ChatModelBase:
    return OpenAIResponseModel(OpenAICredential(api_key="sk-secret-key-PlantedWord7", base_url=url + "/v1"), "gpt-5.2")


def xai(url: str) -> ChatModelBase:
    return XAIChatModel(XAICredential(api_key="sk-secret-key-PlantedWord7", base_url=url + "/v1"), "grok-4.3")


COUNTERS = [
    (anthropic, "/v1/messages/count_tokens", {"input_tokens": 31}, {"model", "messages", "tools"}),
    (gemini, "/v1beta/models/gemini-3.5-flash:countTokens", {"totalTokens": 31}, {"generateContentRequest"}),
    (
        responses,
        "/v1/responses/input_tokens",
        {"object": "response.input_tokens", "input_tokens": 31},
        {"model", "input", "tools"},
    ),
]


@pytest.mark.parametrize(("build", "path", "answer", "fields"), COUNTERS, ids=["anthropic", "gemini", "responses"])
async def test_the_provider_counts(build: Any, path: str, answer: dict[str, Any], fields: set[str]) -> None:
    busy = ScriptedAnswer.json({"error": {"message": "busy"}}, status=503)
    async with ScriptedServer([busy, ScriptedAnswer.json(answer)]) as server:
        model = build(server.base_url)
        model.attach(runtime_with(VirtualClock(skip_sleeps=True)))
        counted = await model.count_tokens(question(), [TOOL], exact=True)
        assert (counted.tokens, counted.estimated, counted.source) == (31, False, model.provider_name)
        assert [request.path for request in server.requests] == [path, path]
        assert fields <= server.requests[1].json().keys()
        assert not server.requests[1].json().keys() & {"stream", "max_tokens", "max_output_tokens", "store"}


async def test_gemini_counts_a_whole_request() -> None:
    async with ScriptedServer([ScriptedAnswer.json({"totalTokens": 5})]) as server:
        await gemini(server.base_url).count_tokens(question(), exact=True)
        wrapped = server.requests[0].json()["generateContentRequest"]
        assert wrapped["model"] == "models/gemini-3.5-flash" and wrapped["contents"]


async def test_a_provider_that_does_not_count_is_not_asked() -> None:
    async with ScriptedServer() as server:
        for model in (xai(server.base_url), ollama_model(server)):
            counted = await model.count_tokens(question(), exact=True)
            assert counted.estimated and counted.source == "estimate"
        assert server.requests == []


async def test_a_server_without_the_endpoint_gives_an_estimate() -> None:
    async with ScriptedServer([ScriptedAnswer.json({"error": {"message": "no such path"}}, status=404)]) as server:
        assert (await responses(server.base_url).count_tokens(question(), exact=True)).estimated


async def test_other_errors_are_raised() -> None:
    async with ScriptedServer([ScriptedAnswer.json({"error": {"message": "who"}}, status=401)]) as server:
        with pytest.raises(AuthenticationError):
            await anthropic(server.base_url).count_tokens(question(), exact=True)


async def test_the_estimate_counts_everything_that_is_read() -> None:
    async with ScriptedServer() as server:
        model = ollama_model(server)

        async def count(*blocks: Any, tools: Any = None) -> int:
            counted = await model.count_tokens([AssistantMsg("assistant", list(blocks))], tools)
            assert counted.estimated
            return counted.tokens

        nothing = await count()
        call = ToolCallBlock(id="c", name="look", input='{"where": "outside"}')
        assert await count(call) > nothing
        assert await count(call, ToolResultBlock(id="c", name="look", output="snow and ice")) > await count(call)
        assert await count(HintBlock(hint="be brief")) > nothing
        picture = DataBlock(source=Base64Source(data="AAAA", media_type="image/png"))
        assert await count(picture) > nothing + 500
        assert await count(tools=[TOOL]) > nothing + 10
        longer = await model.count_tokens([UserMsg("user", "word " * 1000)])
        assert 900 < longer.tokens < 1100
        assert server.requests == []


async def test_a_tool_that_is_no_json_is_estimated_too() -> None:
    odd = {"type": "function", "function": {"name": "look", "parameters": {"default": {1, 2}}}}
    async with ScriptedServer() as server:
        assert (await ollama_model(server).count_tokens(question(), [odd])).tokens > 0


async def test_a_long_text_is_estimated_outside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def noted(*arguments: Any) -> int:
        threads.append(threading.get_ident())
        return estimated(*arguments)

    monkeypatch.setattr(tokens, "estimated", noted)
    model = anthropic("http://127.0.0.1:1")
    short = await model.count_tokens([UserMsg("user", "Short.")])
    long = await model.count_tokens([UserMsg("user", '{"word": 12345}, ' * 5000)])
    assert threads[0] == threading.get_ident()
    assert threads[1] != threading.get_ident()
    assert short < 20 < 20_000 < long
