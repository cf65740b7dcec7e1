"""The official SDKs and our classes read the same answers the same way: the bytes of our cassettes, over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from modelport.composition.providers.profiles import profile_names
from modelport.composition.providers.registry import ProviderRegistry
from modelport.error import ModelError
from modelport.message import ToolCallBlock, UserMsg
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.cassettes import CASSETTES, ask
from tests.contract.official_sdks import READERS, Reading
from tests.contract.origins import ORIGINS, Origin

FOLDERS = {"openai_chat": "openai"}
"""Cassette folders that are called otherwise than the class."""
CHAT = re.compile(r"/(chat/completions|responses|messages|api/chat)$|:(generate|streamGenerate)Content")

# Warnings are the SDKs' own: of pydantic, of their deprecations, of connections that they leave open.
pytestmark = pytest.mark.filterwarnings("ignore")


def answers() -> Iterator[Any]:  # Any: pytest's parameter sets
    for origin in ORIGINS:
        folder = FOLDERS.get(origin.name, origin.name)
        for path in sorted((CASSETTES / folder).glob("*.yaml")):
            for number, interaction in enumerate(yaml.safe_load(path.read_text())["interactions"]):
                if not CHAT.search(interaction["request"]["uri"]):
                    continue
                yield pytest.param(origin, interaction["response"], id=f"{folder}-{path.stem}-{number}")


def playing(response: Any) -> ScriptedAnswer:  # Any: YAML
    headers = {name: values[0] for name, values in response["headers"].items() if name.lower() != "content-length"}
    return ScriptedAnswer(response["status"]["code"], headers, [response["body"]["string"].encode()])


async def ours(origin: Origin, url: str, stream: bool) -> Reading:
    try:
        answer = await ask(origin.model(url, stream=stream, max_retries=0), [UserMsg("user", "Hello")])
    except ModelError as error:
        return Reading(status=error.status_code or 0)
    calls = [block for block in answer.content if isinstance(block, ToolCallBlock)]
    usage = (answer.usage.input_tokens, answer.usage.output_tokens) if answer.usage else None
    return Reading(answer.text, [(call.name, json.loads(call.input)) for call in calls], usage)


@pytest.mark.parametrize(("origin", "response"), [*answers()])
async def test_the_official_sdk_reads_the_same(origin: Origin, response: Any) -> None:
    kind = response["headers"]["content-type"][0]
    stream = "event-stream" in kind or "ndjson" in kind
    async with ScriptedServer([playing(response)] * 2) as server:
        theirs = await READERS[FOLDERS.get(origin.name, origin.name)](server.base_url, stream)
        assert await ours(origin, server.base_url, stream) == theirs
        assert len(server.requests) == 2


UNREAD = {("mistral", "thinking_stream-0"), ("mistral", "tool_round_trip-0"), ("mistral", "tool_round_trip-1")}
"""Answers that OpenAI's SDK does not read: content as a list, which it hands on as it is."""


def answers_of_data() -> Iterator[Any]:  # Any: as above
    for name in profile_names():
        for path in sorted((CASSETTES / name).glob("*.yaml")):
            for number, interaction in enumerate(yaml.safe_load(path.read_text())["interactions"]):
                where = f"{path.stem}-{number}"
                if CHAT.search(interaction["request"]["uri"]) and (name, where) not in UNREAD:
                    yield pytest.param(name, interaction["response"], id=f"{name}-{where}")


@pytest.mark.parametrize(("name", "response"), [*answers_of_data()])
async def test_openais_sdk_reads_the_same_of_providers_that_are_data(name: str, response: Any) -> None:
    stream = "event-stream" in response["headers"]["content-type"][0]
    cls = ProviderRegistry().get(name).credential_class()
    async with ScriptedServer([playing(response)] * 2) as server:
        theirs = await READERS["openai"](server.base_url, stream)
        credential = cls.model_validate({"api_key": "x", "base_url": server.base_url})
        model = cls.get_chat_model_class()(credential, "any-model", stream=stream, max_retries=0)
        try:
            answer = await ask(model, [UserMsg("user", "Hello")])
        except ModelError as error:
            assert theirs.status == (error.status_code or 0)
            return
    calls = [(block.name, json.loads(block.input)) for block in answer.content if isinstance(block, ToolCallBlock)]
    usage = (answer.usage.input_tokens, answer.usage.output_tokens) if answer.usage else None
    assert Reading(answer.text, calls, usage) == theirs
