"""What differs between the providers that speak Responses, as one value each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ....domain.errors import ContentFilterError, InvalidRequestError, ModelError
from ....domain.message.responses import ModelWarning
from ....domain.structured.native_output import OPENAI_NATIVE, NativeOutput
from ....domain.structured.schema_rules import OPENAI_TOOL, SchemaRules
from ....ports.codec.chat import ChatRequest
from ...wire.words.error_words import COMMON_CODES, ErrorCodes

__all__ = ["CALL_FACTS", "RESPONSES_CODES", "OpenAIResponsesProfile", "ReasoningFields", "ResponsesMedia"]

ReasoningFields = Callable[[ChatRequest], tuple[dict[str, Any], list[ModelWarning]]]
"""The `reasoning` object of a request, and what could not be done (Any: the provider's JSON)."""

CALL_FACTS = ("namespace", "caller")
"""Fields of a tool call that must be sent back with it."""

_IMAGE_FAULTS = (
    "invalid_image",
    "invalid_image_format",
    "invalid_base64_image",
    "invalid_image_url",
    "image_too_large",
    "image_too_small",
    "image_parse_error",
    "invalid_image_mode",
    "image_file_too_large",
    "unsupported_image_media_type",
    "empty_image_file",
    "failed_to_download_image",
    "image_file_not_found",
)

RESPONSES_CODES: ErrorCodes = {
    **COMMON_CODES,
    **dict.fromkeys(_IMAGE_FAULTS, InvalidRequestError),
    "data_residency_mismatch": InvalidRequestError,
    "invalid_prompt": ContentFilterError,
    "bio_policy": ContentFilterError,
    "misalignment_policy_violation": ContentFilterError,
    "image_content_policy_violation": ContentFilterError,
}
"""Codes of failed responses, which come without an HTTP status to go by."""


def always(request: ChatRequest) -> bool:
    """For every model."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsesMedia:
    """Which media the input may hold; images are taken inline and by URL everywhere."""

    image_types: frozenset[str] = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
    document_types: tuple[str, ...] = (
        "text/*",
        "application/pdf",
        "application/json",
        "application/xml",
        "application/rtf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    )
    inline_documents: bool = True
    """Whether a document may be sent as base64, not only by URL."""
    documents_in_tool_results: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIResponsesProfile:
    """One provider of the dialect."""

    provider: str
    reasoning: ReasoningFields
    encrypted_reasoning: Callable[[ChatRequest], bool] = always
    """Whether encrypted reasoning is requested, the only form that can be sent back to a server that stores nothing."""
    reasoning_keys: frozenset[str] | None = None
    """The keys of a reasoning item that are taken back; `None` for all of them."""
    minimum_tokens: int = 1
    """The smallest `max_output_tokens` that is accepted."""
    native_output: NativeOutput = OPENAI_NATIVE
    """Which structured-output features the API has, for all its models."""
    counts_tokens: bool = True
    """Whether the provider counts the tokens of a request without answering it."""
    tool_rules: SchemaRules = OPENAI_TOOL
    """The subset of JSON Schema that the parameters of tools may use."""
    strict_tools: bool | None = False
    """`strict` of tools that do not set it; `None` leaves the key out."""
    strict_subset: bool = True
    """Whether only a smaller part of JSON Schema may be `strict`."""
    allowed_tools: bool = True
    """Whether an allow-list is sent as such; else fewer tools are sent."""
    media: ResponsesMedia = ResponsesMedia()
    max_id_length: int = 64
    codes: ErrorCodes = field(default_factory=lambda: RESPONSES_CODES)
    phrases: Mapping[str, type[ModelError]] = field(default_factory=dict)
    """Phrases in an error's message (lower case) and their error class, for a provider without codes."""
