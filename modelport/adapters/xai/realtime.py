"""xAI's voice agents: OpenAI's realtime protocol with exceptions.

Facts: docs/protocols/realtime-xai.md#sessionupdate, docs/protocols/realtime-xai.md#turns-and-interruption.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ...application.realtime.model import RealtimeModelBase, RealtimeParameters
from ...domain.errors import ModelConnectionError
from ...domain.realtime.settings import RealtimeFacts
from ...ports.codec.realtime import RealtimeCodec, RealtimeTraits
from ..dialects.openai_realtime.model import OpenAIRealtimeCodec
from ..dialects.openai_realtime.profile import RealtimeProfile

__all__ = ["XAI_REALTIME", "XAIRealtimeModel", "XAIRealtimeParameters"]

XAI_REALTIME = RealtimeProfile(
    provider="xai",
    facts=RealtimeFacts(image_input=False, text_output=False, usage_scope="turn"),
    traits=RealtimeTraits(ends_when_interrupted=True, commit_replies=True, acknowledges=False),
    layout="mixed",
    modalities=None,
    fields={"reasoning_effort": "reasoning"},
    transcription_model="grok-transcribe",
    manual_is_object=True,
    images=None,
    own_ids=False,
    usage_on_frame=True,
    fatal={"max_duration": ModelConnectionError},
)
"""The differences from OpenAI."""


class XAIRealtimeParameters(RealtimeParameters):
    """Parameters of a session. Facts: docs/protocols/realtime-xai.md#sessionupdate."""

    speed: float | None = Field(default=None, ge=0.7, le=1.5, title="Speed", description="1 is normal.")
    reasoning_effort: Literal["high", "none"] | None = Field(
        default=None, title="Reasoning effort", description="How much the model thinks before it answers."
    )


class XAIRealtimeModel(RealtimeModelBase):
    """Speech to speech with Grok's voice models; they always speak."""

    Parameters = XAIRealtimeParameters
    provider: ClassVar[str] = "xai"
    type = "xai_realtime"
    codec: ClassVar[RealtimeCodec] = OpenAIRealtimeCodec(XAI_REALTIME)
