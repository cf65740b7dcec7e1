"""Gemini's models for voice conversations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from ....application.model.parameters import TopK, TopP
from ....application.realtime.model import RealtimeModelBase, RealtimeParameters
from ....domain.errors import ModelError
from ....domain.realtime.settings import RealtimeFacts
from ....ports.codec.realtime import RealtimeCodec, RealtimeProtocol, RealtimeSetup
from ....ports.websocket import WebSocketRequest
from ..errors import map_error
from .kinds import kind_of
from .protocol import GeminiLiveProtocol

__all__ = ["GeminiLiveCodec", "GeminiRealtimeModel", "GeminiRealtimeParameters"]

_PATH = "/ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContent"


class GeminiRealtimeParameters(RealtimeParameters):
    """Parameters of a session. Facts: docs/protocols/realtime-gemini.md#setup."""

    top_p: TopP = None
    top_k: TopK = None
    seed: int | None = Field(default=None, title="Seed", description="The same seed gives similar replies.")
    language: str | None = Field(default=None, title="Language", description="Of the speech, as in `en-US`.")
    thinking_budget: int | None = Field(default=None, ge=-1, title="Thinking budget", description="In tokens.")
    thinking_level: Literal["minimal", "low", "medium", "high"] | None = Field(
        default=None, title="Thinking level", description="How much 3.x models think."
    )
    include_thoughts: bool | None = Field(default=None, title="Thoughts", description="Whether they are sent.")
    affective_dialog: bool | None = Field(
        default=None, title="Affective dialog", description="Needs the version `v1alpha`."
    )
    context_compression: bool = Field(
        default=True, title="Context compression", description="Without it, a session ends after 15 minutes of audio."
    )
    api_version: Literal["v1beta", "v1alpha", "v1"] = Field(
        default="v1beta", title="API version", description="`v1alpha` for features in preview."
    )


class GeminiLiveCodec:
    """The Live API."""

    def facts(self, setup: RealtimeSetup) -> RealtimeFacts:
        """What a session can do; a reply can be stopped only where the application ends the turns."""
        facts = RealtimeFacts(
            cancels=setup.turn_detection.manual, truncates=False, updates=kind_of(setup.model).updates, resumes=True
        )
        if not setup.card.known:
            return facts
        return replace(
            facts,
            tools=setup.card.supports_tools,
            text_output=any(output.startswith("text/") for output in setup.card.output_types),
            image_input=setup.card.accepts("image/jpeg"),
        )

    def handshake(self, setup: RealtimeSetup) -> WebSocketRequest:
        """Where all sessions are; the model is in the set-up."""
        version = setup.parameters.get("api_version", "v1beta")
        url = setup.endpoint.url(_PATH.format(version=version))
        if url.startswith("http"):
            url = "ws" + url.removeprefix("http")
        return WebSocketRequest(url, {**setup.endpoint.headers, **setup.extra_headers})

    def new_protocol(self, setup: RealtimeSetup) -> RealtimeProtocol:
        """A session."""
        return GeminiLiveProtocol(setup)

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that a handshake answered with this status means."""
        return map_error(status, body)


class GeminiRealtimeModel(RealtimeModelBase):
    """Speech to speech with Gemini's Live models."""

    Parameters = GeminiRealtimeParameters
    provider: ClassVar[str] = "gemini"
    takes_any_key: ClassVar[bool] = False
    type = "gemini_realtime"
    card_folder: ClassVar[Path] = Path(__file__).parents[1] / "_models"
    codec: ClassVar[RealtimeCodec] = GeminiLiveCodec()
