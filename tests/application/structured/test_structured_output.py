"""Structured output against a scripted server: every way an answer can be wrong, and the outcome."""

from __future__ import annotations

import json
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from modelport.error import (
    AuthenticationError,
    ContextLengthError,
    InvalidRequestError,
    ServerError,
    StructuredOutputError,
)
from modelport.message import AssistantMsg, ToolCallBlock, ToolResultBlock, UserMsg
from modelport.model import StructuredResponse
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.tool import ToolChoice
from tests.application.structured.structured_support import (
    ollama,
    ollama_model,
    openai,
    openai_model,
    question,
    refusal,
    tool_call,
)


class Weather(BaseModel):
    """What the weather is like."""

    city: str
    temperature: float
    unit: str = "celsius"


GOOD = '{"city": "Oslo", "temperature": -3}'
SCHEMA = {
    "title": "Weather",
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 1},
        "temperature": {"type": "number", "minimum": -90, "maximum": 60},
        "unit": {"type": "string", "default": "celsius"},
    },
    "required": ["city", "temperature"],
}


async def answered(*answers: ScriptedAnswer, wanted: Any = Weather, **options: Any) -> tuple[StructuredResponse, int]:
    """The result of Ollama's model, and the number of requests it took."""
    async with ScriptedServer(answers) as server:
        response = await ollama_model(server).generate_structured_output(question(), wanted, **options)
        return response, len(server.requests)


async def failed(*answers: ScriptedAnswer, **options: Any) -> tuple[StructuredOutputError, int]:
    """The error of Ollama's model, and the number of requests it took."""
    async with ScriptedServer(answers) as server:
        with pytest.raises(StructuredOutputError) as caught:
            await ollama_model(server).generate_structured_output(question(), Weather, **options)
        return caught.value, len(server.requests)


async def test_a_good_answer() -> None:
    response, requests = await answered(ollama(GOOD))
    assert response.content == {"city": "Oslo", "temperature": -3.0, "unit": "celsius"}
    assert response.value == Weather(city="Oslo", temperature=-3)
    assert response.strategy == "native_schema"
    assert response.usage is not None and (response.usage.input_tokens, response.usage.output_tokens) == (7, 3)
    assert response.finish_reason == "stop"
    assert [warning.setting for warning in response.warnings] == ["model"], "only that the model has no card"
    assert [attempt.status_code for attempt in response.attempts] == [200]
    assert requests == 1
    assert response.is_last


async def test_a_json_schema_gets_defaults_coercions_and_checks() -> None:
    response, _ = await answered(ollama('{"city": "Oslo", "temperature": "-3"}'), wanted=SCHEMA)
    assert response.content == {"city": "Oslo", "temperature": -3, "unit": "celsius"}
    assert response.value == response.content


