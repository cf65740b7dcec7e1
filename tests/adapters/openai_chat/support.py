"""What the tests of the Chat Completions providers share: a scripted transport, and an answer read from bytes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modelport.adapters.dialects.openai_chat.request import OpenAIChatCodec
from modelport.adapters.dialects.openai_chat.row import OpenAIChatRow
from modelport.application.codec import ChatRequest, Endpoint
from modelport.application.formatter import Rendered
from modelport.domain.accumulation import ChatFold
from modelport.domain.blocks import ContentBlock
from modelport.domain.responses import ChatResponse
from modelport.message import Msg, UserMsg
from modelport.model import ChatModelBase
from modelport.ports.transport import HttpRequest

Json = dict[str, Any]  # Any: a provider's JSON

WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CLOCK: Json = {
    "type": "function",
    "function": {"name": "get_time", "description": "The time.", "parameters": {"type": "object", "properties": {}}},
}
PIXEL = "iVBORw0KGgo="
"""The first bytes of a PNG, as base64."""


def hello() -> list[Msg]:
    """A conversation of one question."""
    return [UserMsg(name="user", content="Hello")]


@dataclass
class Answer:
    """One scripted HTTP answer; `chunk` is how many bytes the network delivers at a time."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    chunk: int = 1 << 20


@dataclass
class ScriptedResponse:
    """An `HttpResponse` over a scripted answer."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return {"content-type": self.answer.content_type, **self.answer.headers}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.answer.body), self.answer.chunk):
            yield self.answer.body[start : start + self.answer.chunk]

    async def aclose(self) -> None:
        pass


class Scripted:
    """An `HttpTransport` that gives its answers in order and keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.requests: list[HttpRequest] = []

    @property
    def bodies(self) -> list[Json]:
        """The bodies sent so far."""
        return [json.loads(request.body) for request in self.requests]

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> ScriptedResponse:
        self.requests.append(request)
        if self._answers:
            return ScriptedResponse(self._answers.pop(0))
        return ScriptedResponse(streamed() if json.loads(request.body).get("stream") else whole())

    async def aclose(self) -> None:
        pass


def chunk(delta: Json | None = None, **fields: Any) -> Json:  # Any: fields of the choice
    """One chunk of a stream with one choice."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": None, **fields}
    return {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def events(*chunks: Json, done: bool = True) -> bytes:
    """Chunks as server-sent events."""
    lines = [b"data: " + json.dumps(each, ensure_ascii=False).encode() + b"\n\n" for each in chunks]
    return b"".join([*lines, b"data: [DONE]\n\n"] if done else lines)


def streamed(*chunks: Json) -> Answer:
    """A stream of these chunks, or of a short answer."""
    given = chunks or (chunk({"role": "assistant", "content": "Hi."}), chunk(finish_reason="stop"))
    return Answer(events(*given), content_type="text/event-stream")


def whole(message: Json | None = None, finish_reason: str = "stop", **fields: Any) -> Answer:  # Any: of the answer
    """A whole answer."""
    choice = {"index": 0, "message": message or {"role": "assistant", "content": "Hi."}, "finish_reason": finish_reason}
    answer = {"id": "chatcmpl-7", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return Answer(json.dumps({**answer, **fields}).encode())


async def last(answer: Any) -> ChatResponse:  # Any: what calling a model returns
    """The whole response of a call, streamed or not."""
    if isinstance(answer, ChatResponse):
        return answer
    response: ChatResponse | None = None
    async for response in answer:
        pass
    assert response is not None
    return response


async def asked(model: ChatModelBase, msgs: list[Msg] | None = None, **call: Any) -> ChatResponse:  # Any: of a call
    """The response of one call."""
    return await last(await model(msgs or hello(), **call))


def decoded(row: OpenAIChatRow, data: bytes, cuts: Iterable[int] = (), tools: Sequence[Json] = ()) -> ChatResponse:
    """A streamed answer, read as the engine reads it, delivered in pieces cut at these places.

    Raises the failure that the stream holds, with `partial`.
    """
    codec = OpenAIChatCodec(row)
    call = codec.encode(ChatRequest(Endpoint("http://x"), "m", Rendered([]), stream=True, tools=tools))
    framer, decoder, fold = call.new_framer(), call.new_decoder(), ChatFold(row.provider, "m")
    for piece in pieces(data, cuts):
        delta = decoder.feed(framer.feed(piece))
        if delta is not None:
            fold.add(delta)
        if decoder.failure is not None:
            decoder.failure.partial = fold.partial()
            raise decoder.failure
        if decoder.ended:
            break
    tail = None if decoder.ended else framer.tail()
    delta = decoder.feed([tail]) if tail is not None else None
    if delta is not None:
        fold.add(delta)
    fold.add(decoder.finish())
    return fold.final([], 0.0)


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The data, cut."""
    places = [0, *sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data)]
    return [data[start:end] for start, end in zip(places, places[1:], strict=False)]


def gist(response: ChatResponse) -> Any:  # Any: plain values to compare
    """What a response says, without ids and times that are made up."""
    return (
        [_said(block) for block in response.content],
        response.finish_reason,
        response.raw_finish_reason,
        response.usage and response.usage.raw,
        dict(response.metadata),
    )


def _said(block: ContentBlock) -> Any:  # Any: plain values to compare
    if block.type == "tool_call" and block.id.startswith("call_") and len(block.id) == 37:
        return block.type, block.name, block.input
    skipped = {"created_at", "finished_at", "suggested_rules", "state"} | ({"id"} if block.type != "tool_call" else set())
    return block.model_dump(exclude=skipped)
