"""Structured output of custom models without a codec, and the modules that it loads."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from pydantic import BaseModel, Field

from modelport.credential import AnthropicCredential, CredentialBase, DashScopeCredential
from modelport.error import InvalidRequestError, SettingsError, StructuredOutputError, UnsupportedFeatureError
from modelport.message import Msg, TextBlock, ToolCallBlock
from modelport.model import AnthropicChatModel, ChatModelBase, ChatResponse, DashScopeChatModel, FinishReason
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tool import ToolChoice
from tests.application.structured.structured_support import (
    ollama,
    ollama_model,
    openai,
    openai_model,
    question,
    refusal,
)
from tests.contract.runtimes import runtime_with


class Weather(BaseModel):
    city: str
    temperature: float


GOOD = '{"city": "Oslo", "temperature": -3}'
TOOL = "generate_structured_output"


class Custom(ChatModelBase):
    """Only `_call_api`; gives prepared answers, and records its requests."""

    def __init__(self, answers: list[Any], **options: Any) -> None:
        super().__init__(CredentialBase(), "mine", **options)
        self.answers = answers
        self.asked: list[tuple[list[Msg], Any, ToolChoice | None]] = []
        self.attach(runtime_with(VirtualClock(skip_sleeps=True)))

    async def _call_api(
        self,
        model_name: str,
        messages: list[Msg],
        tools: list[dict[str, Any]] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,
    ) -> Any:
        self.asked.append((messages, tools, tool_choice))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def called(arguments: str, name: str = TOOL) -> ChatResponse:
    return ChatResponse([ToolCallBlock(id="c1", name=name, input=arguments)])


async def test_a_custom_model_is_made_to_call_a_tool() -> None:
    model = Custom([called(GOOD)])
    response = await model.generate_structured_output(question(), Weather)
    assert (response.strategy, response.value) == ("forced_tool", Weather(city="Oslo", temperature=-3))
    messages, tools, choice = model.asked[0]
    assert choice is not None and choice.mode == TOOL
    assert tools[0]["function"]["parameters"]["required"] == ["city", "temperature"]
    assert [message.get_text_content() for message in messages] == [question()[0].get_text_content()]


async def test_its_refusals_lead_to_the_next_strategy() -> None:
    class BadRequest(Exception):  # as vendors' clients name it
        status_code = 400

    answers = [BadRequest("no tool_choice"), InvalidRequestError("no tools"), ChatResponse([TextBlock(text=GOOD)])]
    model = Custom(answers)
    response = await model.generate_structured_output(question(), Weather)
    assert response.strategy == "instruction" and len(response.attempts) == 3
    assert [choice.mode if choice else None for _, _, choice in model.asked] == [TOOL, "auto", None]


async def test_a_model_that_never_calls_is_asked_by_the_next_strategy() -> None:
    model = Custom([ChatResponse([TextBlock(text="It is cold there.")]), called(GOOD)])
    response = await model.generate_structured_output(question(), Weather)
    assert response.strategy == "auto_tool" and len(model.asked) == 2


async def test_a_custom_stream_is_watched_and_collected() -> None:
    async def pieces() -> AsyncGenerator[ChatResponse, None]:
        for piece in (GOOD[:10], GOOD[10:]):
            yield ChatResponse([ToolCallBlock(id="c1", name=TOOL, input=piece)], is_last=False)
        yield ChatResponse((), is_last=False, finish_reason=FinishReason.STOP)

    steps = [step async for step in Custom([pieces()]).stream_structured_output(question(), Weather)]
    assert [step.is_last for step in steps] == [False, False, True]
    assert steps[-1].value == Weather(city="Oslo", temperature=-3)
    response = await Custom([pieces()]).generate_structured_output(question(), Weather)
    assert response.value == Weather(city="Oslo", temperature=-3)


async def test_the_callers_list_and_messages_are_shared_and_unchanged() -> None:
    messages = question()
    before = messages[0].model_dump()
    model = Custom([ChatResponse([TextBlock(text="no")]), called("{}"), called(GOOD)])
    await model.generate_structured_output(messages, Weather)
    assert len(messages) == 1 and messages[0].model_dump() == before
    assert all(asked[0].content[0] is messages[0].content[0] for asked, _, _ in model.asked), "nothing is copied deeply"


async def test_thinking_is_switched_off_for_a_forced_call_with_a_warning() -> None:
    tool_calls = [{"id": "c1", "type": "function", "function": {"name": TOOL, "arguments": GOOD}}]
    message = {"role": "assistant", "content": "", "tool_calls": tool_calls}
    body = {"id": "c", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}]}
    async with ScriptedServer([ScriptedAnswer.json(body)]) as server:
        credential = DashScopeCredential(
            api_key="sk-secret-key-PlantedWord7", base_url=server.base_url + "/compatible-mode/v1"
        )
        thinking = DashScopeChatModel.Parameters(thinking_enable=True, thinking_budget=1000)
        model = DashScopeChatModel(credential, "qwen-plus", thinking, stream=False)
        response = await model.generate_structured_output(question(), Weather)
        sent = server.requests[0].json()
    assert response.strategy == "forced_tool"
    assert sent["enable_thinking"] is False and "thinking_budget" not in sent
    assert sent["tool_choice"] == {"type": "function", "function": {"name": TOOL}}
    assert [warning.setting for warning in response.warnings] == ["thinking_enable"]


async def test_nothing_is_changed_where_the_caller_forbids_it() -> None:
    """Then the strategy that needs the change counts as refused, before any request."""
    async with ScriptedServer(lambda _: refusal()) as server:
        credential = DashScopeCredential(
            api_key="sk-secret-key-PlantedWord7", base_url=server.base_url + "/compatible-mode/v1"
        )
        thinking = DashScopeChatModel.Parameters(thinking_enable=True)
        model = DashScopeChatModel(credential, "qwen-plus", thinking, stream=False, on_unsupported="error")
        with pytest.raises(InvalidRequestError):
            await model.generate_structured_output(question(), Weather)
        assert all(request.json()["enable_thinking"] is True for request in server.requests)


async def test_a_schema_that_a_provider_cannot_express_uses_another_strategy() -> None:
    class Scores(BaseModel):
        scores: dict[str, int]

    block = {"type": "tool_use", "id": "t1", "name": TOOL, "input": {"scores": {"a": 1}}}
    usage = {"input_tokens": 1, "output_tokens": 1}
    body = {"id": "m", "type": "message", "role": "assistant", "content": [block], "stop_reason": "tool_use"}
    async with ScriptedServer([ScriptedAnswer.json({**body, "usage": usage})]) as server:
        credential = AnthropicCredential(api_key="sk-secret-key-PlantedWord7", base_url=server.base_url)
        model = AnthropicChatModel(credential, "claude-sonnet-5", stream=False)
        response = await model.generate_structured_output(question(), Scores)
        assert (response.strategy, response.content) == ("forced_tool", {"scores": {"a": 1}})
        assert "output_config" not in server.requests[0].json()


@pytest.mark.parametrize(("name", "sent"), [("gpt-5.2", False), ("someones-own", True)])
async def test_lengths_are_sent_to_models_without_a_card(name: str, sent: bool) -> None:
    class Title(BaseModel):
        title: str = Field(max_length=20)

    async with ScriptedServer([openai('{"title": "x"}')]) as server:
        await openai_model(server, name).generate_structured_output(question(), Title)
        schema = server.requests[0].json()["response_format"]["json_schema"]["schema"]
        assert ("maxLength" in schema["properties"]["title"]) is sent


async def test_a_very_long_answer_is_read_outside_the_event_loop() -> None:
    class Names(BaseModel):
        names: list[str]

    text = json.dumps({"names": ["x" * 20] * 3000})
    async with ScriptedServer([ollama(text[:-2] + ",]}")]) as server:
        response = await ollama_model(server).generate_structured_output(question(), Names)
        assert len(response.content["names"]) == 3000


async def test_without_the_extra_a_schema_is_refused_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    with pytest.raises(SettingsError, match=r"modelport\[structured\]"):
        await Custom([]).generate_structured_output(question(), schema)
    response = await Custom([called(GOOD)]).generate_structured_output(question(), Weather)
    assert response.value is not None, "a pydantic class needs no extra"


async def test_a_tool_choice_that_leaves_no_strategy_is_refused_before_any_request() -> None:
    async with ScriptedServer() as server:
        with pytest.raises(UnsupportedFeatureError, match="forced_tool"):
            model = ollama_model(server)
            await model.generate_structured_output(question(), Weather, tool_choice=ToolChoice("required"))
        assert server.requests == []


async def test_the_error_does_not_contain_the_key() -> None:
    async with ScriptedServer([ollama("no")] * 4) as server:
        with pytest.raises(StructuredOutputError) as caught:
            await ollama_model(server).generate_structured_output(question(), Weather)
    assert "native_schema" in str(caught.value) and caught.value.attempts


def test_the_public_import_loads_neither_library() -> None:
    code = "import sys, modelport.model as m; m.OllamaChatModel; m.OpenAIChatModel; print(*sorted(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert not loaded & {"jsonschema", "json_repair", "modelport.application.structured.run"}


async def test_a_choice_of_a_wrong_type_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="tool_choice is a str"):
        await Custom([]).generate_structured_output(question(), Weather, tool_choice="auto")  # type: ignore[call-overload]  # the mistake
