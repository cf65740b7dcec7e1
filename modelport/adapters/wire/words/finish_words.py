"""Why an answer ended: the words of all servers, by meaning.

Servers behind one protocol use the words of another, in any case: a gateway passes `MAX_TOKENS` or `tool_use` on.

Facts: docs/protocols/openai-shaped-providers.md#finish-reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ....domain.message.responses import FinishReason

__all__ = ["finish_reason", "is_failure", "reason_word"]

_BY_MEANING: Mapping[FinishReason, str] = {
    FinishReason.STOP: (
        "stop stopped end_turn stop_sequence eos eos_token eot end_of_text end complete completed finished done"
        " natural success stop_token normal"
    ),
    FinishReason.LENGTH: (
        "length max_length max_tokens max_token max_output_tokens max_completion_tokens max_new_tokens model_length"
        " token_limit model_context_window_exceeded context_length context_window context_length_exceeded"
        " max_context_length"
    ),
    FinishReason.TOOL_CALLS: "tool_calls tool_call tool_use function_call function_calls tools",
    FinishReason.CONTENT_FILTER: (
        "content_filter content_filtered filtered safety recitation blocklist prohibited_content spii image_safety"
        " image_prohibited_content image_recitation model_armor guardrail_intervened guardrail sensitive moderation"
        " error_toxic toxic content_policy_violation"
    ),
    FinishReason.REFUSAL: "refusal refused",
}
_WORDS: Mapping[str, FinishReason] = {word: reason for reason, words in _BY_MEANING.items() for word in words.split()}
_FAILURES = frozenset(
    {
        "abort",
        "aborted",
        "error",
        "errored",
        "failed",
        "failure",
        "internal_error",
        "internal_server_error",
        "network_error",
        "provider_error",
        "server_error",
        "unknown_error",
        "upstream_error",
    }
)


def reason_word(given: Any) -> str | None:  # Any: a word, a number, or an object with its type
    """The server's word; `None` when there is none yet, which some servers write as the text `null`."""
    if given.__class__ is dict:
        given = given.get("type")
    word = "" if given is None else str(given)
    return None if word.lower() in ("", "null", "none") else word


def _plain(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_").removeprefix("finish_reason_")


@lru_cache(maxsize=256)
def finish_reason(word: str | None) -> FinishReason:
    """The meaning of a word; `OTHER` for one that is not known."""
    return _WORDS.get(_plain(word), FinishReason.OTHER) if word else FinishReason.OTHER


@lru_cache(maxsize=256)
def is_failure(word: str | None) -> bool:
    """Whether the word says that the server failed, so that there is no whole answer."""
    return bool(word) and _plain(str(word)) in _FAILURES
