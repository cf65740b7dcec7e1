"""The order of contents that the API demands.

Facts: docs/protocols/gemini.md#request, docs/protocols/gemini.md#function-responses,
docs/protocols/gemini.md#round-trip-rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...domain.message.responses import ModelWarning

__all__ = ["RESULT_LABEL", "UNSIGNED", "arranged"]

Json = dict[str, Any]  # Any: the provider's JSON

UNSIGNED = "skip_thought_signature_validator"
"""The documented signature of function calls that the model asked did not make."""

RESULT_LABEL = "The tool's output with the identifier "
"""How the words begin that stand before media of a tool, followed by the identifier that the result names."""

_OPENING = "[The conversation opens here.]"
_IN_RESULTS = frozenset({"image/png", "image/jpeg", "image/webp", "application/pdf"})

Arranged = tuple[Json | None, list[Json], list[ModelWarning]]


def arranged(messages: Sequence[Json], *, signatures: bool, media_in_results: bool) -> Arranged:
    """The instruction, the contents, and what had to change.

    Leading system messages are the instruction, later ones become hints of the user. The first content is the user's,
    and consecutive contents of the model are one, since a call must follow the user's words or responses.
    `signatures` says whether first calls must be signed, `media_in_results` whether responses may hold media.
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
            contents.append(_with_results(message, media_in_results))
    if not contents or contents[0].get("role") == "model":
        contents.insert(0, {"role": "user", "parts": [{"text": _OPENING}]})
        warnings.append(ModelWarning("changed", "messages", "the first content must be the user's; one was put before"))
    if signatures:
        contents = [_with_signature(content) for content in contents]
    return ({"parts": instruction} if instruction else None), contents, warnings


def _hint(message: Json) -> Json:
    texts = "\n".join(str(part.get("text", "")) for part in message["parts"])
    return {"role": "user", "parts": [{"text": f"<system-hint>\n{texts}\n</system-hint>"}]}


def _with_results(content: Json, inside: bool) -> Json:
    """The same content, its function responses first; media that a response may hold move `inside` it."""
    responses: list[Json] = []
    beside: list[Json] = []
    for part in content.get("parts") or []:
        if "functionResponse" in part:
            responses.append(part)
        elif inside and responses and _fits(part):
            if beside and str(beside[-1].get("text", "")).startswith(RESULT_LABEL):
                beside.pop()
            response = responses[-1]["functionResponse"]
            responses[-1] = {"functionResponse": {**response, "parts": [*response.get("parts", ()), part]}}
        else:
            beside.append(part)
    return {**content, "parts": [*responses, *beside]} if responses else content


def _fits(part: Json) -> bool:
    media_type = (part.get("inlineData") or {}).get("mimeType", "")
    return media_type in _IN_RESULTS or media_type.startswith("text/")


def _with_signature(content: Json) -> Json:
    """The same content, its first function call signed; the further calls of a step carry none."""
    parts = content.get("parts") or []
    for index, part in enumerate(parts):
        if "functionCall" in part:
            if part.get("thoughtSignature"):
                return content
            return {**content, "parts": [*parts[:index], {**part, "thoughtSignature": UNSIGNED}, *parts[index + 1 :]]}
    return content
