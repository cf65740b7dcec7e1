"""Settings of a realtime session that all providers have in common, and what a provider can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["RealtimeFacts", "Transcription", "TurnDetection"]


class TurnDetection(BaseModel):
    """Who decides when the user's turn begins and ends.

    `server_vad` and `semantic_vad` leave it to the server; with `manual` the application calls `commit_audio`.
    A value that the provider does not have is not sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["server_vad", "semantic_vad", "manual"] = Field(
        default="server_vad", title="Mode", description="By silence, by what was said, or by the application."
    )
    threshold: float | None = Field(
        default=None, ge=-1, le=1, title="Threshold", description="How loud speech has to be."
    )
    silence_ms: int | None = Field(
        default=None, ge=0, title="Silence (ms)", description="Silence that ends a turn, in milliseconds."
    )
    prefix_ms: int | None = Field(
        default=None, ge=0, title="Prefix (ms)", description="Audio kept from before the speech, in milliseconds."
    )
    idle_timeout_ms: int | None = Field(
        default=None,
        gt=0,
        title="Idle timeout (ms)",
        description="Silence after which the model speaks unasked, in milliseconds.",
    )
    eagerness: Literal["low", "medium", "high", "auto"] | None = Field(
        default=None, title="Eagerness", description="How early `semantic_vad` takes a turn for complete."
    )

    @property
    def manual(self) -> bool:
        """Whether the application ends the turns."""
        return self.mode == "manual"


class Transcription(BaseModel):
    """How the user's speech is transcribed; the provider's default model when none is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str | None = Field(default=None, title="Model", description="By default the provider's own.")
    language: str | None = Field(default=None, title="Language", description="What is spoken, such as `en`.")
    prompt: str | None = Field(default=None, title="Prompt", description="Words and names that may be said.")


@dataclass(frozen=True, slots=True)
class RealtimeFacts:
    """What a provider's sessions can do; what they cannot raises `UnsupportedFeatureError` before sending.

    Attributes:
        text_input, image_input: whether typed text and images are taken.
        manual_turns: whether the application may end turns itself.
        cancels: whether a reply can be stopped on the server.
        truncates: whether the server can be given the part of a reply that was heard.
        text_output: whether the model can answer with text alone.
        tools: whether the model calls tools.
        seeds_history: whether a past conversation can be given.
        updates: whether instructions and tools can be changed later.
        resumes: whether a session goes on after its connection ended, without its history being sent again.
        usage_scope: what the input tokens of a reply count: new input (`turn`), the whole context again (`context`),
            or everything since the session began (`session`).
    """

    text_input: bool = True
    image_input: bool = True
    manual_turns: bool = True
    cancels: bool = True
    truncates: bool = True
    text_output: bool = True
    tools: bool = True
    seeds_history: bool = True
    updates: bool = True
    resumes: bool = False
    usage_scope: Literal["turn", "context", "session"] = "context"
