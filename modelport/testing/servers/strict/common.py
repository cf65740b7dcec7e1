"""Vocabulary shared by the request validators: findings, field checks and small shape helpers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

# Parsed JSON of unknown, possibly illegal shape. Every check narrows only what it looks at, so a
# recursive JSON type would add a cast to each line and prove nothing.
Json: TypeAlias = Any

# Returns a description of what is accepted when the value is not, else None.
Check: TypeAlias = Callable[[Json], str | None]

ELIDED = "<elided base64:"
_STANDARD_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")
_URL_SAFE_BASE64 = re.compile(r"[A-Za-z0-9_-]+={0,2}\Z")
_DATA_URL = re.compile(r"data:(?P<media>[^;,]*)(?:;[^;,]+)*?;base64,(?P<payload>.*)\Z", re.DOTALL)


class Finding(NamedTuple):
    """A broken rule, before its source has been looked up."""

    rule: str
    path: str
    message: str


@dataclass(frozen=True)
class Violation:
    """A broken rule of a wire format, its place in the body, and the heading in the handbook that has it."""

    rule: str
    path: str
    message: str
    source: str


Findings: TypeAlias = Iterator[Finding]


def settle(findings: Iterable[Finding], rules: Mapping[str, str]) -> list[Violation]:
    """Attach sources. An undeclared rule id is a bug of the validator, so it fails loudly."""
    return [Violation(found.rule, found.path, found.message, rules[found.rule]) for found in findings]


def number(low: float, high: float, *, open_low: bool = False, open_high: bool = False) -> Check:
    """A JSON number in a range; booleans are not numbers on the wire."""

    def check(value: Json) -> str | None:
        expected = f"a number from {low} to {high}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return expected
        below = value < low or (open_low and value == low)
        above = value > high or (open_high and value == high)
        return expected if below or above else None

    return check


def integer(low: int | None = None, high: int | None = None) -> Check:
    """A JSON integer, optionally bounded."""

    def check(value: Json) -> str | None:
        outside = (
            isinstance(value, bool)
            or not isinstance(value, int)
            or (low is not None and value < low)
            or (high is not None and value > high)
        )
        return f"an integer from {low} to {high}" if outside else None

    return check


def one_of(*allowed: str) -> Check:
    """One of a closed list of strings."""
    return lambda value: None if isinstance(value, str) and value in allowed else f"one of {allowed}"


def boolean(value: Json) -> str | None:
    """true or false."""
    return None if isinstance(value, bool) else "a boolean"


def text(value: Json) -> str | None:
    """A non-empty string."""
    return None if isinstance(value, str) and value else "a non-empty string"


def any_text(value: Json) -> str | None:
    """A string, possibly empty."""
    return None if isinstance(value, str) else "a string"


def json_object_text(value: Json) -> str | None:
    """The text of a JSON object."""
    try:
        valid = isinstance(value, str) and isinstance(json.loads(value, parse_constant=_refuse), dict)
    except ValueError:
        valid = False
    return None if valid else "the text of a JSON object"


def _refuse(word: str) -> Json:
    raise ValueError(word)


def short_text(longest: int) -> Check:
    """A non-empty string with a length limit."""
    return lambda value: None if isinstance(value, str) and 0 < len(value) <= longest else f"1 to {longest} characters"


def matching(pattern: str) -> Check:
    """A string that matches the whole pattern."""
    compiled = re.compile(pattern)
    return lambda value: None if isinstance(value, str) and compiled.fullmatch(value) else f"a match of {pattern}"


def mapping(value: Json) -> str | None:
    """A JSON object."""
    return None if isinstance(value, dict) else "an object"


def text_list(value: Json) -> str | None:
    """A list of strings."""
    valid = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return None if valid else "a list of strings"


def list_of(*allowed: str) -> Check:
    """A list whose members come from a closed list of strings."""
    return lambda value: None if text_list(value) is None and set(value) <= set(allowed) else f"a list out of {allowed}"


def either(*checks: Check) -> Check:
    """Any one of several shapes."""

    def check(value: Json) -> str | None:
        answers = [each(value) for each in checks]
        return None if None in answers else " or ".join(filter(None, answers))

    return check


def nothing(value: Json) -> str | None:
    """JSON null, for fields where the handbook says that null is accepted."""
    return None if value is None else "null"


def metadata(value: Json) -> str | None:
    """At most 16 pairs of short strings."""
    valid = (
        isinstance(value, dict)
        and len(value) <= 16
        and all(len(key) <= 64 and isinstance(entry, str) and len(entry) <= 512 for key, entry in value.items())
    )
    return None if valid else "16 pairs, keys up to 64 and values up to 512 characters"


def check_fields(body: Json, table: Mapping[str, Check], rule: str, path: str) -> Findings:
    """Type and range of the fields that are present; absence is never judged here."""
    for name, check in table.items():
        if name in body:
            expected = check(body[name])
            if expected:
                yield Finding(rule, f"{path}.{name}", f"expected {expected}")


def require_fields(body: Json, table: Mapping[str, Check], rule: str, path: str) -> Findings:
    """As check_fields, but every field has to be there."""
    for name, check in table.items():
        expected = check(body.get(name))
        if expected:
            yield Finding(rule, f"{path}.{name}", f"required: {expected}")


def as_object(value: Json) -> dict[str, Json]:
    """The value if it is an object, else an empty one: shape rules report the wrong type."""
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Json]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def objects(value: Json, path: str) -> Iterator[tuple[str, dict[str, Json]]]:
    """The objects of a list with their paths."""
    for index, item in enumerate(as_list(value)):
        if isinstance(item, dict):
            yield f"{path}[{index}]", item


def is_blank(content: Json) -> bool:
    """Whether a content says nothing: a blank text, an empty list, or a list with a blank text in it."""
    if isinstance(content, str):
        return not content.strip()
    texts = (part["text"] for part in as_list(content) if isinstance(part, dict) and "text" in part)
    return content == [] or any(isinstance(each, str) and not each.strip() for each in texts)


def is_base64(value: Json, *, url_safe: bool = False) -> bool:
    """Bare padded base64 without a data prefix. Payloads cut out of a recording are taken on trust."""
    if not isinstance(value, str) or not value:
        return False
    if value.startswith(ELIDED) or _STANDARD_BASE64.match(value):
        return True
    return url_safe and bool(_URL_SAFE_BASE64.match(value))


def data_url_media(value: Json) -> str | None:
    """The media type of a well-formed base64 data URL, else None."""
    found = _DATA_URL.match(value) if isinstance(value, str) else None
    return found["media"] if found and is_base64(found["payload"]) else None


def is_web_url(value: Json) -> bool:
    """An absolute http or https URL."""
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def model_of(body: Json, model: str | None) -> str:
    """The model a per-model rule looks at: named by the caller, else by the body."""
    named = model or as_object(body).get("model")
    return named if isinstance(named, str) else ""


def matches_any(model: str, patterns: Iterable[str]) -> bool:
    """Whether a model id falls under one of the patterns of a table."""
    return any(re.search(pattern, model) for pattern in patterns)
