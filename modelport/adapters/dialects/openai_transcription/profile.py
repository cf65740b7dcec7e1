"""What differs between the servers of `/audio/transcriptions`, as one value each.

Facts: docs/protocols/speech-to-text.md#openai-files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["TranscriptionData", "TranscriptionProfile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionProfile:
    """One server of the dialect."""

    path: str = "/audio/transcriptions"
    sends_model: bool = True
    speakers_field: tuple[str, str] | None = None
    """The field that asks for speakers, and its value."""
    granularities: bool = True
    """Whether words and segments are asked for by `timestamp_granularities[]`."""
    verbose: str | None = "verbose_json"
    """The `response_format` with times; `None` where times come without asking."""
    speakers_need: str | None = None
    """The granularity that must be asked for where speakers are."""
    list_suffix: str = "[]"
    """What follows the name of a field that repeats."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The server's name of a field, where it has another."""


class TranscriptionData(BaseModel):
    """`TranscriptionProfile`; fields that are left out have OpenAI's values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(default="/audio/transcriptions", pattern=r"^/")
    sends_model: bool = True
    speakers_field: tuple[str, str] | None = None
    granularities: bool = True
    verbose: str | None = "verbose_json"
    speakers_need: str | None = None
    list_suffix: str = Field(default="[]", pattern=r"^(\[\])?$")
    names: dict[str, str] = Field(default_factory=dict)

    def profile(self) -> TranscriptionProfile:
        """The profile that codecs read."""
        return TranscriptionProfile(**self.model_dump())
