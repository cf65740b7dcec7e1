"""The card of a model that writes down what is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from .cards import BaseCard, CardKind

__all__ = ["STTModelCard"]

Taken = Literal["bytes", "url"]


class STTModelCard(BaseCard):
    """A speech-to-text model.

    Attributes:
        max_bytes, max_seconds: the longest audio that one request takes.
        takes: whether audio is given as bytes or as a public URL.
        asynchronous: whether a task is submitted, and asked for until it is done.
        live: the kind of protocol by which it listens live, if it does.
        live_detection: whether a live session must be configured to detect pauses; other models do it by themselves.
        streams: whether the transcript can be asked for as a stream.
        words, segments, speakers: what an answer can have besides the text.
        response_format: the form to ask for, where the model has only one that holds all of it.
    """

    kind: ClassVar[CardKind] = "stt"

    type: Literal["stt_model"] = "stt_model"
    input_types: list[str] = Field(default_factory=lambda: ["audio/*"])
    output_types: list[str] = Field(default_factory=lambda: ["text/plain"])
    max_bytes: int | None = Field(default=None, gt=0)
    max_seconds: int | None = Field(default=None, gt=0)
    takes: list[Taken] = Field(default_factory=lambda: list[Taken](("bytes",)))
    asynchronous: bool = False
    live: Literal["session", "task"] | None = None
    live_detection: bool = False
    streams: bool = False
    words: bool = False
    segments: bool = False
    speakers: bool = False
    response_format: str | None = None

    @classmethod
    def permissive(cls, name: str, base_schema: Mapping[str, Any] | None = None) -> STTModelCard:
        """The card of a speech-to-text model without one."""
        card = cls(
            name=name,
            label=name,
            takes=["bytes", "url"],
            words=True,
            segments=True,
            speakers=True,
            live="session",
            known=False,
        )
        return card.with_form(base_schema or {})
