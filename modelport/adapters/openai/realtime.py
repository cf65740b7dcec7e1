"""OpenAI's models for voice conversations, also on Azure and on servers with the names of the beta."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ...application.realtime.model import RealtimeModelBase, RealtimeParameters
from ...ports.codec.realtime import RealtimeCodec
from ..dialects.openai_realtime.model import OpenAIRealtimeCodec
from ..dialects.openai_realtime.profile import BETA, OPENAI

__all__ = ["OpenAIRealtimeModel", "OpenAIRealtimeParameters"]


class OpenAIRealtimeParameters(RealtimeParameters):
    """Parameters of a session. Facts: docs/protocols/realtime-openai.md#sessionupdate."""

    speed: float | None = Field(default=None, ge=0.25, le=1.5, title="Speed", description="1 is normal.")
    noise_reduction: Literal["near_field", "far_field"] | None = Field(
        default=None, title="Noise reduction", description="For a microphone that is near, or far."
    )
    reasoning_effort: Literal["minimal", "low", "medium", "high", "xhigh"] | None = Field(
        default=None, title="Reasoning effort", description="How much the model thinks before it answers."
    )
    truncation: Literal["auto", "disabled"] | None = Field(
        default=None, title="Truncation", description="Whether the server drops old turns of a full context."
    )
    parallel_tool_calls: bool | None = Field(
        default=None, title="Parallel tool calls", description="Whether one reply may call several tools."
    )
    call_id: str | None = Field(
        default=None, title="Call id", description="Of a WebRTC or SIP call to join; its audio is not on this socket."
    )
    wire: Literal["ga", "beta"] = Field(
        default="ga", title="Wire", description="`beta` for servers with the event names of the beta."
    )


class OpenAIRealtimeModel(RealtimeModelBase):
    """Speech to speech with OpenAI's realtime models.

    On Azure use `base_url="https://<resource>.openai.azure.com/openai/v1"`; on Azure Voice Live, and other servers that
    kept the beta's names, set the parameter `wire` to `beta`.
    """

    Parameters = OpenAIRealtimeParameters
    provider: ClassVar[str] = "openai"
    type = "openai_realtime"
    codec: ClassVar[RealtimeCodec] = OpenAIRealtimeCodec(OPENAI, BETA)
