"""What differs between the providers that speak Chat Completions, as one value each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from ....domain.records import record
from ....domain.structured.native_output import OPENAI_NATIVE, NativeOutput
from ....domain.structured.schema_rules import OPENAI_TOOL, SchemaRules
from ...wire.words.error_words import COMMON_CODES, ErrorCodes
from .thinking import ThinkingRule, effort_only

if TYPE_CHECKING:
    from ....domain.card.capabilities import ToolChoiceFacts
    from ...wire.errors import ErrorFacts

__all__ = ["MediaRules", "OpenAIChatProfile"]


@record(frozen=True, slots=True, kw_only=True)
class MediaRules:
    """Which parts a user message may hold."""

    images: bool = True
    image_types: frozenset[str] = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
    """Which images are taken; others are announced in text."""
    image_urls: bool = True
    """Whether the server fetches image URLs itself."""
    audio_formats: Mapping[str, str] = field(default_factory=lambda: {"audio/wav": "wav", "audio/mpeg": "mp3"})
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
    own_schemes: frozenset[str] = frozenset()
    """URL schemes of files stored at the provider, e.g. `ms`; they are sent unchanged."""
    max_url_length: int | None = None
    """Longer URLs are fetched by this library."""


@record(frozen=True, slots=True, kw_only=True)
class OpenAIChatProfile:
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
    path: str = "/chat/completions"
    """The path below the base URL; `{model}` stands for the model's name."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Body fields of every request (Any: the provider's JSON); those that the caller gives replace them."""
    tool_stream_body: Mapping[str, Any] = field(default_factory=dict)
    """Body fields of streamed requests with tools (Any: as above)."""
    temperature_range: tuple[float, float] | None = None
    """The temperatures that the server accepts; others are replaced by the nearest, with a warning."""
    thinking: ThinkingRule = effort_only
    """How thinking is switched, and whether the model will think, which may restrict sampling and tool choice."""
    native_output: NativeOutput = OPENAI_NATIVE
    """Which structured-output features the API has, for all its models."""
    tool_rules: SchemaRules = OPENAI_TOOL
    """The subset of JSON Schema that the parameters of tools may use."""
    tools: bool = True
    """Whether any model of the provider calls tools."""
    tool_choice: ToolChoiceFacts | None = None
    """The tool choices that the server accepts whatever the model is; a card may only narrow them."""
    choice_of_none: bool = True
    """Whether the tool choice `none` is obeyed; if not, the tools are left out in its place."""
    replay_reasoning: Literal["never", "tool_calls", "always"] = "never"
    """On which assistant messages `reasoning_content` is sent back, for models whose card lists thinking as input."""
    replay_unknown: bool = True
    """Whether it is also sent back to models without a card."""
    reasoning_placeholder: str | None = None
    """Replaces unknown reasoning (e.g. another provider's) on a turn with tool calls."""
    media: MediaRules = MediaRules()
    reasoning_form: Literal["field", "tags", "parts"] = "field"
    """Where reasoning stands, also when it is sent back: a field, `<think>` before the text, or parts of the content.

    All fields and parts are read in any case; tags only where the provider is known to write them.
    """
    cumulative_text: bool = False
    """Whether pieces of a stream may repeat all that was said before."""
    kept_fields: tuple[str, ...] = ()
    """Fields of an answer's message that go back with it unchanged, such as `encrypted_content`."""
    message_names: bool = True
    text_only_as_string: bool = True
    empty_content: str | None = None
    """The content of an assistant message that has tool calls and no text."""
    max_id_length: int = 64
    id_length: int | None = None
    """The length that ids of tool calls must have exactly, of letters and digits alone; `None` where it is free."""
    one_system_message: bool = False
    """Whether only one system message is accepted, and only at the start."""
    cache_control: bool = False
    """Whether parts may have `cache_control`, which keeps the prompt up to them."""
    codes: ErrorCodes = field(default_factory=lambda: COMMON_CODES)
    stream_usage: bool = True
    """Whether usage in streams is asked for with `stream_options`."""
    audio_stream_format: str = "pcm16"
    """The audio format to ask for in streams."""
    raw_audio_formats: frozenset[str] = frozenset({"pcm16"})
    """Formats whose data are bare 24 kHz mono 16-bit samples, even if they are named `wav`."""
    audio_needs_stream: bool = False
    """Whether spoken answers exist only as streams."""
    keeps_audio: bool = True
    """Whether an earlier spoken answer can be sent by its id for a while."""
    refine_error: Callable[[ErrorFacts], ErrorFacts] | None = None
    """Reads provider-specific fields of an error body."""
    error_finish_reasons: frozenset[str] = frozenset()
    """Finish reasons that are failures of the server."""
