"""Messages of Chat Completions: roles, content, tool calls and the place of their answers."""

from __future__ import annotations

from collections.abc import Mapping

from ..common import Finding, Findings, Json, as_list, as_object, is_blank, json_object_text, objects, text
from .dialects import Dialect
from .parts import check_content

_TEXT_ONLY = frozenset({"text"})


def check_messages(body: Mapping[str, Json], dialect: Dialect) -> Findings:
    """Every message by itself, then the order of calls and answers."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        yield Finding("messages-required", "$.messages", "messages is a non-empty list")
        return
    for index, message in enumerate(messages):
        yield from _message(message, f"$.messages[{index}]", dialect)
    yield from check_exchange(messages)


def _message(message: Json, path: str, dialect: Dialect) -> Findings:
    role = as_object(message).get("role")
    if role in ("system", "developer", "user") and is_blank(message.get("content")):
        yield Finding("empty-content", f"{path}.content", "a message says something")
    if role in ("system", "developer"):
        # Kimi K3 announces further tools in a system message that has no content.
        if not (dialect.name == "moonshot" and "tools" in message and "content" not in message):
            yield from check_content(message.get("content"), _TEXT_ONLY, f"{path}.content", dialect)
    elif role == "user":
        yield from check_content(message.get("content"), dialect.user_parts, f"{path}.content", dialect)
    elif role == "assistant":
        yield from _assistant(message, path, dialect)
    elif role == "tool":
        yield from _tool_content(message.get("content"), f"{path}.content", dialect)
    else:
        yield Finding("role-legal", f"{path}.role", f"role {role!r} is not known")


def _assistant(message: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    content = message.get("content")
    if content is not None:
        yield from check_content(content, dialect.assistant_parts, f"{path}.content", dialect)
    elif not any(message.get(name) for name in ("tool_calls", "audio", "refusal")):
        reason = "content may be null only beside tool_calls, audio or refusal"
        yield Finding("assistant-content-null", f"{path}.content", reason)
    if content == "" and dialect.name == "moonshot":
        yield Finding("empty-assistant", f"{path}.content", "an empty string is refused, send null")
    if "audio" in message and dialect.name == "openai_chat" and set(as_object(message["audio"])) != {"id"}:
        yield Finding("assistant-audio", f"{path}.audio", "earlier audio is named by its id and nothing else")
    if message.get("tool_calls") is not None:
        yield from _tool_calls(message["tool_calls"], f"{path}.tool_calls")


def _tool_calls(calls: Json, path: str) -> Findings:
    if not isinstance(calls, list):
        yield Finding("tool-call-shape", path, "tool_calls is a list")
        return
    seen: set[str] = set()
    for index, call in enumerate(calls):
        yield from _tool_call(as_object(call), f"{path}[{index}]")
        name = as_object(call).get("id")
        if isinstance(name, str) and name in seen:
            yield Finding("tool-call-id-unique", f"{path}[{index}].id", f"id {name!r} is used twice")
        seen.add(str(name))


def _tool_call(call: Mapping[str, Json], path: str) -> Findings:
    if text(call.get("id")):
        yield Finding("tool-call-shape", f"{path}.id", "a call needs an id")
    kind = call.get("type")
    if kind not in ("function", "custom"):
        yield Finding("tool-call-shape", f"{path}.type", "a call is of type function or custom")
        return
    target = as_object(call.get(kind))
    if text(target.get("name")):
        yield Finding("tool-call-shape", f"{path}.{kind}.name", "a call names its tool")
    payload = "arguments" if kind == "function" else "input"
    if not isinstance(target.get(payload), str):
        yield Finding("tool-call-arguments-string", f"{path}.{kind}.{payload}", "expected a string, not JSON")
    elif kind == "function" and json_object_text(target[payload]):
        yield Finding("tool-call-arguments-json", f"{path}.function.arguments", "expected the text of an object")


def _tool_content(content: Json, path: str, dialect: Dialect) -> Findings:
    if isinstance(content, str):
        return
    parts = as_list(content)
    legal = isinstance(content, list) and bool(dialect.tool_parts)
    if not legal or any(str(as_object(part).get("type")) not in dialect.tool_parts for part in parts):
        accepted = sorted(dialect.tool_parts) or "no parts"
        yield Finding("tool-content", path, f"a tool answer is a string or a list of: {accepted}")
        return
    yield from check_content(content, dialect.tool_parts, path, dialect)


def check_exchange(messages: list[Json]) -> Findings:
    """Each call is answered once, directly after the message that made it and before any other role."""
    open_calls: list[str] = []
    answered: set[str] = set()
    for index, message in enumerate([*messages, {"role": "end"}]):
        path = f"$.messages[{index}]"
        role = as_object(message).get("role")
        if role == "tool":
            yield from _answer(message.get("tool_call_id"), open_calls, answered, f"{path}.tool_call_id")
            continue
        for name in open_calls:
            if name not in answered:
                yield Finding("tool-call-unanswered", path, f"call {name!r} has no answer before this place")
        calls = objects(as_object(message).get("tool_calls"), path) if role == "assistant" else ()
        open_calls = list(dict.fromkeys(call["id"] for _, call in calls if isinstance(call.get("id"), str)))
        answered = set()


def _answer(name: Json, open_calls: list[str], answered: set[str], path: str) -> Findings:
    if name not in open_calls:
        yield Finding("tool-result-after-call", path, f"no call {name!r} directly before this answer")
    elif name in answered:
        yield Finding("tool-result-duplicate", path, f"call {name!r} is answered twice")
    answered.add(str(name))
