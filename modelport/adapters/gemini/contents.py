"""The contents of a Gemini request: their order, their signatures and their function names.

Facts: docs/protocols/gemini.md#request, docs/protocols/gemini.md#function-responses,
docs/protocols/gemini.md#round-trip-rules, docs/protocols/gemini.md#thinking.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...domain.chat.names import legal_name
from ...domain.message.responses import ModelWarning
from ...ports.codec.rendering import Chunk, KeptArray

if TYPE_CHECKING:
    from ...domain.card.cards import ModelCard

__all__ = ["PROVIDER", "RESULT_LABEL", "UNSIGNED", "arranged", "wire_name"]

Json = dict[str, Any]  # Any: the provider's JSON

PROVIDER = "gemini"


UNSIGNED = "skip_thought_signature_validator"
"""The documented signature for function calls that another model made."""

RESULT_LABEL = "The tool's output with the identifier "
"""The beginning of the text before media of a tool; the identifier that the result names follows."""

_LEGAL = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}\Z")
_OPENING = "[The conversation opens here.]"
_IN_RESULTS = frozenset({"image/png", "image/jpeg", "image/webp", "application/pdf"})

Contents = list[Json] | KeptArray
Arranged = tuple[Json | None, Contents, list[ModelWarning]]
_Rules = tuple[bool, bool]
"""Whether function responses hold media, and whether first calls are signed."""


def arranged(messages: Sequence[Json], card: ModelCard | None, kept: KeptArray | None = None) -> Arranged:
    """The instruction, the contents, and what had to change.

    Leading system messages are the instruction, later ones become hints of the user. The first content is the user's,
    and consecutive contents of the model are one, since a call must follow the user's words or responses.
    The card decides whether first calls are signed, and whether function responses hold media. `kept` are the same
    messages in chunks.
    """
    rules = _takes_media_in_results(card), _demands_signatures(card)
    first = next((index for index, message in enumerate(messages) if message.get("role") != "system"), len(messages))
    instruction = [part for message in messages[:first] for part in message["parts"]]
    contents, warnings = _in_chunks(kept, first, rules) if kept is not None else (None, [])
    if contents is None:
        contents, warnings = _contents(messages[first:], rules)
        _begin(contents, instruction, warnings)
    return ({"parts": instruction} if instruction else None), contents, warnings


def _begin(contents: list[Json], instruction: list[Json], warnings: list[ModelWarning]) -> None:
    """A content of the user first."""
    if not contents:
        contents.append({"role": "user", "parts": list(instruction)})
        reason = "the API needs a content of the user; the system message was repeated as one"
        warnings.append(ModelWarning("changed", "messages", reason))
    elif contents[0].get("role") == "model":
        contents.insert(0, {"role": "user", "parts": [{"text": _OPENING}]})
        warnings.append(ModelWarning("changed", "messages", "the API expects a user content first; one was added"))


def _contents(messages: Sequence[Json], rules: _Rules) -> tuple[list[Json], list[ModelWarning]]:
    """The contents of messages that are not the instruction."""
    media_in_results, signs = rules
    contents: list[Json] = []
    warnings: list[ModelWarning] = []
    for message in messages:
        if message.get("role") == "system":
            contents.append(_hint(message))
            warnings.append(ModelWarning("changed", "system", "a later system message was sent as a hint of the user"))
        elif message.get("role") == "model" and contents and contents[-1]["role"] == "model":
            contents[-1] = {"role": "model", "parts": [*contents[-1]["parts"], *message["parts"]]}
        else:
            contents.append(_with_results(message, media_in_results))
    return ([_with_signature(content) for content in contents] if signs else contents), warnings


def _in_chunks(kept: KeptArray, first: int, rules: _Rules) -> tuple[Contents | None, list[ModelWarning]]:
    """The contents of each chunk, made once; `None` where those of two are to be joined, or the model's come first."""
    chunks: list[Chunk] = []
    warnings: list[ModelWarning] = []
    for chunk in kept.chunks:
        if not chunks and first >= len(chunk.values):
            return None, []
        made = chunk.memo
        if made is None or made[0] != (rules, first if not chunks else 0):
            contents, own = _contents(chunk.values if chunks else chunk.values[first:], rules)
            made = chunk.memo = ((rules, first if not chunks else 0), Chunk(contents), own)
        before = chunks[-1].values[-1]["role"] if chunks else "model"
        if before == made[1].values[0]["role"] == "model":
            return None, []
        chunks.append(made[1])
        warnings += made[2]
    return KeptArray(chunks), warnings


def _hint(message: Json) -> Json:
    texts = "\n".join(str(part.get("text", "")) for part in message["parts"])
    return {"role": "user", "parts": [{"text": f"<system-hint>\n{texts}\n</system-hint>"}]}


def _with_results(content: Json, inside: bool) -> Json:
    """The same content, its function responses first; media that a response may hold move `inside` it."""
    responses: list[Json] = []
    others: list[Json] = []
    for part in content.get("parts") or []:
        if "functionResponse" in part:
            responses.append(part)
        elif inside and responses and _fits(part):
            if others and str(others[-1].get("text", "")).startswith(RESULT_LABEL):
                others.pop()
            response = responses[-1]["functionResponse"]
            responses[-1] = {"functionResponse": {**response, "parts": [*response.get("parts", ()), part]}}
        else:
            others.append(part)
    return {**content, "parts": [*responses, *others]} if responses else content


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


def _demands_signatures(card: ModelCard | None) -> bool:
    """Whether the first function call of each step must be signed: Gemini 3 and later, so any model without a card."""
    if card is None or not card.known:
        return True
    return card.thinking is not None and card.thinking.replay == "tool_calls"


def _takes_media_in_results(card: ModelCard | None) -> bool:
    """Whether a function's response may hold media itself: Gemini 3 and later, whose cards have the replay rule."""
    return card is not None and card.known and _demands_signatures(card)


def wire_name(original: str) -> str:
    """A function name that the API takes: a letter or underscore, then letters, digits and `_.:-`, at most 64."""
    if _LEGAL.match(original):
        return original
    legal = legal_name(original)
    return legal if _LEGAL.match(legal) else "f_" + legal_name(original + "\n", 62)
