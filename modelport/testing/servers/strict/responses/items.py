"""Input items of the Responses API: messages, tool calls with their outputs, and reasoning."""

from __future__ import annotations

from collections.abc import Mapping

from ..common import (
    Finding,
    Findings,
    Json,
    any_text,
    as_list,
    as_object,
    check_fields,
    data_url_media,
    is_base64,
    is_blank,
    is_web_url,
    json_object_text,
    objects,
    one_of,
    text,
)
from .dialects import Dialect

_CALLS = ("function_call", "custom_tool_call")
_OUTPUTS = ("function_call_output", "custom_tool_call_output")
_ASSISTANT_PARTS = frozenset({"output_text", "refusal"})
_UNREADABLE_MEDIA = ("audio/", "image/", "video/")


def kind_of(item: Mapping[str, Json]) -> str:
    """The type of an item; messages may leave it out."""
    kind = item.get("type", "message" if "role" in item else None)
    return kind if isinstance(kind, str) else ""


def check_items(body: Mapping[str, Json], dialect: Dialect) -> Findings:
    """Every item by itself, then the order of calls and outputs."""
    items = body.get("input")
    for index, item in enumerate(as_list(items)):
        path = f"$.input[{index}]"
        if not isinstance(item, dict) or not _known(kind_of(item), dialect):
            yield Finding("item-type", path, "no item of a known type")
            continue
        yield from _item(item, path, dialect)
        yield from _stateless(item, path, dialect, stored=body.get("store") is not False)
    # Calls of earlier turns are on the server when a stored conversation is continued.
    continued = "previous_response_id" in body or "conversation" in body
    # xAI runs custom tools by itself and shows them only for information.
    calls = _CALLS if dialect.name == "openai_responses" else ("function_call",)
    yield from check_exchange(as_list(items), calls, continued=continued)
    if dialect.name == "openai_responses":
        yield from _reasoning_order(as_list(items))


def _known(kind: str, dialect: Dialect) -> bool:
    hosted = kind.endswith(("_call", "_call_output"))
    return kind in dialect.item_types or (hosted and kind not in ("tool_call", *_OUTPUTS))


