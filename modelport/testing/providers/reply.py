"""The answers of the made-up model, whatever the protocol."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...domain.chat.tokens import estimate_tokens
from ..servers.http import ScriptedAnswer
from .example import example

__all__ = ["Asked", "Json", "Reply", "choice_of", "ndjson", "pieces", "reply_to", "sse", "texts_of"]

Json = dict[str, Any]
"""Any: a provider's JSON."""

_PIECE = re.compile(r"\s*\S+\s*|\s+")
_LONGEST = 500


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One chat request, independent of the protocol.

    `tools` maps names to the schemas of their arguments. `choice` is `auto`, `none`, `required` or a tool's name.
    `answered` says that the conversation ends with the result of a tool. `schema` is the one that the answer must
    fit, `json_mode` asks for JSON of any form.
    """

    text: str
    size: int
    """The bytes of the request."""
    tools: Mapping[str, Any] = field(default_factory=dict)
    choice: str = "auto"
    answered: bool = False
    schema: Any = None
    json_mode: bool = False


@dataclass(frozen=True)
class Reply:
    """A text, or a call of a tool with its arguments; and its tokens."""

    text: str
    tool: str | None
    arguments: Json
    input_tokens: int

    @property
    def output_tokens(self) -> int:
        """Of the text or the arguments."""
        return estimate_tokens(self.text or json.dumps(self.arguments)) or 1


def reply_to(asked: Asked) -> Reply:
    """A forced tool is called, a free one unless its result is there already; else JSON or text, as was asked."""
    tokens = 1 + asked.size // 4
    tool = _called(asked)
    if tool is not None:
        arguments = example(asked.tools[tool] or {"type": "object"})
        return Reply("", tool, arguments if isinstance(arguments, dict) else {}, tokens)
    schema = asked.schema or _schema_in(asked.text)
    if schema is not None:
        return Reply(json.dumps(example(schema), ensure_ascii=False), None, {}, tokens)
    if asked.json_mode:
        return Reply("{}", None, {}, tokens)
    return Reply(f"You said: {asked.text[:_LONGEST].strip() or 'nothing'}", None, {}, tokens)


def _called(asked: Asked) -> str | None:
    if not asked.tools or asked.choice == "none":
        return None
    if asked.choice in asked.tools:
        return asked.choice
    if asked.choice == "required" or not (asked.answered or asked.schema):
        return next(iter(asked.tools))
    return None


def _schema_in(text: str) -> Any:
    """A JSON Schema in the text, where an instruction gives it because the protocol has no field for it."""
    for match in re.finditer(r"\{", text):
        try:
            found, _ = json.JSONDecoder().raw_decode(text, match.start())
        except ValueError:
            continue
        if isinstance(found, dict) and ("properties" in found or "$ref" in found):
            return found
    return None


def pieces(text: str) -> list[str]:
    """The text as it is streamed."""
    return _PIECE.findall(text)


def choice_of(value: Any) -> str:
    """A tool choice of the OpenAI and Anthropic protocols: a string, or an object with a type and a name."""
    if not isinstance(value, Mapping):
        return str(value or "auto")
    name = value.get("name") or value.get("function", {}).get("name")
    kind = str(value.get("type", "auto"))
    return name or {"any": "required", "allowed_tools": str(value.get("mode", "auto"))}.get(kind, kind)


def texts_of(content: Any) -> str:
    """The texts of a content that is a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, Sequence) else ()
    return "\n".join(str(part["text"]) for part in parts if isinstance(part, Mapping) and part.get("text"))


def sse(events: Iterator[tuple[str, Json]] | Sequence[tuple[str, Json]], *, done: bool = False) -> ScriptedAnswer:
    """Server-sent events, each with its name (or none) and its data; `[DONE]` at the end if so."""
    steps = [(f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n" for name, data in events]
    steps += ["data: [DONE]\n\n"] if done else []
    return ScriptedAnswer(200, {"content-type": "text/event-stream"}, [step.encode() for step in steps])


def ndjson(lines: Sequence[Json]) -> ScriptedAnswer:
    """Lines of JSON."""
    steps = [json.dumps(line).encode() + b"\n" for line in lines]
    return ScriptedAnswer(200, {"content-type": "application/x-ndjson"}, steps)
