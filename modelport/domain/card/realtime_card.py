"""The cards of models for voice conversations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from .cards import ANYTHING, BaseCard, CardKind
from .form import FormRules

__all__ = ["RealtimeModelCard"]


class RealtimeModelCard(BaseCard):
    """A model of voice conversations. Rates are in samples per second, durations in seconds.

    Attributes:
        input_sample_rates, output_sample_rates: the rates the wire takes and gives, the default first.
        max_audio_turns, max_audio_duration_s: how much of the past the model keeps as audio.
        max_session_duration_s: after which the server closes a session.
        turn_detection: the modes of `TurnDetection` that it has.
    """

    kind: ClassVar[CardKind] = "realtime"

    type: Literal["realtime_model"] = "realtime_model"
    input_types: list[str] = Field(default_factory=lambda: ["text/plain", "audio/pcm"])
    output_types: list[str] = Field(default_factory=lambda: ["text/plain", "audio/pcm"])
    input_sample_rates: list[int] = Field(default_factory=list)
    output_sample_rates: list[int] = Field(default_factory=list)
    voices: list[str] = Field(default_factory=list)
    supports_tools: bool = True
    max_context_tokens: int | None = Field(default=None, gt=0)
    max_audio_turns: int | None = Field(default=None, gt=0)
    max_audio_duration_s: int | None = Field(default=None, gt=0)
    max_session_duration_s: int | None = Field(default=None, gt=0)
    turn_detection: list[Literal["server_vad", "semantic_vad", "manual"]] = Field(
        default=["server_vad", "semantic_vad", "manual"]
    )

    @classmethod
    def permissive(cls, name: str, base_schema: Mapping[str, Any] | None = None) -> RealtimeModelCard:
        """The card of a realtime model without one."""
        card = cls(name=name, label=name, input_types=list(ANYTHING), output_types=list(ANYTHING), known=False)
        return card.with_form(base_schema or {})

    def _form_rules(self) -> FormRules:
        return FormRules(overrides=self.given_overrides, choices={"voice": self.voices})
