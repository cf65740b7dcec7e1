"""Models on a scripted loopback server, for the tests of structured output."""

from __future__ import annotations

import json
from typing import Any

from modelport.credential import OllamaCredential, OpenAICredential
from modelport.message import Msg, UserMsg
from modelport.model import ChatModelBase, OllamaChatModel, OpenAIChatModel
from modelport.testing.clock import VirtualClock
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.contract.runtimes import runtime_with

__all__ = [
    "line",
    "ollama",
    "ollama_model",
    "ollama_stream",
    "openai",
    "openai_model",
    "question",
    "refusal",
    "tool_call",
]


def question() -> list[Msg]:
    return [UserMsg("user", "What is the weather in Oslo?")]


def ollama(content: str = "", reason: str = "stop", **message: Any) -> ScriptedAnswer:
    """A whole answer of Ollama."""
    answer = {"role": "assistant", "content": content, **message}
    counts = {"prompt_eval_count": 7, "eval_count": 3}
    return ScriptedAnswer.json({"model": "m", "message": answer, "done": True, "done_reason": reason, **counts})


def tool_call(arguments: Any, name: str = "generate_structured_output") -> dict[str, Any]:
    """Keywords of `ollama` for an answer that calls a tool."""
    return {"tool_calls": [{"function": {"name": name, "arguments": arguments}}]}


def line(content: str, **more: Any) -> bytes:
    return json.dumps({"model": "m", "message": {"content": content}, "done": False, **more}).encode() + b"\n"


def ollama_stream(*pieces: str, reason: str = "stop") -> ScriptedAnswer:
    """A streamed answer of Ollama."""
    end = line("", done=True, done_reason=reason, prompt_eval_count=7, eval_count=3)
    return ScriptedAnswer(200, {"content-type": "application/x-ndjson"}, [*map(line, pieces), end])


def openai(content: str | None = None, reason: str = "stop", **message: Any) -> ScriptedAnswer:
    """A whole answer of Chat Completions."""
    answer = {"role": "assistant", "content": content, **message}
    choice = {"index": 0, "finish_reason": reason, "message": answer}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return ScriptedAnswer.json({"id": "c", "model": "m", "choices": [choice], "usage": usage})


def refusal(message: str = "this is not supported", status: int = 400) -> ScriptedAnswer:
    """An error answer that both APIs understand."""
    return ScriptedAnswer.json({"error": {"message": message, "type": "invalid_request_error"}}, status=status)


def _attached(model: ChatModelBase) -> ChatModelBase:
    model.attach(runtime_with(VirtualClock(skip_sleeps=True)))
    return model


def ollama_model(server: ScriptedServer, **options: Any) -> ChatModelBase:
    return _attached(OllamaChatModel(OllamaCredential(host=server.base_url), "unheard-of", **options))


def openai_model(server: ScriptedServer, model: str = "unheard-of", **options: Any) -> ChatModelBase:
    credential = OpenAICredential(api_key="sk-secret-key-PlantedWord7", base_url=server.base_url + "/v1")
    return _attached(OpenAIChatModel(credential, model, **options))