def _item(item: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    kind = kind_of(item)
    if kind == "message":
        yield from _message(item, path, dialect)
    elif kind in _CALLS:
        yield from _call(item, path, "arguments" if kind == "function_call" else "input")
    elif kind in _OUTPUTS:
        yield from _output(item, path, dialect)
    elif kind == "reasoning":
        yield from _reasoning(item, path)


def _message(item: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    role = item.get("role")
    if role not in ("user", "system", "developer", "assistant"):
        yield Finding("role-legal", f"{path}.role", f"role {role!r} is not known")
        return
    yield from check_fields(item, {"phase": one_of("commentary", "final_answer")}, "field-value", path)
    content = item.get("content")
    if role != "assistant" and is_blank(content):
        yield Finding("empty-content", f"{path}.content", "a message says something")
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        yield Finding("content-shape", f"{path}.content", "content is a string or a list of parts")
        return
    allowed = _ASSISTANT_PARTS if role == "assistant" else dialect.user_parts
    for index, part in enumerate(content):
        yield from _part(part, allowed, f"{path}.content[{index}]", dialect, "part-type")


def _part(part: Json, allowed: frozenset[str], path: str, dialect: Dialect, rule: str) -> Findings:
    kind = str(as_object(part).get("type"))
    if kind not in allowed:
        yield Finding(rule, path, f"part type {kind!r} is not accepted here")
    elif kind in ("input_text", "output_text") and any_text(part.get("text")):
        yield Finding("part-fields", f"{path}.text", "a text part needs a string")
    elif kind == "refusal" and any_text(part.get("refusal")):
        yield Finding("part-fields", f"{path}.refusal", "a refusal part needs a string")
    elif kind == "input_image":
        yield from _image(part, path, dialect)
    elif kind == "input_file":
        yield from _file(part, path, dialect)
    elif kind == "input_audio" and not is_base64(as_object(part.get("input_audio")).get("data")):
        yield Finding("part-fields", f"{path}.input_audio", "expected bare base64 data")


def _image(part: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    yield from check_fields(part, {"detail": one_of("low", "high", "auto", "original")}, "part-fields", path)
    if isinstance(part.get("file_id"), str):
        return
    url = part.get("image_url")
    if not isinstance(url, str):
        yield Finding("part-fields", f"{path}.image_url", "image_url is a string here, not an object")
    elif not is_web_url(url) and data_url_media(url) not in dialect.image_types:
        accepted = ", ".join(sorted(dialect.image_types))
        yield Finding("image-url", f"{path}.image_url", f"expected a web URL, or a base64 data URL of {accepted}")


def _file(part: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    sources = [name for name in ("file_data", "file_id", "file_url") if name in part]
    if len(sources) != 1:
        yield Finding("file-part", path, "exactly one of file_data, file_id and file_url")
    elif sources == ["file_data"] and dialect.name == "xai":
        yield Finding("file-part", f"{path}.file_data", "this server takes no inline files")
    elif sources == ["file_data"]:
        media = data_url_media(part["file_data"])
        if media is None or any_text(part.get("filename")):
            yield Finding("file-part", path, "inline data is a base64 data URL with a filename")
        elif media.startswith(_UNREADABLE_MEDIA):
            yield Finding("file-media", f"{path}.file_data", f"{media} is neither a document nor text")


def _call(item: Mapping[str, Json], path: str, payload: str) -> Findings:
    for name in ("call_id", "name"):
        if text(item.get(name)):
            yield Finding("tool-call-shape", f"{path}.{name}", "a non-empty string is required")
    if not isinstance(item.get(payload), str):
        yield Finding("tool-call-arguments-string", f"{path}.{payload}", "expected a string, not JSON")
    elif payload == "arguments" and json_object_text(item[payload]):
        yield Finding("tool-call-arguments-json", f"{path}.{payload}", "expected the text of an object")


def _output(item: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    output = item.get("output")
    if isinstance(output, str):
        return
    if not isinstance(output, list):
        yield Finding("tool-output-shape", f"{path}.output", "output is a string or a list of parts")
        return
    for index, part in enumerate(output):
        where = f"{path}.output[{index}]"
        yield from _part(part, dialect.output_parts, where, dialect, "tool-output-shape")


def _reasoning(item: Mapping[str, Json], path: str) -> Findings:
    summary = item.get("summary")
    if not isinstance(summary, list):
        yield Finding("reasoning-shape", f"{path}.summary", "summary is a list, empty if there was none")
    for where, part in objects(summary, f"{path}.summary"):
        if part.get("type") != "summary_text" or any_text(part.get("text")):
            yield Finding("reasoning-shape", where, "a summary holds summary_text parts")


def _stateless(item: Mapping[str, Json], path: str, dialect: Dialect, *, stored: bool) -> Findings:
    kind = kind_of(item)
    found_again = stored and text(item.get("id")) is None
    if kind == "reasoning" and text(item.get("encrypted_content")) and not found_again:
        yield Finding("reasoning-stateless", path, "reasoning needs encrypted_content or a stored id")
    if stored:
        return
    if kind == "item_reference":
        yield Finding("stored-reference", path, "a reference needs a stored item")
    if kind in ("message", *_CALLS) and "id" in item and dialect.name == "openai_responses":
        yield Finding("item-id-stateless", f"{path}.id", "nothing was stored, so the id names nothing")


def check_exchange(items: list[Json], kinds: tuple[str, ...], *, continued: bool) -> Findings:
    """Each call is answered once, after it, by an output that names its call_id."""
    calls: dict[str, str] = {}
    answered: set[str] = set()
    for path, item in objects(items, "$.input"):
        name = str(item.get("call_id"))
        if kind_of(item) in kinds:
            if name in calls:
                yield Finding("tool-call-id-unique", f"{path}.call_id", f"call_id {name!r} is used twice")
            calls[name] = path
        elif kind_of(item) in _OUTPUTS:
            if name in answered:
                yield Finding("tool-result-duplicate", f"{path}.call_id", f"{name!r} is answered twice")
            elif name not in calls and not continued:
                yield Finding("tool-result-after-call", f"{path}.call_id", f"no call {name!r} before it")
            answered.add(name)
    for name, path in calls.items():
        if name not in answered:
            yield Finding("tool-call-unanswered", path, f"call {name!r} has no output")


def _reasoning_order(items: list[Json]) -> Findings:
    """Reasoning is followed by what it led to: more reasoning, an assistant message or a call."""
    for index, item in enumerate(items):
        if kind_of(as_object(item)) != "reasoning":
            continue
        following = as_object(items[index + 1]) if index + 1 < len(items) else {}
        kind = kind_of(following)
        led_to_message = kind == "message" and following.get("role") == "assistant"
        if not (led_to_message or kind in ("reasoning", "compaction", "program") or kind.endswith("_call")):
            yield Finding("reasoning-following", f"$.input[{index}]", "not followed by what it led to")
