"""Ollama's native chat. Facts: docs/protocols/ollama.md#chat-request."""

from __future__ import annotations

from ..servers.http import RecordedRequest, ScriptedAnswer
from .reply import Asked, Json, Reply, ndjson, pieces, reply_to

__all__ = ["answer"]


def answer(request: RecordedRequest) -> ScriptedAnswer:
    """A message, or its pieces as lines; streamed unless the request says otherwise, as the server does."""
    body = request.json()
    reply = reply_to(_asked(body, len(request.body)))
    end = {"done": True, "done_reason": "stop", **_counts(reply)}
    call = [{"id": "call_1", "function": {"name": reply.tool, "arguments": reply.arguments}}] if reply.tool else []
    if body.get("stream") is False:
        return ScriptedAnswer.json({**_line(body["model"], reply.text, call), **end})
    texts = [_line(body["model"], piece) for piece in pieces(reply.text)]
    called = [_line(body["model"], "", call)] if call else []
    return ndjson([*texts, *called, {**_line(body["model"], ""), **end}])


def _asked(body: Json, size: int) -> Asked:
    messages, form = body["messages"], body.get("format")
    last = [message for message in messages if message["role"] == "user"][-1:]
    return Asked(
        text=str(last[0].get("content") or "") if last else "",
        size=size,
        tools={tool["function"]["name"]: tool["function"].get("parameters") for tool in body.get("tools") or ()},
        answered=messages[-1]["role"] == "tool",
        schema=form if isinstance(form, dict) else None,
        json_mode=form == "json",
    )


def _line(model: str, text: str, calls: list[Json] | None = None) -> Json:
    message: Json = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = calls
    return {"model": model, "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False}


def _counts(reply: Reply) -> Json:
    return {"total_duration": 1, "prompt_eval_count": reply.input_tokens, "eval_count": reply.output_tokens}
