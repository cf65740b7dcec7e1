"""Qwen's Omni models for voice conversations. Facts: docs/protocols/realtime-dashscope.md#sessionupdate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from ...application.model.parameters import TopK, TopP
from ...application.realtime.model import RealtimeModelBase, RealtimeParameters
from ...domain.errors import ServerError
from ...domain.realtime.settings import RealtimeFacts
from ...ports.codec.realtime import RealtimeCodec, RealtimeSetup, RealtimeTraits
from ..dialects.openai_realtime.model import OpenAIRealtimeCodec
from ..dialects.openai_realtime.profile import RealtimeProfile

__all__ = ["DASHSCOPE_REALTIME", "DashScopeRealtimeModel", "DashScopeRealtimeParameters"]

_SENT_AS_NAMED = (
    "temperature",
    "max_tokens",
    "top_p",
    "top_k",
    "repetition_penalty",
    "presence_penalty",
    "seed",
    "enable_search",
    "search_options",
    "smooth_output",
    "translation",
)

DASHSCOPE_REALTIME = RealtimeProfile(
    provider="dashscope",
    facts=RealtimeFacts(truncates=False),
    traits=RealtimeTraits(ends_when_cancelled=True, input_rate=16_000),
    layout="flat",
    modalities=("modalities", ("text", "audio"), ("text",)),
    nested_tools=True,
    pcm=("pcm", "pcm"),
    fields={name: name for name in _SENT_AS_NAMED},
    images="buffer",
    own_ids=False,
    seeds="instructions",
    output_text="text",
    names_response=False,
    finish="session.finish",
    fatal={"server_error": ServerError},
)
"""The differences from OpenAI."""


class DashScopeRealtimeParameters(RealtimeParameters):
    """Parameters of a session. Facts: docs/protocols/realtime-dashscope.md#sessionupdate."""

    top_p: TopP = None
    top_k: TopK = None
    repetition_penalty: float | None = Field(
        default=None, gt=0, title="Repetition penalty", description="Above 1 repeats less."
    )
    presence_penalty: float | None = Field(
        default=None, ge=-2, le=2, title="Presence penalty", description="Above 0 changes the subject more."
    )
    seed: int | None = Field(default=None, ge=0, title="Seed", description="The same seed gives similar replies.")
    enable_search: bool | None = Field(default=None, title="Web search", description="Not together with tools.")
    search_options: dict[str, Any] | None = Field(  # Any: the provider's JSON
        default=None, title="Search options", description="`{'enable_source': true}` lists what was found."
    )
    smooth_output: bool | None = Field(
        default=None, title="Spoken style", description="Whether replies sound like speech instead of writing."
    )
    translation: dict[str, Any] | None = Field(  # Any: the provider's JSON
        default=None, title="Translation", description="`{'language': …}`, for LiveTranslate models."
    )


class _Codec(OpenAIRealtimeCodec):
    def facts(self, setup: RealtimeSetup) -> RealtimeFacts:
        """A translation has no tools, and counts its tokens over the whole session."""
        facts = super().facts(setup)
        if setup.parameters.get("translation") is None:
            return facts
        return replace(facts, tools=False, text_input=False, manual_turns=False, usage_scope="session")


class DashScopeRealtimeModel(RealtimeModelBase):
    """Speech to speech with Qwen-Omni, and speech translation with LiveTranslate models."""

    Parameters = DashScopeRealtimeParameters
    provider: ClassVar[str] = "dashscope"
    takes_any_key: ClassVar[bool] = False
    type = "dashscope_realtime"
    codec: ClassVar[RealtimeCodec] = _Codec(DASHSCOPE_REALTIME)
