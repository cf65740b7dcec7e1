"""Contents of generateContent: roles, parts, function calls with their responses, signatures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..common import (
    Finding,
    Findings,
    Json,
    any_text,
    as_list,
    as_object,
    check_fields,
    is_base64,
    is_blank,
    number,
    objects,
    text,
)

_REQUEST = "docs/protocols/gemini.md#request"
_RESPONSE = "docs/protocols/gemini.md#function-responses"
_SIGNATURES = "docs/protocols/gemini.md#round-trip-rules"

CONTENT_RULES: Mapping[str, str] = {
    "contents-required": _REQUEST,
    "role-legal": _REQUEST,
    "first-user": _REQUEST,
    "call-after-user": _REQUEST,
    "parts-required": _REQUEST,
    "empty-content": "docs/protocols/README.md#facts-that-shaped-the-design",
    "part-single-data": _REQUEST,
    "part-fields": _REQUEST,
    "inline-data": "docs/protocols/gemini.md#quirks",
    "function-call-shape": _REQUEST,
    "function-response-shape": _RESPONSE,
    "function-response-parts": _RESPONSE,
    "tool-result-after-call": _RESPONSE,
    "tool-result-count": _RESPONSE,
    "tool-result-name": _RESPONSE,
    "tool-result-id": _RESPONSE,
    "thought-signature-shape": _SIGNATURES,
    "thought-signature-place": _SIGNATURES,
    "thought-signature-missing": _SIGNATURES,
}

SENTINEL = "skip_thought_signature_validator"
_DATA = (
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
)
_RESPONSE_MEDIA = ("image/png", "image/jpeg", "image/webp", "application/pdf")
# The aliases follow the newest models.
_MODERN = re.compile(r"gemini-([3-9]|\d\d)(\D|$)|gemini-(flash|flash-lite|pro)-latest$")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_TAKEN = re.compile(r"image/(jpeg|png|gif|webp|heic|heif)|(audio|video|text)/.+|application/pdf")


def pick(holder: Mapping[str, Json], name: str) -> Json:
    """A field under its camelCase name or under the snake_case one, which is accepted as well."""
    if name in holder:
        return holder[name]
    return holder.get(re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name))


def is_modern(model: str) -> bool:
    """Gemini 3 and later, where signatures are enforced and thinking has levels."""
    return bool(_MODERN.match(model))


def check_contents(body: Mapping[str, Json], model: str) -> Findings:
    """Every content by itself, then the order of calls and responses."""
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        yield Finding("contents-required", "$.contents", "contents is a non-empty list")
        return
    if as_object(contents[0]).get("role") != "user":
        yield Finding("first-user", "$.contents[0].role", "the first content is the user's")
    for index, content in enumerate(contents):
        yield from _content(as_object(content), f"$.contents[{index}]", model)
    yield from _exchange(contents)
    if is_modern(model):
        yield from _missing_signatures(contents)


def _content(content: Mapping[str, Json], path: str, model: str) -> Findings:
    role = content.get("role")
    if role not in ("user", "model", "function"):
        yield Finding("role-legal", f"{path}.role", f"role {role!r} is not known")
    parts = content.get("parts")
    if not isinstance(parts, list) or not parts:
        yield Finding("parts-required", f"{path}.parts", "parts is a non-empty list")
    if role == "user" and parts and is_blank(parts):
        yield Finding("empty-content", f"{path}.parts", "a user says something in each text")
    for index, part in enumerate(as_list(parts)):
        yield from _part(as_object(part), f"{path}.parts[{index}]", model)


def _part(part: Mapping[str, Json], path: str, model: str) -> Findings:
    present = [name for name in _DATA if pick(part, name) is not None]
    if len(present) != 1:
        yield Finding("part-single-data", path, f"exactly one data field, found {present}")
    for name in present:
        value = pick(part, name)
        if name == "text" and any_text(value):
            yield Finding("part-fields", f"{path}.text", "text is a string")
        elif name == "inlineData":
            yield from _inline(value, f"{path}.inlineData")
        elif name == "fileData" and text(pick(as_object(value), "fileUri")):
            yield Finding("part-fields", f"{path}.fileData.fileUri", "a file needs its URI")
        elif name == "functionCall":
            yield from _call(as_object(value), f"{path}.functionCall")
        elif name == "functionResponse":
            yield from _response(as_object(value), f"{path}.functionResponse", model)
    video = as_object(pick(part, "videoMetadata"))
    yield from check_fields(video, {"fps": number(0, 24, open_low=True)}, "part-fields", f"{path}.videoMetadata")
    yield from _signature(part, path)


def _inline(value: Json, path: str) -> Findings:
    data = as_object(value)
    media = pick(data, "mimeType")
    if not isinstance(media, str) or not _MEDIA_TYPE.fullmatch(media):
        yield Finding("inline-data", f"{path}.mimeType", "a media type without parameters")
    elif not _TAKEN.fullmatch(media):
        yield Finding("inline-data", f"{path}.mimeType", f"{media} is not supported")
    # Recorded traffic shows that the URL-safe alphabet is accepted besides the standard one.
    if not is_base64(data.get("data"), url_safe=True):
        yield Finding("inline-data", f"{path}.data", "bare padded base64")


def _call(call: Mapping[str, Json], path: str) -> Findings:
    if text(call.get("name")):
        yield Finding("function-call-shape", f"{path}.name", "a call names its function")
    if not isinstance(call.get("args", {}), dict):
        yield Finding("function-call-shape", f"{path}.args", "args is an object")


def _response(response: Mapping[str, Json], path: str, model: str) -> Findings:
    if text(response.get("name")):
        yield Finding("function-response-shape", f"{path}.name", "a response names its function")
    if not isinstance(response.get("response"), dict):
        yield Finding("function-response-shape", f"{path}.response", "response is an object, wrap the rest")
    for where, part in objects(response.get("parts"), f"{path}.parts"):
        media = str(pick(as_object(pick(part, "inlineData")), "mimeType"))
        if media not in _RESPONSE_MEDIA and not media.startswith("text/"):
            yield Finding("function-response-parts", where, f"{media} cannot be part of a response")
        if model and not is_modern(model):
            yield Finding("function-response-parts", where, f"{model} takes media beside the response")


def _signature(part: Mapping[str, Json], path: str) -> Findings:
    signature = pick(part, "thoughtSignature")
    if signature is not None and signature != SENTINEL and not is_base64(signature, url_safe=True):
        yield Finding("thought-signature-shape", f"{path}.thoughtSignature", "base64 kept as it came")
    for name in ("functionCall", "functionResponse"):
        if pick(as_object(pick(part, name)), "thoughtSignature") is not None:
            reason = "a signature stands beside its data field"
            yield Finding("thought-signature-place", f"{path}.{name}.thoughtSignature", reason)


def _calls(content: Json) -> list[dict[str, Json]]:
    parts = (part for _, part in objects(as_object(content).get("parts"), ""))
    return [call for part in parts if isinstance(call := pick(part, "functionCall"), dict)]


def _responses(content: Json) -> list[dict[str, Json]]:
    parts = (part for _, part in objects(as_object(content).get("parts"), ""))
    return [answer for part in parts if isinstance(answer := pick(part, "functionResponse"), dict)]


def _exchange(contents: list[Json]) -> Findings:
    """All responses of one batch stand in the one content directly after the calls."""
    before: Json = None
    for index, content in enumerate([*contents, {}]):
        path = f"$.contents[{index}]"
        calls, answers = _calls(before), _responses(content)
        if answers and not calls:
            yield Finding("tool-result-after-call", path, "no calls in the content directly before")
        elif len(calls) != len(answers):
            yield Finding("tool-result-count", path, f"{len(calls)} calls, {len(answers)} responses")
        else:
            yield from _pairs(calls, answers, path)
        after_model = as_object(before).get("role") == "model"
        if _calls(content) and as_object(content).get("role") == "model" and after_model:
            yield Finding("call-after-user", path, "a calling turn follows a user turn or responses")
        before = content


def _pairs(calls: list[dict[str, Json]], answers: list[dict[str, Json]], path: str) -> Findings:
    if sorted(str(call.get("name")) for call in calls) != sorted(str(each.get("name")) for each in answers):
        yield Finding("tool-result-name", path, "the names of calls and responses differ")
    named = {str(call["id"]): call.get("name") for call in calls if "id" in call}
    for answer in answers:
        if "id" in answer and named.get(str(answer["id"]), answer.get("name")) != answer.get("name"):
            yield Finding("tool-result-name", path, "an id stands beside another name than in its call")
    if sorted(str(call.get("id")) for call in calls) != sorted(str(each.get("id")) for each in answers):
        yield Finding("tool-result-id", path, "an id stands on both sides or on neither")


def _missing_signatures(contents: list[Json]) -> Findings:
    """In the current turn the first call of each step is signed."""
    for index, content in _current_turn(contents):
        for where, part in objects(as_object(content).get("parts"), f"$.contents[{index}].parts"):
            if pick(part, "functionCall") is None:
                continue
            if not pick(part, "thoughtSignature"):
                yield Finding("thought-signature-missing", where, "the first call of a step is signed")
            break


def _current_turn(contents: list[Json]) -> Iterator[tuple[int, Json]]:
    """What follows the last thing that the user said; responses do not count as saying something."""
    said = [
        index
        for index, content in enumerate(contents)
        if as_object(content).get("role") == "user" and not _responses(content)
    ]
    start = said[-1] if said else 0
    return ((index, content) for index, content in enumerate(contents) if index > start)
