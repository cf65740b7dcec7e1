"""Responses traffic for tests: items, the events that stream them, and a transport that answers with them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

from modelport.domain.ids import set_id_factory
from modelport.message import Msg, UserMsg
from modelport.model import ChatResponse
from modelport.ports.http import HttpRequest

Json = dict[str, Any]  # Any: the provider's JSON

USAGE: Json = {
    "input_tokens": 90,
    "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 8},
    "output_tokens": 40,
    "output_tokens_details": {"reasoning_tokens": 25},
    "total_tokens": 130,
}
HELLO: list[Msg] = [UserMsg("user", "Hello")]
WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
CLOCK: Json = {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}}}


def message(*texts: str, item_id: str = "msg_1", **fields: Any) -> Json:
    """A message item with these texts."""
    parts = [{"type": "output_text", "annotations": [], "logprobs": [], "text": text} for text in texts]
    return {"id": item_id, "type": "message", "status": "completed", "content": parts, "role": "assistant", **fields}


def refusal(text: str) -> Json:
    """A message item that refuses."""
    item = message(item_id="msg_1")
    return {**item, "content": [{"type": "refusal", "refusal": text}]}


def reasoning(*summary: str, encrypted: str | None = "gAAAA-sealed", item_id: str = "rs_1", **fields: Any) -> Json:
    """A reasoning item with these summary parts."""
    parts = [{"type": "summary_text", "text": text} for text in summary]
    item: Json = {"id": item_id, "type": "reasoning", "summary": parts, **fields}
    return {**item, "encrypted_content": encrypted} if encrypted is not None else item


def function_call(name: str, arguments: str, call_id: str = "call_1", **fields: Any) -> Json:
    """A tool call item."""
    return {
        "id": f"fc_{call_id}",
        "type": "function_call",
        "status": "completed",
        "arguments": arguments,
        "call_id": call_id,
        "name": name,
        **fields,
    }


def response(output: Sequence[Json], status: str = "completed", reason: str | None = None, **fields: Any) -> Json:
    """The response object."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1790000000,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "model": "gpt-5.6-2026-05-01",
        "output": list(output),
        "usage": USAGE if status != "in_progress" else None,
        **fields,
    }


def events_of(
    output: Sequence[Json],
    status: str = "completed",
    reason: str | None = None,
    *,
    size: int = 5,
    terminal: str | None = None,
) -> list[Json]:
    """The events that stream this output, in deltas of `size` characters."""
    events: list[Json] = [
        {"type": "response.created", "response": response([], "in_progress")},
        {"type": "response.in_progress", "response": response([], "in_progress")},
    ]
    for index, item in enumerate(output):
        events += _item_events(index, item, size)
    events.append({"type": terminal or f"response.{status}", "response": response(output, status, reason)})
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def _item_events(index: int, item: Json, size: int) -> Iterator[Json]:
    place = {"item_id": item["id"], "output_index": index}
    # What opens an item holds none of its content, and another encrypted text than the one that counts.
    empty = {key: [] if isinstance(value, list) else value for key, value in item.items()}
    empty |= {"arguments": ""} if "arguments" in item else {}
    empty |= {"encrypted_content": "gAAAA-opening"} if "encrypted_content" in item else {}
    yield {"type": "response.output_item.added", "output_index": index, "item": {**empty, "status": "in_progress"}}
    if item["type"] == "function_call":
        for piece in _cut(item["arguments"], size):
            yield {"type": "response.function_call_arguments.delta", **place, "delta": piece}
        yield {"type": "response.function_call_arguments.done", **place, "arguments": item["arguments"]}
    for number, part in enumerate(item.get("summary") or ()):
        where = {**place, "summary_index": number}
        yield {"type": "response.reasoning_summary_part.added", **where, "part": {**part, "text": ""}}
        yield from _text_events("response.reasoning_summary_text", where, "text", part["text"], size)
        yield {"type": "response.reasoning_summary_part.done", **where, "part": part}
    for number, part in enumerate(item.get("content") or ()):
        key = "refusal" if part["type"] == "refusal" else "text"
        where = {**place, "content_index": number}
        yield {"type": "response.content_part.added", **where, "part": {**part, key: ""}}
        yield from _text_events(f"response.{part['type']}", where, key, part[key], size)
        yield {"type": "response.content_part.done", **where, "part": part}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _text_events(kind: str, where: Json, key: str, text: str, size: int) -> Iterator[Json]:
    for piece in _cut(text, size):
        yield {"type": f"{kind}.delta", **where, "delta": piece, "logprobs": [], "obfuscation": "x" * (size - 1)}
    yield {"type": f"{kind}.done", **where, key: text}


def _cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def sse(events: Sequence[Json]) -> bytes:
    """The events as bytes, in the form that OpenAI sends."""
    lines = (f"event: {event.get('type')}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events)
    return "".join(lines).encode()


class ScriptedResponse:
    """An answer out of memory."""

    def __init__(self, status: int, headers: Mapping[str, str], chunks: Sequence[bytes]) -> None:
        self.status = status
        self.headers = headers
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk

    async def aclose(self) -> None:
        """Nothing is open."""


class Scripted:
    """A transport that answers from a script and keeps what was sent."""

    def __init__(self, *chunks: bytes, status: int = 200, kind: str = "text/event-stream") -> None:
        self.requests: list[HttpRequest] = []
        self._answer = (status, {"content-type": kind}, chunks)

    @classmethod
    def whole(cls, answer: Json, status: int = 200) -> Scripted:
        """An answer in one JSON body."""
        return cls(json.dumps(answer).encode(), status=status, kind="application/json")

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> ScriptedResponse:
        """The next answer, which is always the same."""
        self.requests.append(request)
        return ScriptedResponse(*self._answer)

    async def aclose(self) -> None:
        """Nothing is open."""

    @property
    def body(self) -> Json:
        """The only request's body."""
        assert len(self.requests) == 1
        return dict(json.loads(self.requests[0].body))


def counted_ids() -> None:
    """Make ids deterministic, so that two readings of one answer can be compared."""
    numbers = iter(range(1_000_000))
    set_id_factory(lambda: f"id{next(numbers)}")


def facts(answer: ChatResponse) -> Json:
    """What an answer says, without times: for comparisons."""
    dumped = [block.model_dump(exclude={"created_at", "finished_at"}) for block in answer.content]
    return {
        "content": dumped,
        "usage": answer.usage.raw if answer.usage else None,
        "finish": (answer.finish_reason, answer.raw_finish_reason),
        "metadata": dict(answer.metadata),
        "id": answer.id,
        "model": answer.model,
    }
