"""Chat Completions, as OpenAI, DashScope, DeepSeek and Moonshot have it.

Facts: docs/protocols/openai-chat.md#request-body.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..servers.http import RecordedRequest, ScriptedAnswer
from .reply import Asked, Json, Reply, choice_of, pieces, reply_to, sse, texts_of

__all__ = ["answer"]


def answer(request: RecordedRequest) -> ScriptedAnswer:
    """A completion, or its chunks."""
    body = request.json()
    reply = reply_to(_asked(body, len(request.body)))
    if body.get("stream"):
        return sse([("", chunk) for chunk in _chunks(body["model"], reply)], done=True)
    message: Json = {"role": "assistant", "content": reply.text or None}
    if reply.tool:
        message["tool_calls"] = [_call(reply, json.dumps(reply.arguments))]
    choice = {"index": 0, "message": message, "finish_reason": _reason(reply)}
    return ScriptedAnswer.json({**_head(body["model"], "chat.completion"), "choices": [choice], "usage": _usage(reply)})


def _asked(body: Json, size: int) -> Asked:
    messages = body["messages"]
    last = [message for message in messages if message["role"] == "user"][-1:]
    form = body.get("response_format") or {}
    return Asked(
        text=texts_of(last[0]["content"]) if last else "",
        size=size,
        tools={tool["function"]["name"]: tool["function"].get("parameters") for tool in body.get("tools") or ()},
        choice=choice_of(body.get("tool_choice")),
        answered=messages[-1]["role"] == "tool",
        schema=(form.get("json_schema") or {}).get("schema"),
        json_mode=form.get("type") == "json_object",
    )


def _head(model: str, kind: str) -> Json:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": model}


def _call(reply: Reply, arguments: str) -> Json:
    function = {"name": reply.tool, "arguments": arguments}
    return {"index": 0, "id": "call_1", "type": "function", "function": function}


def _reason(reply: Reply) -> str:
    return "tool_calls" if reply.tool else "stop"


def _usage(reply: Reply) -> Json:
    given, made = reply.input_tokens, reply.output_tokens
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}


def _chunks(model: str, reply: Reply) -> Iterator[Json]:
    head = _head(model, "chat.completion.chunk")
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    if reply.tool:
        deltas.append({"tool_calls": [_call(reply, "")]})
        arguments = pieces(json.dumps(reply.arguments))
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in arguments]
    deltas += [{"content": piece} for piece in pieces(reply.text)]
    for delta in deltas:
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": _reason(reply)}]}
    yield {**head, "choices": [], "usage": _usage(reply)}
