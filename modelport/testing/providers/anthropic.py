"""Anthropic's Messages API. Facts: docs/protocols/anthropic-messages.md#request-body."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..servers.http import RecordedRequest, ScriptedAnswer
from .reply import Asked, Json, Reply, choice_of, pieces, reply_to, sse, texts_of

__all__ = ["answer"]


def answer(request: RecordedRequest) -> ScriptedAnswer:
    """A message or its events; to `/messages/count_tokens` a number."""
    body = request.json()
    reply = reply_to(_asked(body, len(request.body)))
    if request.path.endswith("/count_tokens"):
        return ScriptedAnswer.json({"input_tokens": reply.input_tokens})
    if body.get("stream"):
        return sse([(kind, {"type": kind, **data}) for kind, data in _events(body["model"], reply)])
    usage = {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens}
    ended = {"content": [_block(reply)], "stop_reason": _reason(reply), "usage": usage}
    return ScriptedAnswer.json({**_head(body["model"], reply), **ended})


def _asked(body: Json, size: int) -> Asked:
    questions = [message["content"] for message in body["messages"] if message["role"] == "user"]
    last = questions[-1] if questions else ""
    results = isinstance(last, list) and any(part.get("type") == "tool_result" for part in last)
    form = (body.get("output_config") or {}).get("format") or {}
    return Asked(
        text=texts_of(last),
        size=size,
        tools={tool["name"]: tool.get("input_schema") for tool in body.get("tools") or ()},
        choice=choice_of(body.get("tool_choice")),
        answered=results,
        schema=form.get("schema"),
    )


def _head(model: str, reply: Reply) -> Json:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": []}
    usage = {"input_tokens": reply.input_tokens, "output_tokens": 1}
    return {**head, "stop_reason": None, "stop_sequence": None, "usage": usage}


def _block(reply: Reply, *, empty: bool = False) -> Json:
    if reply.tool:
        return {"type": "tool_use", "id": "toolu_1", "name": reply.tool, "input": {} if empty else reply.arguments}
    return {"type": "text", "text": "" if empty else reply.text}


def _reason(reply: Reply) -> str:
    return "tool_use" if reply.tool else "end_turn"


def _events(model: str, reply: Reply) -> Iterator[tuple[str, Json]]:
    yield "message_start", {"message": _head(model, reply)}
    yield "content_block_start", {"index": 0, "content_block": _block(reply, empty=True)}
    yield "ping", {}
    if reply.tool:
        deltas = [{"type": "input_json_delta", "partial_json": one} for one in pieces(json.dumps(reply.arguments))]
    else:
        deltas = [{"type": "text_delta", "text": one} for one in pieces(reply.text)]
    for delta in deltas:
        yield "content_block_delta", {"index": 0, "delta": delta}
    yield "content_block_stop", {"index": 0}
    ended = {"stop_reason": _reason(reply), "stop_sequence": None}
    yield "message_delta", {"delta": ended, "usage": {"output_tokens": reply.output_tokens}}
    yield "message_stop", {}
