"""What differs between the providers that speak Chat Completions, as one row of data each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ....application.codec import ChatRequest
from ....domain.responses import ModelWarning
from ...wire.errors import COMMON_CODES, ErrorCodes

__all__ = ["MediaRules", "OpenAIChatRow", "ThinkingFields"]

ThinkingFields = Callable[[ChatRequest], tuple[dict[str, Any], list[ModelWarning]]]
"""Body fields that switch thinking, and what could not be done (Any: the provider's JSON)."""


def effort_when_thinking(request: ChatRequest) -> tuple[dict[str, Any], list[ModelWarning]]:
    """OpenAI's own way: an effort is all there is, and it stands for thinking."""
    effort = request.parameters.get("reasoning_effort")
    return ({"reasoning_effort": effort} if effort else {}), []


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRules:
    """Which parts a user message may hold."""

    images: bool = True
    image_urls: bool = True
    """Whether the server fetches image URLs itself."""
    audio_formats: Mapping[str, str] = field(
        default_factory=lambda: {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}
    )
    """MIME type to the wire's format word; empty when the API takes no audio."""
    audio_urls: bool = False
    audio_data_uri: bool = False
    """Whether inline audio is a `data:` URI instead of bare base64."""
    video: bool = False
    video_urls: bool = False
    documents: bool = True
    """Whether PDF is taken, as a `file` part."""
    in_tool_results: bool = False
    """Whether a tool message may hold image parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIChatRow:
    """One provider of the dialect."""

    provider: str
    fields: Mapping[str, str] = field(
        default_factory=lambda: {
            "max_tokens": "max_completion_tokens",
            "temperature": "temperature",
            "top_p": "top_p",
            "top_k": "top_k",
        }
    )
    """Our parameter to the wire's field, for those that are sent as they are."""
    thinking: ThinkingFields = effort_when_thinking
    thinks: Callable[[ChatRequest], bool] = lambda request: bool(request.parameters.get("thinking_enable"))
    """Whether the model will think in this call, where that restricts the tool choice."""
    replay_reasoning: Literal["never", "tool_calls", "always"] = "never"
    """On which assistant messages `reasoning_content` goes back."""
    reasoning_placeholder: str | None = None
    """What stands for reasoning that is not known, e.g. of another provider's turn."""
    media: MediaRules = MediaRules()
    message_names: bool = True
    text_only_as_string: bool = True
    empty_content: str | None = None
    """The content of an assistant message that has tool calls and no text."""
    max_id_length: int = 64
    codes: ErrorCodes = field(default_factory=lambda: COMMON_CODES)
    stream_usage: bool = True
    """Whether usage in streams is asked for with `stream_options`."""
    audio_stream_format: str = "pcm16"
    """The only audio format that can be streamed; its chunks are raw 24 kHz mono 16-bit samples."""
    error_finish_reasons: frozenset[str] = frozenset()
    """Finish reasons that are failures of the server."""
