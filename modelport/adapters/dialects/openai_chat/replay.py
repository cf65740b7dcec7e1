"""What a server wants back with its own turns: reasoning in its form, details of it, and signatures of calls.

Facts: docs/protocols/openai-shaped-providers.md#thinking.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ....domain.message.blocks import ContentBlock
from .profile import OpenAIChatProfile

__all__ = ["DETAILS", "EXTRA", "add_reasoning", "details_text", "merged_details", "owned"]

Json = dict[str, Any]  # Any: the provider's JSON

DETAILS = "reasoning_details"
"""OpenRouter's reasoning with its signatures; it goes back as it came."""
EXTRA = "extra_content"
"""Where Gemini's OpenAI-shaped endpoint puts the signature of a thought."""

_JOINED = ("text", "summary", "data")


def merged_details(before: Sequence[Json], later: Iterable[Any]) -> list[Json]:  # Any: as the server sent it
    """Details with later fragments: those of one index and type are one entry, whose texts are joined."""
    merged = [dict(entry) for entry in before]
    for fragment in later:
        if not isinstance(fragment, dict):
            continue
        place = fragment.get("index"), fragment.get("type")
        same = (entry for entry in merged if (entry.get("index"), entry.get("type")) == place)
        known = next(same, None) if place[0] is not None else None
        if known is None:
            merged.append(dict(fragment))
            continue
        for key, value in fragment.items():
            if key in _JOINED and isinstance(value, str) and isinstance(known.get(key), str):
                known[key] += value
            elif value is not None:
                known[key] = value
    return merged


def details_text(details: Iterable[Any]) -> str:  # Any: as the server sent it
    """The readable text of details."""
    found = (entry.get("text") or entry.get("summary") for entry in details if isinstance(entry, dict))
    return "".join(text for text in found if isinstance(text, str))


def owned(block: ContentBlock, profile: OpenAIChatProfile, key: str) -> Any:  # Any: the provider's JSON
    """The data under that name that this provider attached to the block, if it made the block."""
    data = block.provider_data
    return data.data.get(key) if data is not None and data.owned_by(profile.provider) else None


def add_reasoning(message: Json, text: str, profile: OpenAIChatProfile) -> None:
    """The reasoning of an earlier turn, in the form in which the provider writes it."""
    if profile.reasoning_form == "field":
        message["reasoning_content"] = text
    elif profile.reasoning_form == "tags":
        message["content"] = f"<think>\n{text}\n</think>\n\n{message['content'] or ''}"
    else:
        parts: list[Json] = [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]
        if message["content"]:
            parts.append({"type": "text", "text": message["content"]})
        message["content"] = parts
