"""What differs between the servers that speak by `/audio/speech`, as one value each.

Facts: docs/protocols/openai-tts.md#compatible-servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["SpeechData", "SpeechProfile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechProfile:
    """One server of the dialect."""

    path: str = "/audio/speech"
    """The path below the base URL."""
    text_field: str = "input"
    voice_field: str = "voice"
    samples: str | None = "pcm"
    """The format to ask for where the caller wants samples: bare ones, or `wav`; `None` to ask for none."""
    default_format: str = "mp3"
    """What the server sends where it is asked for no format."""
    events: Mapping[str, Any] = field(default_factory=lambda: {"stream_format": "sse"})
    """Body fields that ask for events, for models whose card says that they can (Any: the provider's JSON)."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Body fields of every request (Any: the provider's JSON); those that the caller gives replace them."""


class SpeechData(BaseModel):
    """`SpeechProfile`; fields that are left out have OpenAI's values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(default="/audio/speech", pattern=r"^/")
    text_field: str = "input"
    voice_field: str = "voice"
    samples: str | None = "pcm"
    default_format: str = "mp3"
    events: dict[str, Any] = Field(default_factory=lambda: {"stream_format": "sse"})  # Any: as below
    extra_body: dict[str, Any] = Field(default_factory=dict)  # Any: the provider's JSON

    def profile(self) -> SpeechProfile:
        """The profile that codecs read."""
        return SpeechProfile(**self.model_dump())
