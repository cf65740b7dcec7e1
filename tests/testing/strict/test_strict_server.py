"""The strict server: what it refuses it refuses over the wire, as the API would, and it answers the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from modelport.error import InvalidRequestError
from modelport.message import UserMsg
from modelport.model import ChatStream
from modelport.testing import StrictServer, rules_of, violations_of
from modelport.testing.servers.strict import APIS
from modelport.testing.servers.strict.common import Json
from modelport.testing.servers.strict.metaschema import schema_faults
from tests.contract.origins import ORIGINS, Origin
from tests.contract.wandering import RUNTIME, TOOLS
from tests.testing.strict.test_strict_rules import CASES

BY_API = {origin.target: origin for origin in ORIGINS}
PATHS = {
    "openai_responses": "/v1/responses",
    "xai": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/gemini-3.5-flash:generateContent",
    "ollama": "/api/chat",
}
every_api = pytest.mark.parametrize("api", APIS)


async def posted(api: str, body: bytes) -> httpx.Response:
    async with StrictServer(api) as server, httpx.AsyncClient() as client:
        return await client.post(server.base_url + PATHS.get(api, "/v1/chat/completions"), content=body)


def words_of(answer: httpx.Response) -> str:
    """The message, which stands where the API has it."""
    error = answer.json()["error"]
    words = error if isinstance(error, str) else error["message"]
    assert isinstance(words, str)
    return words


@pytest.mark.parametrize("target", ORIGINS, ids=str)
@pytest.mark.parametrize("tools", [None, TOOLS], ids=["text", "tools"])
async def test_a_legal_request_is_answered(target: Origin, tools: list[Json] | None) -> None:
    async with StrictServer(target.target) as server:
        answer = await target.model(server.base_url, runtime=RUNTIME)([UserMsg("user", "Hello")], tools)
        assert isinstance(answer, ChatStream)
        last = [response async for response in answer][-1]
        assert server.violations == []
    assert last.finish_reason == ("tool_calls" if tools else "stop")


@pytest.mark.parametrize("target", ORIGINS, ids=str)
async def test_a_refusal_is_an_error_with_the_servers_words(target: Origin) -> None:
    """Every class maps the refusal of its API: the form is that of the provider."""
    nonsense: Json = {
        "tools": [{"type": "function", "name": 7, "function": {"name": 7}, "functionDeclarations": [{"name": 7}]}]
    }
    async with StrictServer(target.target) as server:
        model = target.model(server.base_url, runtime=RUNTIME)
        with pytest.raises(InvalidRequestError, match=r"\$\.tools") as caught:
            await model([UserMsg("user", "Hello")], extra_body=nonsense)
        assert len(server.requests) == 1 and server.violations
    assert caught.value.status_code == 400


@every_api
async def test_one_illegal_body_for_each_rule_is_refused_over_the_wire(api: str) -> None:
    rules = rules_of(api)
    examples = {case.rule: case for case in CASES if api in case.targets and case.model is None and case.rule in rules}
    async with StrictServer(api) as server, httpx.AsyncClient() as client:
        for rule, case in examples.items():
            url = server.base_url + PATHS.get(api, "/v1/chat/completions").replace("gemini-3.5-flash", "m")
            answer = await client.post(url, content=json.dumps(case.body).encode())
            assert answer.status_code == 400, rule
            assert rule in words_of(answer) and rules[rule] in words_of(answer)
    assert len(examples) > 15


@every_api
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b'"x"', b'{"model": NaN}', b'{"model": "\\ud83d"}', b"\xff", b"[" * 100_000]
)
async def test_what_is_no_json_object_is_refused(api: str, body: bytes) -> None:
    answer = await posted(api, body)
    assert answer.status_code == 400 and "json-body" in words_of(answer)


def test_an_api_without_rules() -> None:
    for ask in (lambda: StrictServer("acme"), lambda: rules_of("acme"), lambda: violations_of("acme", {})):
        with pytest.raises(ValueError, match=r"'acme'.*openai_chat"):
            ask()


def test_it_needs_no_library_of_the_tests() -> None:
    """Third parties install Modelport alone."""
    code = (
        "import sys; from modelport.testing import StrictServer, violations_of; StrictServer('xai');"
        "print([name for name in ('pytest', 'hypothesis', 'jsonschema', 'vcr', 'openai', 'anthropic') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


KEYWORDS = [
    *("type", "properties", "required", "items", "anyOf", "enum", "pattern", "minimum", "exclusiveMinimum", "$ref"),
    *("minLength", "multipleOf", "uniqueItems", "additionalProperties", "prefixItems", "not", "title", "$defs"),
    *("$schema", "$id", "$anchor", "$dynamicRef", "contentSchema"),
    *("dependentRequired", "patternProperties", "propertyNames", "if", "unevaluatedProperties", "examples"),
]
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        1,
        0,
        -1,
        0.5,
        2.0,
        "string",
        "x",
        "a#b",
        "1 2",
        [],
        {},
        ["a"],
        ["a", "a"],
        ["string", "null"],
        [{}],
        [1],
        {"a": 1},
    ]
)
SCHEMAS = st.recursive(
    st.dictionaries(st.sampled_from(KEYWORDS), VALUES, max_size=3),
    lambda below: st.dictionaries(
        st.sampled_from(KEYWORDS),
        VALUES | below | st.lists(below, max_size=2) | st.dictionaries(st.just("a"), below, max_size=1),
        max_size=3,
    ),
    max_leaves=6,
)


@given(schema=SCHEMAS)
def test_schemas_are_checked_as_the_specification_does(schema: Json) -> None:
    """Whatever the values: the same verdict as that of the library which has the meta-schema."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError:
        legal = False
    else:
        legal = True
    assert (not list(schema_faults(schema, "$"))) is legal
