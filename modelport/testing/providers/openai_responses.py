"""The Responses API, as OpenAI and xAI have it. Facts: docs/protocols/openai-responses.md#request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ..servers.http import RecordedRequest, ScriptedAnswer
from .reply import Asked, Json, Reply, choice_of, pieces, reply_to, sse, texts_of

__all__ = ["answer"]


def answer(request: RecordedRequest) -> ScriptedAnswer:
    """A response or its events; to `/responses/input_tokens` a number."""
    body = request.json()
    reply = reply_to(_asked(body, len(request.body)))
    if request.path.endswith("/input_tokens"):
        return ScriptedAnswer.json({"object": "response.input_tokens", "input_tokens": reply.input_tokens})
    if body.get("stream"):
        events = enumerate(_events(body["model"], reply))
        return sse([(kind, {"type": kind, "sequence_number": number, **data}) for number, (kind, data) in events])
    return ScriptedAnswer.json(_response(body["model"], "completed", [_item(reply, "completed")], reply))


def _asked(body: Json, size: int) -> Asked:
    given = body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]
    last = [item for item in given if item.get("role") == "user"][-1:]
    form = (body.get("text") or {}).get("format") or {}
    tools = [tool for tool in body.get("tools") or () if tool.get("type") == "function"]
    choice = body.get("tool_choice")
    listed = choice.get("tools", ()) if isinstance(choice, Mapping) else ()
    allowed = {tool.get("name") for tool in listed}
    return Asked(
        text=texts_of(last[0]["content"]) if last else "",
        size=size,
        tools={tool["name"]: tool.get("parameters") for tool in tools if not allowed or tool["name"] in allowed},
        choice=choice_of(choice),
        answered=given[-1].get("type") == "function_call_output",
        schema=form.get("schema"),
        json_mode=form.get("type") == "json_object",
    )


def _response(model: str, status: str, output: list[Json], reply: Reply) -> Json:
    given, made = reply.input_tokens, reply.output_tokens
    usage = {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": given + made,
    }
    head = {"id": "resp_1", "object": "response", "created_at": 1, "model": model, "status": status, "output": output}
    return {**head, "usage": usage if status == "completed" else None}


def _item(reply: Reply, status: str, *, empty: bool = False) -> Json:
    if reply.tool:
        arguments = "" if empty else json.dumps(reply.arguments)
        call = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": reply.tool}
        return {**call, "arguments": arguments, "status": status}
    parts = [] if empty else [{"type": "output_text", "text": reply.text, "annotations": []}]
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": status, "content": parts}


def _events(model: str, reply: Reply) -> Iterator[tuple[str, Json]]:
    begun, done = _item(reply, "in_progress", empty=True), _item(reply, "completed")
    place = {"item_id": begun["id"], "output_index": 0}
    yield "response.created", {"response": _response(model, "in_progress", [], reply)}
    yield "response.output_item.added", {"output_index": 0, "item": begun}
    if reply.tool:
        for piece in pieces(done["arguments"]):
            yield "response.function_call_arguments.delta", {**place, "delta": piece}
        yield "response.function_call_arguments.done", {**place, "arguments": done["arguments"]}
    else:
        part = {"type": "output_text", "text": "", "annotations": []}
        yield "response.content_part.added", {**place, "content_index": 0, "part": part}
        for piece in pieces(reply.text):
            yield "response.output_text.delta", {**place, "content_index": 0, "delta": piece}
        yield "response.output_text.done", {**place, "content_index": 0, "text": reply.text}
        yield "response.content_part.done", {**place, "content_index": 0, "part": done["content"][0]}
    yield "response.output_item.done", {"output_index": 0, "item": done}
    yield "response.completed", {"response": _response(model, "completed", [done], reply)}
