"""`--schema`: a line of fields, a file with a JSON Schema, or a pydantic class."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...domain.json_values import read_json
from .imports import named_object

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["as_text", "wanted_schema"]

_KINDS: dict[str, type] = {"str": str, "string": str, "int": int, "float": float, "number": float, "bool": bool}
_FIELD = re.compile(r"(?P<name>[A-Za-z_]\w*)(?:\s+(?P<kind>\w+)(?P<many>\[\])?)?(?:\s*:\s*(?P<about>.+))?", re.DOTALL)
_LARGEST = 4 * 1024 * 1024
_FORMS = "expected fields like 'name, age int: in years', a file with a JSON Schema, or module:Class"


def wanted_schema(given: str) -> type[BaseModel] | dict[str, Any]:  # Any: a JSON Schema
    """The class or JSON Schema; a `UsageError` says what is wrong with it."""
    from pydantic import BaseModel

    text = given.strip()
    if text.startswith("{"):
        return _read(text.encode(), "--schema")
    path = Path(text)
    if path.suffix == ".json" or (len(text) < 256 and "," not in text and path.is_file()):
        try:
            with path.open("rb") as file:
                return _read(file.read(_LARGEST), f"--schema {path}")
        except OSError as error:
            raise click.UsageError(f"--schema {path}: {error.strerror}") from error
    if re.fullmatch(r"\S+:[A-Za-z_][\w.]*", text) and "," not in text:
        found = named_object(text, "--schema")
        if not (isinstance(found, type) and issubclass(found, BaseModel)):
            raise click.UsageError(f"--schema {text}: expected a pydantic model class, got {type(found).__name__}")
        return found
    return _of_fields(text)


def _read(data: bytes, place: str) -> dict[str, Any]:  # Any: a JSON Schema
    try:
        found = read_json(data)
    except ValueError as error:
        raise click.UsageError(f"{place} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise click.UsageError(f"{place}: expected a JSON Schema that describes an object")
    return found


def _of_fields(text: str) -> type[BaseModel]:
    """A class with these fields, all required: `name, age int, tags str[]: what it is about`."""
    from pydantic import ConfigDict, Field, create_model

    separator = "\n" if "\n" in text else ","
    fields: dict[str, Any] = {}  # Any: a type and its field
    for part in filter(None, (each.strip() for each in text.split(separator))):
        found = _FIELD.fullmatch(part)
        kind = _KINDS.get((found["kind"] or "str").lower()) if found else None
        if found is None or kind is None:
            raise click.UsageError(f"--schema: {part!r} is no field with one of {', '.join(_KINDS)}; {_FORMS}")
        many: Any = list[kind] if found["many"] else kind  # type: ignore[valid-type]
        fields[found["name"]] = (many, Field(description=found["about"]))
    if not fields:
        raise click.UsageError(f"--schema is empty; {_FORMS}")
    try:
        made: type[BaseModel] = create_model("Answer", __config__=ConfigDict(extra="forbid"), **fields)
    except (NameError, ValueError) as error:
        raise click.UsageError(f"--schema: {error}") from error
    return made


def as_text(content: dict[str, Any]) -> str:  # Any: JSON values
    """The object as it is shown and saved."""
    return json.dumps(content, ensure_ascii=False, indent=2)
