"""What a server wants back with its own turns: reasoning in its form, details of it, and signatures of calls.

Facts: docs/protocols/openai-shaped-providers.md#thinking.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ....domain.message.blocks import ContentBlock
from .profile import OpenAIChatProfile

__all__ = ["DETAILS", "EXTRA", "Details", "add_reasoning", "details_text", "owned"]

Json = dict[str, Any]  # Any: the provider's JSON

DETAILS = "reasoning_details"
"""OpenRouter's reasoning with its signatures; it goes back as it came."""
EXTRA = "extra_content"
"""Where Gemini's OpenAI-shaped endpoint puts the signature of a thought."""

_JOINED = ("text", "summary", "data")


class Details:
    """Details of one answer: fragments of one index and type are one entry, whose texts are joined."""

    __slots__ = ("_by_place", "_entries", "_texts")

    def __init__(self) -> None:
        self._entries: list[Json] = []
        self._texts: list[dict[str, list[str]]] = []
        """The pieces of the texts of each entry, which a long answer has thousands of."""
        self._by_place: dict[tuple[Any, Any], int] = {}

    def __bool__(self) -> bool:
        return bool(self._entries)

    def add(self, fragments: Iterable[Any]) -> None:  # Any: as the server sent it
        """Take fragments, as they come."""
        for fragment in fragments:
            if not isinstance(fragment, dict):
                continue
            place = fragment.get("index"), fragment.get("type")
            number = self._by_place.setdefault(place, len(self._entries)) if place[0] is not None else None
            if number is None or number == len(self._entries):
                number = len(self._entries)
                self._entries.append({})
                self._texts.append({})
            self._join(number, fragment)

    def _join(self, number: int, fragment: Json) -> None:
        entry, texts = self._entries[number], self._texts[number]
        for key, value in fragment.items():
            if key in _JOINED and isinstance(value, str):
                if not isinstance(entry.get(key, ""), str):
                    texts.pop(key, None)
                entry.setdefault(key, "")
                texts.setdefault(key, []).append(value)
            elif value is not None or key not in entry:
                entry[key] = value
                texts.pop(key, None)

    def whole(self) -> list[Json]:
        """The entries, as they go back."""
        pairs = zip(self._entries, self._texts, strict=True)
        return [{**entry, **{key: "".join(pieces) for key, pieces in texts.items()}} for entry, texts in pairs]


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