@pytest.mark.parametrize(
    "text",
    [
        '{"city": "Oslo", "temperature": -3,}',
        "{'city': 'Oslo', 'temperature': -3}",
        '{city: "Oslo", temperature: -3}',
        '{"city": "Oslo", // the capital\n "temperature": -3}',
        '```json\n{"city": "Oslo", "temperature": -3,}\n```',
        '[{"city": "Oslo", "temperature": -3}]',
    ],
)
async def test_damage_is_repaired_with_a_warning(text: str) -> None:
    response, requests = await answered(ollama(text))
    assert response.value == Weather(city="Oslo", temperature=-3)
    assert requests == 1
    assert [warning.setting for warning in response.warnings] == ["model", "structured_output"]


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD}\n```",
        f"Here it is:\n\n{GOOD}\n\nAnything else?",
        f"<think>Should I say {{}}?</think>\n{GOOD}",
        json.dumps(GOOD),
        json.dumps(json.dumps(GOOD)),
    ],
    ids=["fenced", "among words", "after thoughts", "encoded twice", "encoded thrice"],
)
async def test_wrapping_is_taken_off(text: str) -> None:
    response, requests = await answered(ollama(text))
    assert response.value == Weather(city="Oslo", temperature=-3)
    assert requests == 1


@pytest.mark.parametrize("bad", ['{"city": "Oslo"}', "[1, 2]", '{"city": "Oslo", "temper', GOOD[:-1]])
async def test_a_bad_answer_is_asked_again(bad: str) -> None:
    async with ScriptedServer([ollama(bad), ollama(GOOD)]) as server:
        messages = question()
        response = await ollama_model(server).generate_structured_output(messages, Weather)
        assert response.value == Weather(city="Oslo", temperature=-3)
        assert len(response.attempts) == len(server.requests) == 2
        again = server.requests[1].json()["messages"]
        assert again[-1]["role"] == "user" and "not a valid answer" in again[-1]["content"]
        assert again[-2] == {"role": "assistant", "content": bad}
        assert response.usage is not None and response.usage.input_tokens == 14, "both answers cost"
        assert len(messages) == 1 and len(messages[0].content) == 1, "the caller's messages are left alone"


@pytest.mark.parametrize("nothing", ["I do not know.", "", '"Oslo"', "42", "null"])
async def test_a_strategy_without_any_effect_is_followed_by_the_next(nothing: str) -> None:
    async with ScriptedServer([ollama(nothing), ollama(**tool_call({"city": "Oslo", "temperature": 1}))]) as server:
        response = await ollama_model(server).generate_structured_output(question(), Weather)
        assert response.strategy == "auto_tool"
        assert "format" in server.requests[0].json() and "tools" in server.requests[1].json()


async def test_the_last_strategy_is_asked_until_the_budget_is_spent() -> None:
    async with ScriptedServer([ollama("Hm.")] * 5 + [ollama(GOOD)]) as server:
        response = await ollama_model(server, max_retries=5).generate_structured_output(question(), Weather)
        assert (response.strategy, len(server.requests)) == ("instruction", 6)


async def test_validation_errors_are_sent_back() -> None:
    async with ScriptedServer([ollama('{"city": 3, "temperature": "warm"}'), ollama(GOOD)]) as server:
        await ollama_model(server).generate_structured_output(question(), Weather)
        instruction = server.requests[1].json()["messages"][-1]["content"]
        assert "$.city: Input should be a valid string" in instruction
        assert "$.temperature: Input should be a valid number" in instruction


async def test_an_invalid_tool_call_is_answered_with_its_errors() -> None:
    calls = [ollama(**tool_call({"city": "Oslo"})), ollama(**tool_call({"city": "Oslo", "temperature": 1}))]
    async with ScriptedServer(calls) as server:
        choice = ToolChoice("auto")
        response = await ollama_model(server).generate_structured_output(question(), Weather, tool_choice=choice)
        assert response.strategy == "auto_tool"
        call, result = server.requests[1].json()["messages"][-2:]
        assert call["tool_calls"][0]["function"]["arguments"] == {"city": "Oslo"}
        assert result["role"] == "tool" and "Field required" in result["content"]


async def test_the_budget_is_never_exceeded() -> None:
    error, requests = await failed(*[ollama('{"city": 1}')] * 9)
    assert requests == 4 == len(error.attempts)
    assert error.raw_text == '{"city": 1}'
    assert any("$.temperature: Field required" in fault for fault in error.errors)
    assert error.partial is not None and error.partial.text == '{"city": 1}'
    assert (error.provider, error.model) == ("ollama", "unheard-of")


@pytest.mark.parametrize("retries", [0, 1, 2, 5])
async def test_the_budget_is_the_callers(retries: int) -> None:
    async with ScriptedServer([ollama("no")] * 9) as server:
        with pytest.raises(StructuredOutputError):
            await ollama_model(server, max_retries=retries).generate_structured_output(question(), Weather)
        assert len(server.requests) == retries + 1


async def test_failures_and_bad_answers_spend_one_budget() -> None:
    busy = ScriptedAnswer.json({"error": "busy"}, status=503)
    response, requests = await answered(busy, ollama("no"), busy, ollama(GOOD))
    assert requests == 4 == len(response.attempts)
    assert [attempt.status_code for attempt in response.attempts] == [503, 200, 503, 200]
    assert [attempt.number for attempt in response.attempts] == [1, 2, 3, 4]


async def test_when_failures_have_spent_it_the_failure_is_raised() -> None:
    busy = ScriptedAnswer.json({"error": "busy"}, status=503)
    async with ScriptedServer([ollama("no"), busy, busy, busy, ollama(GOOD)]) as server:
        with pytest.raises(ServerError) as caught:
            await ollama_model(server).generate_structured_output(question(), Weather)
        assert len(server.requests) == 4 == len(caught.value.attempts)


async def test_a_refused_strategy_is_followed_by_the_next() -> None:
    called = {"id": "c1", "type": "function"}
    call = {**called, "function": {"name": "generate_structured_output", "arguments": GOOD}}
    async with ScriptedServer([refusal("no response_format"), openai(tool_calls=[call], reason="stop")]) as server:
        response = await openai_model(server).generate_structured_output(question(), Weather)
        assert response.strategy == "forced_tool"
        assert len(server.requests) == 2 == len(response.attempts)
        assert [attempt.status_code for attempt in response.attempts] == [400, 200]
        assert "native_schema was refused: no response_format" in response.warnings[0].message
        assert server.requests[1].json()["tool_choice"]["function"]["name"] == "generate_structured_output"


async def test_every_strategy_down_to_an_instruction() -> None:
    """Five strategies and four requests by default; with a larger budget the last one is reached."""
    async with ScriptedServer([refusal()] * 4 + [openai(GOOD)]) as server:
        response = await openai_model(server, max_retries=9).generate_structured_output(question(), Weather)
        assert response.strategy == "instruction"
        bodies = [request.json() for request in server.requests]
        assert bodies[0]["response_format"]["type"] == "json_schema"
        assert bodies[1]["tool_choice"] == {"type": "function", "function": {"name": "generate_structured_output"}}
        assert bodies[2]["tool_choice"] == "auto"
        assert bodies[3]["response_format"] == {"type": "json_object"}
        assert "JSON" in bodies[3]["messages"][-1]["content"]
        assert "response_format" not in bodies[4] and "tools" not in bodies[4]


async def test_when_every_strategy_is_refused_the_first_refusal_is_raised() -> None:
    answers = [refusal(f"refusal {number}") for number in range(9)]
    async with ScriptedServer(answers) as server:
        with pytest.raises(InvalidRequestError, match="refusal 0") as caught:
            await openai_model(server).generate_structured_output(question(), Weather)
        assert len(server.requests) == 4 == len(caught.value.attempts)


async def test_a_prompt_that_is_too_long_ends_the_call() -> None:
    answer = ScriptedAnswer.json({"error": {"message": "too long", "code": "context_length_exceeded"}}, status=400)
    async with ScriptedServer([answer]) as server:
        with pytest.raises(ContextLengthError):
            await openai_model(server).generate_structured_output(question(), Weather)
        assert len(server.requests) == 1


async def test_other_errors_are_raised_as_they_are() -> None:
    async with ScriptedServer([refusal("who are you", status=401)]) as server:
        with pytest.raises(AuthenticationError):
            await openai_model(server).generate_structured_output(question(), Weather)
        assert len(server.requests) == 1


async def test_an_answer_cut_off_by_its_limit_is_an_error() -> None:
    error, requests = await failed(ollama('{"city": "Oslo", "temperature": -3, "un', reason="length"), ollama(GOOD))
    assert requests == 1, "asking again would be cut off again"
    assert "max_tokens" in str(error)
    assert error.partial is not None and error.partial.finish_reason == "length"
    assert error.raw_text == '{"city": "Oslo", "temperature": -3, "un'


async def test_a_damaged_answer_at_the_limit_is_not_repaired() -> None:
    """What the limit cut off is unknown, even where the brackets happen to match."""
    error, requests = await failed(ollama('{"city": "Oslo", "temperature": -3,}', reason="length"))
    assert requests == 1 and error.partial is not None


async def test_a_cut_off_answer_is_taken_where_the_caller_allows_it() -> None:
    cut = ollama('{"city": "Oslo", "temperature": -3, "un', reason="length")
    response, _ = await answered(cut, allow_partial=True)
    assert response.value == Weather(city="Oslo", temperature=-3)
    assert response.finish_reason == "length"
    assert "cut off" in response.warnings[-1].message
    error, requests = await failed(ollama('{"city": "Os', reason="length"), allow_partial=True)
    assert requests == 1 and any("temperature" in fault for fault in error.errors)


async def test_a_whole_object_at_the_limit_is_whole() -> None:
    response, _ = await answered(ollama(GOOD, reason="length"))
    assert response.value == Weather(city="Oslo", temperature=-3)


async def test_a_cut_off_answer_that_claims_to_be_whole_is_not_repaired() -> None:
    """Some servers report a wrong reason; a repair would invent or lose the missing part."""

    class Towns(BaseModel):
        towns: list[str]

    cut = '{"towns": ["Oslo", "Bergen"'
    response, requests = await answered(ollama(cut), ollama('{"towns": ["Oslo", "Bergen", "Tromsø"]}'), wanted=Towns)
    assert response.content == {"towns": ["Oslo", "Bergen", "Tromsø"]}
    assert requests == 2


async def test_a_refusal_ends_the_call() -> None:
    async with ScriptedServer([openai(refusal="I will not.")]) as server:
        with pytest.raises(StructuredOutputError, match="refusal") as caught:
            await openai_model(server).generate_structured_output(question(), Weather)
        assert len(server.requests) == 1
        assert caught.value.raw_text == "I will not."


async def test_a_tool_answer_may_come_as_text() -> None:
    response, _ = await answered(ollama(GOOD), tool_choice=ToolChoice("auto"))
    assert (response.strategy, response.content["city"]) == ("auto_tool", "Oslo")


async def test_tools_of_the_conversation_are_sent_and_not_called() -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    history = [
        UserMsg("user", "Look."),
        AssistantMsg(
            "assistant",
            [ToolCallBlock(id="c1", name="look", input="{}"), ToolResultBlock(id="c1", name="look", output="snow")],
        ),
    ]
    async with ScriptedServer([openai(GOOD)]) as server:
        await openai_model(server).generate_structured_output(history, Weather, tools=[tool])
        body = server.requests[0].json()
        assert [item["function"]["name"] for item in body["tools"]] == ["look"]
        assert body["tool_choice"] == "none"


async def test_our_tool_does_not_take_the_name_of_the_callers_tool() -> None:
    name = "generate_structured_output"
    tool = {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    async with ScriptedServer([ollama(**tool_call({"city": "Oslo", "temperature": 1}, name + "_"))]) as server:
        choice = ToolChoice("auto")
        model = ollama_model(server)
        response = await model.generate_structured_output(question(), Weather, tools=[tool], tool_choice=choice)
        assert response.content["city"] == "Oslo"


async def test_body_fields_of_the_caller_win() -> None:
    async with ScriptedServer([ollama(GOOD)]) as server:
        await ollama_model(server).generate_structured_output(question(), Weather, options={"seed": 4})
        assert server.requests[0].json()["options"]["seed"] == 4


class Kind(Enum):
    CAT = "cat"
    DOG = "dog"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(ge=0, le=9)


class Dog(BaseModel):
    kind: Literal["dog"]
    tail: bool = True


class Person(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=20)]
    born: date
    favourite: Kind
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = []
    boss: Person | None = None
    scores: dict[str, int] = {}
    pair: tuple[int, str] | None = None


PERSON = {
    "name": "Ada",
    "born": "1815-12-10",
    "favourite": "cat",
    "pets": [{"kind": "cat", "lives": "7"}, {"kind": "dog"}],
    "boss": {"name": "Eve", "born": "1800-01-01", "favourite": "dog"},
    "scores": {"chess": 3},
    "pair": [1, "x"],
}


async def test_nested_models_unions_enums_dates_and_recursion() -> None:
    response, _ = await answered(ollama(json.dumps(PERSON)), wanted=Person)
    person = response.value
    assert isinstance(person, Person)
    assert person.born == date(1815, 12, 10) and person.favourite is Kind.CAT
    assert person.pets == [Cat(kind="cat", lives=7), Dog(kind="dog")]
    assert person.boss is not None and person.boss.name == "Eve"
    assert response.content["born"] == "1815-12-10", "content is JSON"
    assert response.content["pets"] == [{"kind": "cat", "lives": 7}, {"kind": "dog", "tail": True}]


async def test_constraints_are_checked_whatever_was_sent() -> None:
    cat = {"kind": "cat", "lives": 12}
    too_many = ollama(json.dumps({**PERSON, "pets": [cat]}))
    response, requests = await answered(too_many, ollama(json.dumps(PERSON)), wanted=Person)
    assert requests == 2 and isinstance(response.value, Person)


@pytest.mark.parametrize("bad", [{"city": "", "temperature": 1}, {"city": "x", "temperature": 99}])
async def test_constraints_of_a_json_schema_are_checked(bad: dict[str, Any]) -> None:
    response, requests = await answered(ollama(json.dumps(bad)), ollama(GOOD), wanted=SCHEMA)
    assert requests == 2 and response.content["city"] == "Oslo"


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("date", "14 January", "2027-01-14"),
        ("date-time", "2027-01-14 10:00", "2027-01-14T10:00:00Z"),
        ("date-time", "soon", "2027-01-14T10:00:00.5+02:00"),
        ("email", "ada", "ada@example.org"),
        ("ipv4", "10.0.0", "10.0.0.1"),
        ("uuid", "123", "00000000-0000-4000-8000-000000000000"),
    ],
)
async def test_formats_of_a_json_schema_are_checked(name: str, bad: str, good: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "format": name}}, "required": ["a"]}
    response, requests = await answered(ollama(json.dumps({"a": bad})), ollama(json.dumps({"a": good})), wanted=schema)
    assert (requests, response.content) == (2, {"a": good})


@pytest.mark.parametrize(
    "wanted",
    [
        int,
        "Weather",
        {"type": "array", "items": {"type": "string"}},
        {"type": "string"},
        {"type": "nonsense"},
        {},
        {"anyOf": [{"type": "object"}, {"type": "string"}]},
    ],
)
async def test_a_schema_that_does_not_describe_an_object_is_refused_before_any_request(wanted: Any) -> None:
    async with ScriptedServer() as server:
        with pytest.raises(InvalidRequestError):
            await ollama_model(server).generate_structured_output(question(), wanted)
        assert server.requests == []


async def test_a_reference_out_of_the_schema_is_never_fetched() -> None:
    async with ScriptedServer() as server:
        schema = {"type": "object", "properties": {"a": {"$ref": server.base_url + "/elsewhere"}}}
        with pytest.raises(InvalidRequestError, match="elsewhere"):
            await ollama_model(server).generate_structured_output(question(), schema)
        assert server.requests == []


async def test_without_messages_there_is_no_request() -> None:
    async with ScriptedServer() as server:
        with pytest.raises(InvalidRequestError, match="empty"):
            await ollama_model(server).generate_structured_output([], Weather)


async def test_a_streaming_model_gives_one_response_here() -> None:
    async with ScriptedServer([ollama(GOOD)]) as server:
        await ollama_model(server, stream=True).generate_structured_output(question(), Weather)
        assert server.requests[0].json()["stream"] is False
