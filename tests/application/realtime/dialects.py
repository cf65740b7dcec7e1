"""The five dialects of voice conversations, so that one test is about all of them.

A dialect says the same things as every other one, in its own frames: a user's turn, a reply in pieces, a call, an end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from modelport.error import AuthenticationError, InvalidRequestError, NotFoundError, RateLimitError
from modelport.ports.websocket import WebSocketRejected
from modelport.realtime import OpenAIRealtimeModel

from . import support
from .support import Json, Line, Talk, content, live_sound, live_words

__all__ = ["DIALECTS", "Dialect", "dialects"]

Frames = list[Json]
_BETA = {
    ".output_audio": ".audio",
    ".output_text": ".text",
    "conversation.item.added": "conversation.item.created",
}


@dataclass(frozen=True)
class Dialect:
    """One provider's way to say things.

    Attributes:
        name: of the dialect.
        provider: the key in `support.MODELS`.
        options: of `Talk`.
        refusals: how a set-up is refused: what the server does, and the error that it is.
        asks: the frames by which the client asks for a reply.
    """

    name: str
    provider: str
    options: Mapping[str, Any] = field(default_factory=dict)
    refusals: Mapping[str, tuple[Callable[[Line], None], type[Exception]]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def talk(self, **options: Any) -> Talk:
        """A session over this dialect."""
        return Talk(self.provider, **{**self.options, **options})

    @property
    def live(self) -> bool:
        return self.provider == "gemini"

    def _named(self, frames: Frames) -> Frames:
        if self.name not in ("beta", "dashscope"):
            return frames
        text = json.dumps(frames)
        for present, past in _BETA.items():
            text = text.replace(present, past)
        named: Frames = json.loads(text)
        return named

    def heard(self, user: str, text: str, previous: str | None = None) -> Frames:
        """A turn of the user, with its transcript."""
        return [*self.turn(user, previous), *self.transcript(user, text)]

    def turn(self, user: str, previous: str | None = None) -> Frames:
        """The user has spoken; there is no transcript yet."""
        return [] if self.live else [support.speech(user), support.committed(user, previous)]

    def transcript(self, user: str, text: str) -> Frames:
        """What the user said."""
        return [content(inputTranscription={"text": text})] if self.live else [support.heard(user, text)]

    def begins(self, reply: str, after: str | None = None) -> Frames:
        """A reply begins; its id is `reply`, that of its item `a-` and the same."""
        return [] if self.live else self._named([support.created(reply), support.item(f"a-{reply}", after)])

    def says(self, reply: str, text: str) -> Frames:
        """Some words of it."""
        return [live_words(text)] if self.live else self._named([support.words(text, f"a-{reply}", reply)])

    def sounds(self, reply: str, pcm: bytes) -> Frames:
        """Some audio of it."""
        return [live_sound(pcm)] if self.live else self._named([support.sound(pcm, f"a-{reply}", reply)])

    def calls(self, reply: str, call: str) -> Frames:
        """A tool call in it."""
        return [support.live_call(call)] if self.live else support.call(call, f"f-{call}", response=reply)

    def ends(self, reply: str, *, calling: bool = False) -> Frames:
        """The end of it; with Gemini, calls and their results are within one turn."""
        if self.live:
            return [] if calling else [support.END]
        frame = support.done(reply)
        if self.name == "xai":
            frame["usage"] = frame["response"].pop("usage")
        return [frame]

    def interrupts(self, user: str) -> Frames:
        """The user's speech cuts a reply short."""
        return [content(interrupted=True)] if self.live else [support.speech(user)]

    def cancelled(self, reply: str) -> Frames:
        """The reply that was cut short is over."""
        if self.live:
            return [support.END]
        if self.name == "dashscope":
            item = {"id": f"a-{reply}", "type": "message"}
            return [{"type": "response.output_item.done", "response_id": reply, "item": item}]
        return [support.done(reply, "cancelled")]

    async def grows_old(self, talk: Talk) -> float:
        """The connection comes within a minute and a half of its end; returns the seconds to `go_away`."""
        limit = talk.model.card.max_session_duration_s
        if self.live:
            return 0.0
        assert limit is not None
        talk.clock.advance(limit - 90)
        await support.settle()
        return 31.0

    async def go_away(self, talk: Talk, seconds: float | None = None) -> None:
        """The connection nears its end: the server says so, or its known duration is almost over."""
        if self.live:
            await talk.say({"goAway": {"timeLeft": "50s"}})
            return
        limit = talk.model.card.max_session_duration_s
        assert limit is not None
        talk.clock.advance(limit - 59 if seconds is None else seconds)
        await support.settle()

    def asks(self, frame: Json) -> bool:
        """Whether a frame of the client's asks for a reply."""
        if not self.live:
            return bool(frame["type"] == "response.create")
        inner = frame.get("clientContent") or frame.get("realtimeInput") or {}
        return inner.get("turnComplete") is True or "text" in inner or "activityEnd" in inner

    def greets(self, line: Line) -> None:
        """Accept the set-up."""
        support.greeting(self.provider)(line)


