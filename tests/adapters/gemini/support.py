"""What the tests of Gemini share: bytes as the server sends them, and a transport that answers from a list."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from modelport.adapters.gemini.chat import GeminiChatModel
from modelport.adapters.gemini.credential import GeminiCredential
from modelport.adapters.gemini.stream import GeminiDecoder
from modelport.adapters.wire.framing import SSEFramer
from modelport.domain.chat.fold import ChatFold
from modelport.domain.chat.tools import ToolChoice
from modelport.domain.message.messages import Msg, UserMsg
from modelport.domain.message.responses import ChatResponse, ModelWarning
from modelport.ports.http import HttpRequest
from modelport.testing.servers.strict import violations_of

Json = dict[str, Any]

KEY = "AIza-test-key-0123456789"
HELLO = [UserMsg(name="user", content="Hello")]
STOP = {"candidates": [{"content": {"role": "model", "parts": [{"text": "ok"}]}, "finishReason": "STOP"}]}


def chunk(*parts: Json, finish: str | None = None, usage: Json | None = None, **fields: Any) -> Json:
    """One event; without parts the candidate has no content."""
    candidate: Json = {"index": 0, **fields}
    if parts:
        candidate["content"] = {"parts": list(parts), "role": "model"}
    if finish:
        candidate["finishReason"] = finish
    event: Json = {"candidates": [candidate], "modelVersion": "gemini-test-001", "responseId": "resp-1"}
    return {**event, "usageMetadata": usage} if usage else event


def sse(*events: Json, end: str = "\r\n\r\n") -> bytes:
    """Events as the server sends them, with CRLF line ends."""
    return "".join(f"data: {json.dumps(event, ensure_ascii=False)}{end}" for event in events).encode()


def decode(data: bytes, cuts: Sequence[int] = (), names: Mapping[str, str] | None = None) -> ChatResponse:
    """The whole answer that a stream of these bytes gives when it is cut there; raises what the decoder says."""
    framer, decoder, fold = SSEFramer(), GeminiDecoder(names, "gemini-test"), ChatFold("gemini", "gemini-test")
    edges = [0, *sorted(cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        delta = decoder.feed(framer.feed(data[start:end]))
        if delta is not None:
            fold.add(delta)
        if decoder.failure is not None:
            decoder.failure.partial = fold.partial()
            raise decoder.failure
    fold.add(decoder.finish())
    return fold.final([], 0.0)


def shape(response: ChatResponse) -> list[Any]:
    """Everything of an answer but its random ids and its times."""
    blocks = [block.model_dump(exclude={"id", "created_at", "finished_at"}) for block in response.content]
    usage = response.usage and (response.usage.input_tokens, response.usage.output_tokens, response.usage.raw)
    return [blocks, usage, response.finish_reason, response.raw_finish_reason, dict(response.metadata)]


@dataclass
class Answer:
    """One scripted answer."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for position in range(0, len(self.data), 700):
            yield self.data[position : position + 700]

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class Script:
    """A transport that answers from a list and keeps what it was sent."""

    answers: list[Answer]
    requests: list[HttpRequest] = field(default_factory=list)

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> Answer:
        """The next answer."""
        self.requests.append(request)
        return self.answers.pop(0)

    async def aclose(self) -> None:
        """Nothing is open."""


def whole(event: Json, status: int = 200) -> Answer:
    """An answer that is one JSON body."""
    return Answer(status, {"content-type": "application/json; charset=UTF-8"}, json.dumps(event).encode())


def streamed(*events: Json) -> Answer:
    """An answer that is a stream."""
    return Answer(200, {"content-type": "text/event-stream"}, sse(*events))


@dataclass
class Sent:
    """What left for the server, and what came back."""

    url: str
    headers: Mapping[str, str]
    body: Json
    response: ChatResponse

    @property
    def contents(self) -> list[Json]:
        """The contents of the body."""
        return cast("list[Json]", self.body["contents"])

    @property
    def config(self) -> Json:
        """The generation settings."""
        return cast("Json", self.body.get("generationConfig", {}))

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """Kind and setting of each warning but those about the model itself."""
        return [(w.kind, w.setting) for w in self.response.warnings if w.setting != "model"]

    def words(self) -> list[ModelWarning]:
        """The warnings themselves."""
        return list(self.response.warnings)


async def send(
    messages: Sequence[Msg] = HELLO,
    model: str = "gemini-2.5-flash",
    tools: list[Json] | None = None,
    tool_choice: ToolChoice | None = None,
    *,
    base_url: str | None = None,
    parameters: Json | None = None,
    legal: bool = True,
    options: Json | None = None,
    answer: Answer | None = None,
    **kwargs: Any,
) -> Sent:
    """Make one call through the public class; the body is checked against the rules of the API."""
    script = Script([answer or whole(STOP)])
    credential = GeminiCredential(api_key=KEY, **({"base_url": base_url} if base_url else {}))
    chat = GeminiChatModel(
        credential,
        model,
        GeminiChatModel.Parameters(**parameters) if parameters else None,
        stream=False,
        transport=script,
        **(options or {}),
    )
    response = await chat(list(messages), tools, tool_choice, **kwargs)
    assert isinstance(response, ChatResponse)
    request = script.requests[0]
    body = json.loads(request.body)
    if legal:
        assert violations_of("gemini", body, model) == []
    return Sent(request.url, request.headers, body, response)


def tool(name: str, parameters: Json | None = None, description: str = "Looks.") -> Json:
    """A tool with one optional city, or with these parameters."""
    default = {"type": "object", "properties": {"city": {"type": "string"}}}
    function = {
        "name": name,
        "description": description,
        "parameters": parameters if parameters is not None else default,
    }
    return {"type": "function", "function": function}
