"""The codec of the protocol, and the base class of the models that speak it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from ....domain.errors import ModelError
from ....domain.realtime.settings import RealtimeFacts
from ....ports.codec.realtime import RealtimeProtocol, RealtimeSetup
from ....ports.websocket import WebSocketRequest
from ...wire.errors import error_of_answer, read_error
from .profile import RealtimeProfile
from .protocol import OpenAIRealtimeProtocol

__all__ = ["OpenAIRealtimeCodec"]


class OpenAIRealtimeCodec:
    """The protocol with the differences of one server; those of servers with the beta's names where they are asked for.

    Args:
        profile: the server's dialect.
        beta: the dialect that the parameter `wire` chooses with `"beta"`.
    """

    def __init__(self, profile: RealtimeProfile, beta: RealtimeProfile | None = None) -> None:
        self._profile = profile
        self._beta = beta

    def facts(self, setup: RealtimeSetup) -> RealtimeFacts:
        """What a session can do; a model without tools, text output or manual turns says so on its card."""
        card, facts = setup.card, self._profile_of(setup).facts
        if not card.known:
            return facts
        return replace(
            facts,
            tools=facts.tools and card.supports_tools,
            image_input=facts.image_input and card.accepts("image/jpeg"),
            manual_turns=facts.manual_turns and "manual" in card.turn_detection,
        )

    def handshake(self, setup: RealtimeSetup) -> WebSocketRequest:
        """Where the sessions of the model are, or the call that is joined."""
        call_id = setup.parameters.get("call_id")
        query = f"call_id={quote(str(call_id), safe='')}" if call_id else f"model={quote(setup.model, safe='')}"
        url = setup.endpoint.url(f"/realtime?{query}")
        if url.startswith("http"):
            url = "ws" + url.removeprefix("http")
        return WebSocketRequest(url, {**setup.endpoint.headers, **setup.extra_headers})

    def new_protocol(self, setup: RealtimeSetup) -> RealtimeProtocol:
        """A session."""
        values = {name: value for name, value in setup.parameters.items() if name not in ("call_id", "wire")}
        return OpenAIRealtimeProtocol(replace(setup, parameters=values), self._profile_of(setup))

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that a handshake answered with this status means."""
        return error_of_answer(status, read_error(body))

    def _profile_of(self, setup: RealtimeSetup) -> RealtimeProfile:
        beta = self._beta is not None and setup.parameters.get("wire") == "beta"
        return self._beta if beta and self._beta is not None else self._profile
