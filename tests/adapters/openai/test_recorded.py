"""What `modelport record` wrote from a real llama.cpp server plays again, and gives nothing away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import vcr
import yaml

from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import ChatResponse, ChatStream, OpenAIChatModel

CASSETTES = Path(__file__).parents[3] / "fixtures" / "cassettes" / "openai"
TEXT, STREAM = CASSETTES / "recorded_llama_text.yaml", CASSETTES / "recorded_llama_stream.yaml"


def _replay(path: Path) -> Any:  # Any: vcrpy has no types
    return vcr.use_cassette(str(path), record_mode="none", match_on=["method", "path"])


def _model(stream: bool) -> OpenAIChatModel:
    credential = OpenAICredential(base_url="http://127.0.0.1:8080/v1")
    parameters = OpenAIChatModel.Parameters(max_tokens=24, temperature=0)
    return OpenAIChatModel(credential, "smollm2-135m-instruct", parameters, stream=stream, max_retries=0)


async def test_whole_answer() -> None:
    with _replay(TEXT) as cassette:
        answer = await _model(stream=False)([UserMsg("user", "What is the capital of France?")])
    assert isinstance(answer, ChatResponse)
    assert answer.text.startswith("L'Étoile, la Marseillaise")
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.finish_reason) == (37, 24, "length")
    assert json.loads(cassette.requests[0].body) == _recorded_body(TEXT)


async def test_stream() -> None:
    with _replay(STREAM) as cassette:
        answer = await _model(stream=True)([UserMsg("user", "Name three colours.")])
        assert isinstance(answer, ChatStream)
        responses = [response async for response in answer]
    whole = responses[-1]
    assert whole.text.startswith("1. Red: This is the most obvious colour")
    assert "".join(response.text for response in responses[:-1]) == whole.text
    assert whole.usage is not None
    assert (whole.usage.input_tokens, whole.usage.output_tokens, whole.finish_reason) == (34, 24, "length")
    assert json.loads(cassette.requests[0].body) == _recorded_body(STREAM)


@pytest.mark.parametrize("path", [TEXT, STREAM], ids=lambda path: path.stem)
def test_says_where_it_is_from_and_names_nobody(path: Path) -> None:
    cassette = yaml.safe_load(path.read_text())
    assert (cassette["origin"], cassette["version"]) == ("recorded", 1)
    assert "llama.cpp" in cassette["server"]
    assert cassette["recorded_on"]
    (interaction,) = cassette["interactions"]
    assert set(interaction["request"]["headers"]) == {"accept", "content-type"}
    assert interaction["request"]["uri"] == "http://127.0.0.1:8080/v1/chat/completions"
    assert set(interaction["response"]["headers"]) <= {"content-type", "server"}
    assert "sk-" not in path.read_text()


def _recorded_body(path: Path) -> Any:  # Any: a JSON value
    return json.loads(yaml.safe_load(path.read_text())["interactions"][0]["request"]["body"])
