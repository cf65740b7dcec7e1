"""What single fields of a profile change, on the wire.

Facts: docs/protocols/openai-shaped-providers.md#thinking, docs/protocols/openai-shaped-providers.md#quirks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modelport import Modelport
from modelport.domain.chat.names import exact_id
from modelport.error import (
    ContextLengthError,
    ModelConnectionError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
    StreamTruncatedError,
    UnsupportedFeatureError,
)
from modelport.message import Msg, TextBlock, ToolCallBlock, ToolResultBlock, UserMsg
from modelport.model import ChatModelBase
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tool import ToolChoice
from modelport.transport import HttpRequest, HttpResponse
from tests.adapters.openai_chat.support import decoded
from tests.cassettes import ask

Json = dict[str, Any]  # Any: JSON
TOOL: Json = {"type": "function", "function": {"name": "look", "description": "d", "parameters": {"type": "object"}}}
OTHER: Json = {"type": "function", "function": {"name": "go", "description": "d", "parameters": {"type": "object"}}}


class Nowhere:
    """Takes one request and answers none."""

    url = ""
    body: Json

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        self.url, self.body = request.url, json.loads(request.body)
        raise ModelConnectionError("the host cannot be reached", retryable=False)

    async def aclose(self) -> None: ...


def model_of(profile: str, url: str = "https://p.example/v1", **options: Any) -> ChatModelBase:
    """A model of a provider with that profile, as YAML."""
    provider = {"base_url": url, "profile": yaml.safe_load(profile) or {}}
    entry = {"provider": "p", "model": "m/1", "retry": {"max_retries": 0}, **options}
    return Modelport.from_mapping({"providers": {"p": provider}, "chat": {"m": entry}}, {}).chat("m")


async def body_of(profile: str, messages: list[Msg] | None = None, call: Json | None = None, **options: Any) -> Json:
    """What a call sends, with its URL under `url`."""
    model, transport = model_of(profile, **options), Nowhere()
    model._transport = transport
    with pytest.raises(ModelConnectionError):
        await ask(model, messages or [UserMsg("user", "Hi")], **(call or {}))
    return {"url": transport.url, **transport.body}


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        ({}, None),
        ({"thinking_enable": True}, {"enabled": True}),
        ({"thinking_enable": False}, {"enabled": False}),
        ({"reasoning_effort": "low"}, {"enabled": True, "effort": "low"}),
        ({"thinking_enable": False, "reasoning_effort": "low"}, {"enabled": False}),
    ],
)
async def test_an_effort_inside_the_switch(parameters: Json, sent: Json | None) -> None:
    profile = "thinking: {switch: reasoning, on: {enabled: true}, off: {enabled: false}, effort: reasoning.effort}"
    body = await body_of(profile, parameters=parameters)
    assert body.get("reasoning") == sent and "reasoning_effort" not in body


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        ({"thinking_enable": True}, "default"),
        ({"thinking_enable": False}, "none"),
        ({"reasoning_effort": "low"}, "low"),
    ],
)
async def test_an_effort_that_is_the_switch(parameters: Json, sent: str) -> None:
    profile = "thinking: {switch: reasoning_effort, on: default, off: none, effort: true}"
    assert (await body_of(profile, parameters=parameters))["reasoning_effort"] == sent


async def test_a_path_with_the_model() -> None:
    body = await body_of("path: '/deployments/{model}/chat/completions'")
    assert body["url"] == "https://p.example/v1/deployments/m%2F1/chat/completions"


async def test_fields_of_every_request_and_of_streams_with_tools() -> None:
    profile = "{extra_body: {split: true}, tool_stream_body: {tool_stream: true}}"
    assert (await body_of(profile))["split"] is True
    assert "tool_stream" not in await body_of(profile)
    assert (await body_of(profile, call={"tools": [TOOL]}))["tool_stream"] is True
    assert "tool_stream" not in await body_of(profile, call={"tools": [TOOL]}, stream=False)
    assert (await body_of(profile, call={"split": False}))["split"] is False


@pytest.mark.parametrize(("given", "sent"), [(0, 0.01), (0.5, 0.5), (1.7, 1.0)])
async def test_a_temperature_out_of_range_is_replaced_by_the_nearest(given: float, sent: float) -> None:
    body = await body_of("temperature_range: [0.01, 1.0]", parameters={"temperature": given})
    assert body["temperature"] == sent


async def test_a_provider_without_tools() -> None:
    body = await body_of("tools: false", call={"tools": [TOOL]})
    assert "tools" not in body
    with pytest.raises(UnsupportedFeatureError, match="calls no tools"):
        await ask(model_of("tools: false"), [UserMsg("user", "Hi")], tools=[TOOL], tool_choice=ToolChoice("required"))


async def test_choices_that_the_server_refuses_of_every_model() -> None:
    profile = "tool_choice: {required: false}"
    both = {"tools": [TOOL, OTHER]}
    body = await body_of(profile, call={"tools": [TOOL], "tool_choice": ToolChoice("required")})
    assert body["tool_choice"] == {"type": "function", "function": {"name": "look"}}
    with pytest.raises(UnsupportedFeatureError, match="only one tool"):
        await ask(model_of(profile), [UserMsg("user", "Hi")], **both, tool_choice=ToolChoice("required"))
    assert (await body_of(profile, call={**both, "tool_choice": ToolChoice("auto")}))["tool_choice"] == "auto"


async def test_a_choice_of_none_leaves_the_tools_out() -> None:
    call = {"tools": [TOOL], "tool_choice": ToolChoice("none")}
    assert "tools" not in await body_of("choice_of_none: false", call=call)
    assert (await body_of("", call=call))["tool_choice"] == "none"


def turn(call_id: str) -> Msg:
    blocks = [ToolCallBlock(id=call_id, name="look", input="{}"), ToolResultBlock(id=call_id, name="look", output="ok")]
    return Msg(name="bot", role="assistant", content=blocks)


async def test_ids_of_exactly_nine_characters() -> None:
    messages = [UserMsg("user", "Hi"), turn("call_0_of_another_provider"), turn("abc123XYZ")]
    sent = (await body_of("id_length: 9", messages))["messages"]
    ids = [call["id"] for message in sent for call in message.get("tool_calls", ())]
    assert [message["tool_call_id"] for message in sent if message["role"] == "tool"] == ids
    assert ids[1] == "abc123XYZ" and re.fullmatch("[A-Za-z0-9]{9}", ids[0])


@given(st.text(), st.integers(6, 40))
def test_an_exact_id_has_the_length_and_stays(original: str, length: int) -> None:
    made = exact_id(original, length)
    assert re.fullmatch(f"[A-Za-z0-9]{{{length}}}", made)
    assert exact_id(made, length) == made == exact_id(original, length)


async def test_several_instructions_become_the_first_message() -> None:
    system = [Msg(name="s", role="system", content=[TextBlock(text=text)]) for text in ("One.", "Two.")]
    messages = [system[0], UserMsg("user", "Hi"), system[1], UserMsg("user", "And?")]
    sent = (await body_of("one_system_message: true", messages))["messages"]
    assert [(each["role"], each["content"]) for each in sent] == [
        ("system", "One.\nTwo."),
        ("user", "Hi"),
        ("user", "And?"),
    ]
    assert [each["role"] for each in (await body_of("", messages))["messages"]] == ["system", "user", "system", "user"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Busy", RateLimitError),
        ("Busy.PerMinute.Tokens", RateLimitError),
        ("1113", QuotaExceededError),
        ("Busyness", ServerError),
    ],
)
async def test_a_code_stands_for_those_that_begin_with_it(code: str, kind: type[Exception]) -> None:
    answer = {"error": {"code": code, "message": "no"}}
    async with ScriptedServer([ScriptedAnswer.json(answer, 500)]) as server:
        profile = '{codes: {Busy: RateLimitError, "1113": QuotaExceededError}}'
        with pytest.raises(kind):
            await ask(model_of(profile, server.base_url, stream=False), [UserMsg("user", "Hi")])


def events(*payloads: Json, end: str = "\n\n") -> bytes:
    return "".join(f"data: {json.dumps(payload)}{end}" for payload in payloads).encode()


def said(text: str, delta: Json, finish: str | None = None) -> Json:
    message = {"role": "assistant", "content": text}
    return {"id": "1", "choices": [{"index": 0, "delta": delta, "message": message, "finish_reason": finish}]}


@pytest.mark.parametrize("form", ["field", "tags"])
def test_the_message_so_far_beside_the_delta_counts_once(form: str) -> None:
    stream = events(
        said(
            "<thi" if form == "tags" else "Goo", {"role": "assistant", "content": "<thi" if form == "tags" else "Goo"}
        ),
        said("<think>hm</think>Good", {"content": "nk>hm</think>Good" if form == "tags" else "d"}),
        said("<think>hm</think>Good", {}, "stop"),
        end="\r\n\r\n",
    )
    answer = decoded(model_of(f"reasoning_form: {form}").codec._profile, stream)  # type: ignore[attr-defined]
    assert answer.text == "Good"
    assert [block.thinking for block in answer.content if block.type == "thinking"] == ["hm"] * (form == "tags")


async def test_a_stream_cut_after_facts_of_the_prompt_is_cut_short() -> None:
    stream = events({"id": "1", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]})
    async with ScriptedServer([ScriptedAnswer(200, {"content-type": "text/event-stream"}, [stream])]) as server:
        with pytest.raises(StreamTruncatedError):
            await ask(model_of("", server.base_url), [UserMsg("user", "Hi")])


async def test_a_balance_that_is_used_up_is_no_rate_limit() -> None:
    """Facts: docs/protocols/openai-shaped-providers.md#errors."""
    for code, kind in (("1113", QuotaExceededError), ("1302", RateLimitError), ("1261", ContextLengthError)):
        async with ScriptedServer([ScriptedAnswer.json({"error": {"code": code, "message": "no"}}, 429)]) as server:
            entry = {"credential": "zai", "model": "glm-4.7", "stream": False, "retry": {"max_retries": 0}}
            settings = {
                "credentials": {"zai": {"api_key": "k-PlantedWord7", "base_url": server.base_url}},
                "chat": {"m": entry},
            }
            model = Modelport.from_mapping(settings, {}).chat("m")
            with pytest.raises(kind):
                await ask(model, [UserMsg("user", "Hi")])
