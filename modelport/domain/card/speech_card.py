"""The cards of speech models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from .cards import BaseCard, CardKind
from .form import FormRules

__all__ = ["TTSModelCard"]


class TTSModelCard(BaseCard):
    """A speech model. `realtime` models take text while it is still being written; the first voice is the default."""

    kind: ClassVar[CardKind] = "tts"

    type: Literal["tts_model"] = "tts_model"
    output_types: list[str] = Field(default_factory=lambda: ["audio/wav"])
    realtime: bool = False
    voices: list[str] = Field(default_factory=list)
    max_characters: int | None = Field(default=None, gt=0)
    """Characters that one synthesis request takes."""
    event_stream: bool = False
    """Whether an answer over HTTP can be asked for as a stream of events, which bring the usage."""
    prompted: bool = False
    """Whether the text is read as a prompt, so that instructions stand before it; else it is read word for word."""
    takes_whole_text: bool = False
    """Whether a realtime model begins to speak only when it has all its text."""

    @classmethod
    def permissive(
        cls, name: str, base_schema: Mapping[str, Any] | None = None, *, realtime: bool = False
    ) -> TTSModelCard:
        """The card of a speech model without one."""
        return cls(name=name, label=name, realtime=realtime, known=False).with_form(base_schema or {})

    def _form_rules(self) -> FormRules:
        return FormRules(overrides=self.given_overrides, choices={"voice": self.voices})
