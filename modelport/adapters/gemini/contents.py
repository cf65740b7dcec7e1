"""The order of contents that the API demands. Facts: wire/gemini, "Request" and "Round-trip rules"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...domain.responses import ModelWarning

__all__ = ["UNSIGNED", "arranged"]

Json = dict[str, Any]  # Any: the provider's JSON

UNSIGNED = "skip_thought_signature_validator"
"""The documented signature of function calls that the model asked did not make."""

_OPENING = "[The conversation opens here.]"


def arranged(messages: Sequence[Json], signatures: bool) -> tuple[Json | None, list[Json], list[ModelWarning]]:
    """The instruction, the contents, and what had to change.

    Leading system messages are the instruction, later ones become hints of the user. The first content is the user's,
    and consecutive contents of the model are one, since a call must follow the user's words or responses.
    """
    first = next((index for index, message in enumerate(messages) if message.get("role") != "system"), len(messages))
    instruction = [part for message in messages[:first] for part in message["parts"]]
    contents: list[Json] = []
    warnings: list[ModelWarning] = []
    for message in messages[first:]:
        if message.get("role") == "system":
            contents.append(_hint(message))
            warnings.append(ModelWarning("changed", "system", "a later system message was sent as a hint of the user"))
        elif message.get("role") == "model" and contents and contents[-1]["role"] == "model":
            contents[-1] = {"role": "model", "parts": [*contents[-1]["parts"], *message["parts"]]}
        else:
            contents.append(message)
    if not contents or contents[0].get("role") == "model":
        contents.insert(0, {"role": "user", "parts": [{"text": _OPENING}]})
        warnings.append(ModelWarning("changed", "messages", "the first content must be the user's; one was put before"))
    if signatures:
        contents = [_with_signature(content) for content in contents]
    return ({"parts": instruction} if instruction else None), contents, warnings


def _hint(message: Json) -> Json:
    texts = "\n".join(str(part.get("text", "")) for part in message["parts"])
    return {"role": "user", "parts": [{"text": f"<system-hint>\n{texts}\n</system-hint>"}]}


def _with_signature(content: Json) -> Json:
    """The same content, its first function call signed; the further calls of a step carry none."""
    parts = content.get("parts") or []
    for index, part in enumerate(parts):
        if "functionCall" in part:
            if part.get("thoughtSignature"):
                return content
            return {**content, "parts": [*parts[:index], {**part, "thoughtSignature": UNSIGNED}, *parts[index + 1 :]]}
    return content
