"""Each provider that is data, line by line against what is known of it, at loopback servers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport import error as errors
from modelport.composition.providers.profiles import profile_names
from modelport.composition.providers.registry import ProviderRegistry
from modelport.error import ModelError, StreamTruncatedError, UnsupportedFeatureError
from modelport.message import ThinkingBlock, UserMsg
from modelport.model import ChatResponse
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tool import ToolChoice
from tests.adapters.profiles.facts import PROVIDERS, Facts, Json

TOOL: Json = {
    "type": "function",
    "function": {"name": "tide", "description": "d", "parameters": {"type": "object", "properties": {}}},
}
SCHEMA: Json = {"type": "object", "properties": {"level": {"type": "integer"}}, "required": ["level"]}
GOOD: Json = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": '{"level": 3}'}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
}
USAGE: Json = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
EACH = pytest.mark.parametrize("name", PROVIDERS)


def model_at(name: str, server: ScriptedServer, parameters: Json | None = None, stream: bool = False) -> Any:
    cls = ProviderRegistry().get(name).credential_class()
    credential = cls.model_validate({"api_key": "k-1", "base_url": server.base_url})
    chat = cls.get_chat_model_class()
    return chat(credential, "any-model", chat.Parameters(**parameters or {}), stream=stream, max_retries=0)


async def sent(name: str, parameters: Json | None = None, **options: Any) -> tuple[Json, list[str]]:
    """The body without the message and the model, and what was warned of."""
    async with ScriptedServer([ScriptedAnswer.json(GOOD)]) as server:
        answer = await model_at(name, server, parameters)([UserMsg("user", "Hi")], **options)
        (request,) = server.requests
    body = request.json()
    assert (body.pop("model"), body.pop("messages")[-1]["content"]) == ("any-model", "Hi")
    always = PROVIDERS[name].always
    assert body.items() >= always.items()
    warned = [warning.setting for warning in answer.warnings if warning.kind != "unknown_model"]
    return {key: value for key, value in body.items() if key not in always}, warned


def test_the_providers_that_are_here_exist() -> None:
    """Of those whose answers are known; one that is added later may have only its data and its cassettes."""
    assert set(PROVIDERS) <= set(profile_names()) and len(PROVIDERS) >= 17


@EACH
def test_address_key_and_form(name: str) -> None:
    provider, facts = ProviderRegistry().get(name), PROVIDERS[name]
    cls = provider.credential_class()
    fields = {"resource": "r"} if "resource" in cls.model_fields else {}
    endpoint = cls.model_validate({"api_key": "k-1", **fields}).endpoint()
    assert (endpoint.base_url, provider.key_variable) == (facts.url, facts.key)
    header, value = facts.header
    assert {key.lower(): each for key, each in endpoint.headers.items()}[header] == value
    assert ("authorization" in map(str.lower, endpoint.headers)) == (header == "authorization")


@EACH
async def test_the_cap_and_the_temperature(name: str) -> None:
    body, warned = await sent(name, {"max_tokens": 50, "temperature": 0.5})
    assert (body, warned) == ({PROVIDERS[name].cap: 50, "temperature": 0.5}, [])


@EACH
@pytest.mark.parametrize("enable", [True, False])
async def test_the_switch_of_thinking(name: str, enable: bool) -> None:
    facts = PROVIDERS[name]
    expected = facts.on if enable else facts.off
    body, warned = await sent(name, {"thinking_enable": enable})
    assert (body, warned) == (expected or {}, ["thinking_enable"] if enable and expected is None else [])


@EACH
async def test_the_effort(name: str) -> None:
    facts = PROVIDERS[name]
    body, warned = await sent(name, {"reasoning_effort": "high"})
    assert warned == ([] if facts.effort is not None else ["reasoning_effort"])
    assert body == (facts.effort or {})
    assert await sent(name, {"reasoning_effort": "none"}) == (facts.no_effort, [])


@EACH
async def test_tool_choices(name: str) -> None:
    facts = PROVIDERS[name]
    auto, _ = await sent(name, tools=[TOOL])
    assert ("tools" in auto, "tool_choice" in auto) == (facts.tools, False)
    none, _ = await sent(name, tools=[TOOL], tool_choice=ToolChoice("none"))
    assert none.get("tool_choice") == ("none" if facts.none else None) and ("tools" in none) == facts.none
    for mode in ("required", "tide"):
        if not facts.forced:
            with pytest.raises(UnsupportedFeatureError):
                await sent(name, tools=[TOOL], tool_choice=ToolChoice(mode))
            continue
        body, _ = await sent(name, tools=[TOOL], tool_choice=ToolChoice(mode))
        named = {"type": "function", "function": {"name": "tide"}}
        assert body["tool_choice"] == ("required" if mode == "required" else named)


@EACH
async def test_structured_output(name: str) -> None:
    facts = PROVIDERS[name]
    async with ScriptedServer([ScriptedAnswer.json(GOOD)]) as server:
        answer = await model_at(name, server).generate_structured_output([UserMsg("user", "Level?")], SCHEMA)
        (request,) = server.requests
    kind = (request.json().get("response_format") or {}).get("type")
    assert (answer.content, kind == "json_schema") == ({"level": 3}, facts.schema)
    if facts.schema:
        assert ("JSON Schema" in str(request.json()["messages"])) == facts.shown


def reasoning(facts: Facts, text: str) -> Json:
    """A delta, or a message, that has this reasoning where the provider writes it."""
    if facts.place == "parts":
        return {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]}
    if facts.place == "tags":
        return {"content": f"<think>{text}</think>"}
    if facts.place == "details":
        details = [{"type": "reasoning.text", "text": text, "format": "anthropic-claude-v1", "index": 0}]
        return {"reasoning": text, "reasoning_details": details}
    return {facts.place: text}


def events(facts: Facts, *, cut: bool = False) -> ScriptedAnswer:
    """A stream as the provider sends it: reasoning, text, an end and the usage in its place."""

    def event(delta: Json, reason: str | None = None) -> Json:
        return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    chunks = [event({"role": "assistant", "content": ""}), event(reasoning(facts, "Hm.")), event({"content": "Hi"})]
    chunks += [] if cut else [event({"content": " you."}), event({}, "stop")]
    if facts.usage == "every":
        for number, chunk in enumerate(chunks):
            last = number == len(chunks) - 1
            chunk["usage"] = USAGE if last and not cut else {"prompt_tokens": 5, "completion_tokens": number}
    elif not cut:
        if facts.usage in ("finish", "twice"):
            chunks[-1].update({"x_groq": {"id": "r", "usage": USAGE}} if facts.usage == "twice" else {"usage": USAGE})
        if facts.usage in ("last", "twice"):
            chunks.append({"id": "c", "choices": [], "usage": USAGE})
    texts = [json.dumps(chunk) for chunk in chunks] + (["[DONE]"] if facts.done and not cut else [])
    end = "\r\n" if facts.usage == "every" else "\n"
    return ScriptedAnswer(
        200, {"content-type": "text/event-stream"}, [f"data: {text}{end}{end}".encode() for text in texts]
    )


def understood(answer: ChatResponse) -> tuple[str, str, tuple[int, int] | None, str | None]:
    thoughts = "".join(block.thinking for block in answer.content if isinstance(block, ThinkingBlock))
    counted = (answer.usage.input_tokens, answer.usage.output_tokens) if answer.usage else None
    return answer.text, thoughts, counted, answer.finish_reason


@EACH
async def test_a_stream_with_reasoning_its_usage_and_its_end(name: str) -> None:
    async with ScriptedServer([events(PROVIDERS[name])]) as server:
        answers = [each async for each in await model_at(name, server, stream=True)([UserMsg("user", "Hi")])]
    assert understood(answers[-1]) == ("Hi you.", "Hm.", (5, 7), "stop")


@EACH
async def test_a_stream_that_is_cut(name: str) -> None:
    async with ScriptedServer([events(PROVIDERS[name], cut=True)]) as server:
        with pytest.raises(StreamTruncatedError) as caught:
            async for _ in await model_at(name, server, stream=True)([UserMsg("user", "Hi")]):
                pass
    assert caught.value.partial is not None and caught.value.partial.text == "Hi"


@EACH
async def test_a_whole_answer_with_reasoning(name: str) -> None:
    facts = PROVIDERS[name]
    message: Json = {"role": "assistant", "content": "Hi you."}
    found = reasoning(facts, "Hm.")
    if facts.place == "parts":
        found["content"].append({"type": "text", "text": "Hi you."})
    elif facts.place == "tags":
        found["content"] += "Hi you."
    body = {"choices": [{"index": 0, "message": {**message, **found}, "finish_reason": "stop"}], "usage": USAGE}
    async with ScriptedServer([ScriptedAnswer.json(body)]) as server:
        answer = await model_at(name, server)([UserMsg("user", "Hi")])
    assert understood(answer) == ("Hi you.", "Hm.", (5, 7), "stop")


@EACH
async def test_tags_are_thinking_only_where_the_server_writes_them(name: str) -> None:
    content = "<think>Hm.</think>\n\nHi."
    body = {"choices": [{"index": 0, "message": {"content": content}, "finish_reason": "stop"}]}
    async with ScriptedServer([ScriptedAnswer.json(body)]) as server:
        answer = await model_at(name, server)([UserMsg("user", "Hi")])
    assert answer.text == ("Hi." if PROVIDERS[name].tags else content)


def refusals() -> list[Any]:  # Any: pytest's parameter sets
    found = []
    for name, facts in PROVIDERS.items():
        for number, (status, body, kind) in enumerate(((400, facts.error, ""), *facts.codes)):
            found.append(pytest.param(name, status, body, kind, id=f"{name}-{number}-{status}"))
    return found


@pytest.mark.parametrize(("name", "status", "body", "kind"), refusals())
async def test_refusals(name: str, status: int, body: Json, kind: str) -> None:
    page = body.get("_")
    answer = (
        ScriptedAnswer(status, {"content-type": "text/html"}, [page.encode()])
        if page
        else ScriptedAnswer.json(body, status)
    )
    async with ScriptedServer([answer]) as server:
        with pytest.raises(ModelError) as caught:
            await model_at(name, server)([UserMsg("user", "Hi")])
    assert type(caught.value) is getattr(errors, kind or "InvalidRequestError")
    assert caught.value.status_code == status and (page or kind or "wrong" in str(caught.value))


@EACH
async def test_an_error_with_status_200(name: str) -> None:
    """As a whole answer, at the head of a stream, and after some of the text; none of it passes for an answer."""
    error = PROVIDERS[name].error
    async with ScriptedServer([ScriptedAnswer.json(error)]) as server:
        with pytest.raises(ModelError, match="wrong"):
            await model_at(name, server)([UserMsg("user", "Hi")])
    said = {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]}
    for before in ([], [said]):
        data = "".join(f"data: {json.dumps(each)}\n\n" for each in [*before, error])
        answer = ScriptedAnswer(200, {"content-type": "text/event-stream"}, [f"{data}data: [DONE]\n\n".encode()])
        async with ScriptedServer([answer]) as server:
            with pytest.raises(ModelError, match="wrong") as caught:
                async for _ in await model_at(name, server, stream=True)([UserMsg("user", "Hi")]):
                    pass
        assert (caught.value.partial.text if caught.value.partial else "") == ("Hi" if before else "")
