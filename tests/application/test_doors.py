"""Names that AgentScope's users have, progress, and what is logged."""

from __future__ import annotations

import logging
from typing import Any, cast

import pytest

from modelport.agent import Agent
from modelport.credential import OpenAICredential, XAICredential
from modelport.embedding import OpenAIEmbeddingModel
from modelport.error import InvalidRequestError, RateLimitError
from modelport.message import AssistantMsg, Msg, TextBlock, UserMsg
from modelport.model import ChatResponse, FinishReason, OpenAIChatModel, TokenCount
from modelport.testing import ScriptedAnswer, ScriptedChatModel, ScriptedEmbeddingModel, ScriptedServer

ASK = [UserMsg("user", "Hello?")]
KEY = "sk-never-in-a-log-PlantedWord7"


def test_the_finished_reason() -> None:
    response = ChatResponse([TextBlock(text="a")], finish_reason=FinishReason.LENGTH)
    assert response.finished_reason == "length" == response.to_message().finished_reason
    assert AssistantMsg("a", "b").finished_reason is None
    old = Msg.model_validate({"name": "a", "role": "assistant", "content": "b", "finished_reason": "interrupted"})
    assert old.finished_reason == "interrupted" and old.finish_reason == "other"


def test_a_response_is_read_like_a_mapping() -> None:
    response = ChatResponse([TextBlock(text="a")], id="r1")
    assert response["content"] is response.content and response.get("id") == "r1" and response.get("none", 3) == 3
    assert "usage" in response and "text" not in response
    assert dict(response)["id"] == "r1" and list(response) == list(response.keys())
    with pytest.raises(KeyError):
        response["text"]


def test_a_count_is_a_number() -> None:
    count = TokenCount(5, estimated=True, source="estimate")
    assert count < 6 and count <= 5 and count > 4 and count >= 5 and count == 5 and int(count) == 5
    assert count < TokenCount(6, True, "estimate") and count == TokenCount(5, True, "estimate")
    assert "abcdefgh"[:count] == "abcde" and count != "5" and len({count, TokenCount(5, True, "estimate")}) == 1


def test_the_host_of_xai() -> None:
    assert (
        XAICredential(api_key="k-PlantedWord7", api_host="eu-west-1.api.x.ai").base_url
        == "https://eu-west-1.api.x.ai/v1"
    )
    with pytest.raises(ValueError, match="either base_url or api_host"):
        XAICredential(api_key="k-PlantedWord7", api_host="a.x.ai", base_url="https://api.x.ai/v1")


async def test_the_size_of_vectors_at_construction() -> None:
    credential = OpenAICredential(api_key="k-PlantedWord7")
    assert OpenAIEmbeddingModel(credential, "text-embedding-3-small", dimensions=64).dimensions == 64
    with pytest.raises(InvalidRequestError, match="dimensions is 0"):
        OpenAIEmbeddingModel(credential, "text-embedding-3-small", dimensions=0)
    parameters = OpenAIEmbeddingModel.Parameters(dimensions=32)
    with pytest.raises(InvalidRequestError, match="dimensions is 64, and 32 in parameters"):
        OpenAIEmbeddingModel(credential, "text-embedding-3-small", parameters, dimensions=64)


def test_an_agent_by_position_is_refused_with_a_sentence() -> None:
    with pytest.raises(InvalidRequestError, match=r"Agent\(name, model, system_prompt=…\)"):
        Agent("bot", cast("Any", "You are kind."), cast("Any", ScriptedChatModel(["a"])))


async def test_progress_of_an_embedding_call(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[int, int]] = []
    model = ScriptedEmbeddingModel(batch_size=2, concurrency=1)
    await model(["a", "b", "c", "a"], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 3), (2, 3), (3, 3)]
    await model(["d"], progress=True)
    assert capsys.readouterr().err.endswith("1 of 1 vectors\n")
    with pytest.raises(InvalidRequestError):
        await ScriptedEmbeddingModel(failures=[InvalidRequestError("no")] * 9)(["d"], progress=True)
    assert capsys.readouterr().err.endswith("0 of 1 vectors\n")  # the next output has a line of its own


async def test_a_retry_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="modelport")
    busy = RateLimitError("too many", retryable=True, status_code=429)
    await ScriptedChatModel([busy, "Hi"], stream=False).generate(ASK)
    lines = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "modelport"]
    assert [level for level, _ in lines] == ["DEBUG", "INFO", "DEBUG"]
    assert "attempt 1 failed (RateLimitError: 429); the next one in" in lines[1][1]


async def test_a_dropped_setting_is_logged_once_for_a_model(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="modelport")
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}
    async with ScriptedServer([ScriptedAnswer.json({"choices": [choice]})] * 2) as server:
        credential = OpenAICredential(api_key=KEY, base_url=server.base_url)
        model = OpenAIChatModel(credential, "gpt-4.1", stream=False)
        for _ in range(2):
            assert (await model(ASK, top_k=5)).warnings
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warned) == 1 and "top_k was not sent" in warned[0].getMessage()
    assert KEY not in caplog.text and "Hello?" not in caplog.text