def _error(cls: str, message: str, **fields: Any) -> Callable[[Line], None]:
    def refuse(line: Line) -> None:
        line.say({"type": "session.created", "session": {"id": "s"}})
        line.say({"type": "error", "error": {"type": cls, "message": message, **fields}})

    return refuse


def _close(code: int, reason: str) -> Callable[[Line], None]:
    return lambda line: line.hang_up(code, reason)


def _status(status: int, body: bytes) -> Callable[[Line], None]:
    def refuse(line: Line) -> None:
        raise WebSocketRejected(status, {}, body)

    return refuse


_KEY = _status(401, b'{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}')
_OPENAI = {
    "an error event": (_error("invalid_request_error", "no such voice", param="session.voice"), InvalidRequestError),
    "a key refused by a status": (_KEY, AuthenticationError),
    "a key refused by an event": (
        _error("invalid_request_error", "Incorrect API key", code="invalid_api_key"),
        AuthenticationError,
    ),
    "an unknown model": (_status(404, b'{"error":{"message":"no such model"}}'), NotFoundError),
}
DIALECTS = (
    Dialect("openai", "openai", {}, _OPENAI),
    Dialect(
        "beta",
        "openai",
        {"parameters": OpenAIRealtimeModel.Parameters(wire="beta")},
        {
            **_OPENAI,
            "a beta that is no more": (
                lambda line: line.hang_up(4000, "invalid_request_error.beta_api_shape_disabled"),
                InvalidRequestError,
            ),
        },
    ),
    Dialect("xai", "xai", {}, _OPENAI),
    Dialect(
        "dashscope",
        "dashscope",
        {},
        {
            **_OPENAI,
            "an unknown voice": (
                _error("invalid_request_error", "Voice 'x' is not supported."),
                InvalidRequestError,
            ),
            "too many requests": (_status(429, b'{"code":"Throttling","message":"slow down"}'), RateLimitError),
        },
    ),
    Dialect(
        "gemini",
        "gemini",
        {},
        {
            "a value": (
                _close(1007, "Request contains an invalid argument."),
                InvalidRequestError,
            ),
            "a key": (_close(1008, "API key not valid. Please pass a valid API key."), AuthenticationError),
            "a key refused by a status": (_status(401, b'{"error":{"status":"UNAUTHENTICATED"}}'), AuthenticationError),
            "an unknown model": (_close(1008, "models/m is not found for API version v1beta"), NotFoundError),
        },
    ),
)
"""By what they say; Azure's own service has that of `openai`, Azure Voice Live and clones that of `beta`."""


def dialects(*names: str) -> list[Dialect]:
    """These, or all."""
    return [dialect for dialect in DIALECTS if not names or dialect.name in names]
