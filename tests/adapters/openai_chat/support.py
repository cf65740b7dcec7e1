"""What the tests of the Chat Completions providers share: a scripted transport, and an answer read from bytes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from modelport.adapters.dialects.openai_chat.profile import OpenAIChatProfile
from modelport.adapters.dialects.openai_chat.request import OpenAIChatCodec
from modelport.application.call.arguments import parameter_values
from modelport.credential import CredentialBase
from modelport.domain.chat.fold import ChatFold
from modelport.domain.message.blocks import ContentBlock, ProviderData
from modelport.domain.message.responses import ChatResponse
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    HintBlock,
    Msg,
    SystemMsg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    UserMsg,
)
from modelport.model import ChatModelBase
from modelport.ports.codec.base import Endpoint
from modelport.ports.codec.chat import ChatRequest
from modelport.ports.codec.rendering import Rendered
from modelport.ports.http import HttpRequest
from modelport.testing.servers.strict import violations_of

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
    responses: list[ChatResponse] = [response async for response in answer]
    return responses[-1]


async def asked(model: ChatModelBase, msgs: list[Msg] | None = None, **call: Any) -> ChatResponse:  # Any: of a call
    """The response of one call."""
    return await last(await model(msgs or hello(), **call))


def decoded(
    profile: OpenAIChatProfile, data: bytes, cuts: Iterable[int] = (), tools: Sequence[Json] = ()
) -> ChatResponse:
    """A streamed answer, read as the engine reads it, delivered in pieces cut at these places.

    Raises the failure that the stream holds, with `partial`.
    """
    codec = OpenAIChatCodec(profile)
    call = codec.encode(ChatRequest(Endpoint("http://x"), "m", Rendered([]), stream=True, tools=tools))
    framer, decoder, fold = call.new_framer(), call.new_decoder(), ChatFold(profile.provider, "m")
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
    return [data[start:end] for start, end in pairwise(places)]


def on_tape(provider: str, scenario: str, index: int = 0) -> bytes:
    """The bytes of an answer on a cassette."""
    path = Path(__file__).parents[3] / "fixtures" / "cassettes" / provider / f"{scenario}.yaml"
    interaction = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"][index]
    text: str = interaction["response"]["body"]["string"]
    return text.encode()


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
    skipped = {"created_at", "finished_at", "suggested_rules", "state"} | (
        {"id"} if block.type != "tool_call" else set()
    )
    return block.model_dump(exclude=skipped)


@dataclass(frozen=True)
class Provider:
    """A provider under test: its classes, and the validator of its bodies."""

    target: str
    model_class: type[ChatModelBase]
    credential: CredentialBase
    disputed: Mapping[str, str] = field(default_factory=dict)
    """By model a rule of the validator that its card contradicts."""

    def model(self, name: str, transport: Scripted, *, stream: bool = False, **fields: Any) -> ChatModelBase:
        """A model without retries; `fields` are options of the model or its parameters (Any: of either)."""
        options = {key: fields.pop(key) for key in ("card_checks", "formatter", "on_unsupported") if key in fields}
        parameters = self.model_class.Parameters(**fields)
        return self.model_class(
            self.credential, name, parameters, stream, transport=transport, max_retries=0, **options
        )

    async def sent(
        self, name: str, msgs: list[Msg] | None = None, call: Json | None = None, **fields: Any
    ) -> tuple[Json, list[tuple[str, str]]]:
        """The body of a call, which must be legal, and its warnings about what was dropped or changed."""
        transport = Scripted()
        response = await asked(self.model(name, transport, **fields), msgs, **(call or {}))
        (body,) = transport.bodies
        violations = [each for each in violations_of(self.target, body, name) if each.rule != self.disputed.get(name)]
        assert violations == []
        warnings = [(each.kind, each.setting) for each in response.warnings]
        return body, [each for each in warnings if each[0] in ("dropped", "changed", "unsupported")]

    def refuses_force(self, name: str, *asking: str, **fields: Any) -> bool:  # Any: parameters
        """Whether no request to that model forces a call: it always thinks, or the caller's parameters ask it to."""
        model = self.model(name, Scripted(), **fields)
        card = model.card
        sent, _ = parameter_values(model.parameters, card, "on")
        if card.tool_choice.with_thinking or card.thinking is None:
            return False
        return not card.thinking.can_disable or any(map(sent.get, asking))


def foreign_history() -> list[Msg]:
    """A conversation that other providers took part in, with everything that may stand in one."""

    def media(media_type: str) -> DataBlock:
        return DataBlock(source=Base64Source(data=PIXEL, media_type=media_type))

    def thought(text: str, provider: str | None = None) -> ThinkingBlock:
        owner = ProviderData(provider=provider, data={"signature": "c2ln"}) if provider else None
        return ThinkingBlock(thinking=text, provider_data=owner)

    def calling(*pairs: tuple[str, str], text: str = "") -> list[Any]:  # Any: blocks
        blocks: list[Any] = [ToolCallBlock(id=one, name=name, input='{"city":"Bo"}') for one, name in pairs]
        return [TextBlock(text=text), *blocks]

    results: list[Any] = [
        ToolResultBlock(id="toolu_01", name="get_weather", output="rain"),
        ToolResultBlock(id="functions.get time:0", name="get time!", output=[TextBlock(text="x"), media("image/png")]),
    ]
    kinds = ("image/png", "image/jpeg", "audio/wav", "audio/mpeg", "video/mp4", "application/pdf", "application/zip")
    return [
        SystemMsg(name="system", content="Be brief."),
        UserMsg(name="Zoë", content=[TextBlock(text="Look:"), *(media(kind) for kind in kinds)]),
        AssistantMsg(name="helper", content=[thought("secret one", "anthropic"), TextBlock(text="I see.")]),
        UserMsg(name="user", content=[TextBlock(text="  "), TextBlock(text="And now?")]),
        AssistantMsg(
            name="helper",
            content=[
                thought("secret two", "gemini"),
                *calling(("toolu_01", "get_weather"), ("functions.get time:0", "get time!"), text="Asking."),
                *results,
                thought("secret three"),
                *calling(("toolu_01", "get_weather")),
                ToolResultBlock(id="toolu_01", name="get_weather", output=""),
                HintBlock(hint="Stay brief."),
                ToolCallBlock(id="lost", name="get_weather", input="{"),
                ToolResultBlock(id="orphan", name="get_weather", output="?"),
            ],
        ),
        AssistantMsg(name="helper", content=[thought("secret four", "openai"), media("image/png")]),
        SystemMsg(name="system", content="Be kind."),
        UserMsg(name="user", content="Thanks."),
    ]
