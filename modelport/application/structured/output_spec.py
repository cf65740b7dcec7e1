"""What a valid object is, from a pydantic class or a JSON Schema, and the validation of an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from ...domain.chat.names import legal_name
from ...domain.errors import InvalidRequestError, SettingsError
from ...domain.structured.schema_nodes import local_target
from ...domain.structured.schema_size import MOST_AT_ONE_PLACE, is_entangled
from ...domain.structured.schema_values import fitted
from .reading import InvalidAnswerError

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

__all__ = ["OutputSpec"]

_MOST_ERRORS = 20


class OutputSpec:
    """The specification of the object. Raises `InvalidRequestError` unless it describes an object."""

    def __init__(self, wanted: type[BaseModel] | Mapping[str, Any]) -> None:  # Any: a JSON Schema
        self._class = wanted if isinstance(wanted, type) and issubclass(wanted, BaseModel) else None
        self._validator: Validator | None = None
        if self._class is not None:
            self.schema: dict[str, Any] = _schema_of(self._class)
            name = self._class.__name__
        elif isinstance(wanted, Mapping):
            self.schema = _json_of(wanted)
            self._validator = _validator(self.schema)
            name = str(self.schema.get("title") or "answer")
        else:
            raise InvalidRequestError(
                f"structured_model is {wanted!r}; pass a pydantic model class or a JSON Schema as a dict"
            )
        for reference in _references(self.schema):
            if local_target(self.schema, reference) is None:
                raise InvalidRequestError(f"{name} refers to {reference!r}, which is not in the schema itself")
        self.name = legal_name(name)
        if not _describes_object(self.schema, self.schema, 0):
            raise InvalidRequestError(f"{name} does not describe an object; put what it describes into a field of one")

    @property
    def description(self) -> str:
        """The description of the class or the schema; may be empty."""
        return str(self.schema.get("description") or "")

    def checked(self, value: dict[str, Any]) -> tuple[dict[str, Any], Any]:  # Any: JSON values; the instance
        """The validated dict with defaults and coercions applied, and the instance; raises `InvalidAnswerError`."""
        if self._class is not None:
            try:
                instance = self._class.model_validate_json(to_json(value))
            except ValidationError as error:
                raise InvalidAnswerError([_pydantic_error(item) for item in error.errors()[:_MOST_ERRORS]]) from error
            return self._written(instance), instance
        fitting: dict[str, Any] = fitted(value, self.schema)
        assert self._validator is not None, "a schema has its validator"
        found = _errors(self._validator, fitting)
        if found:
            raise InvalidAnswerError([f"{error.json_path}: {error.message[:300]}" for error in found[:_MOST_ERRORS]])
        return fitting, fitting

    def _written(self, instance: BaseModel) -> dict[str, Any]:  # Any: JSON values
        """The instance as JSON values; raises `InvalidRequestError` when its class has none for it."""
        try:
            return instance.model_dump(mode="json", by_alias=True, round_trip=True)
        except PydanticSerializationError as error:
            raise InvalidRequestError(f"{type(instance).__name__} cannot be written as JSON: {error}") from error


def _json_of(wanted: Mapping[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(schema := dict(wanted))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"structured_model is not a valid JSON Schema: {error}") from error
    if is_entangled(schema):
        raise InvalidRequestError(
            f"structured_model has more than {MOST_AT_ONE_PLACE} schemas for one value, with its references followed; "
            "write fewer levels of allOf, anyOf and $ref"
        )
    return schema


def _schema_of(cls: type[BaseModel]) -> dict[str, Any]:
    try:
        return cls.model_json_schema()
    except Exception as error:  # pydantic has several errors for types without a schema
        raise InvalidRequestError(f"{cls.__name__} has no JSON Schema: {error}") from error


def _references(node: Any) -> Iterator[str]:  # Any: a place in a JSON Schema
    """Every `$ref` below this place."""
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for part in node.values():
            yield from _references(part)
    elif isinstance(node, list):
        for part in node:
            yield from _references(part)


def _pydantic_error(item: Any) -> str:  # Any: pydantic's ErrorDetails
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"])
    return f"${place}: {item['msg']}"


def _validator(schema: dict[str, Any]) -> Validator:
    """The validator of the schema's draft; references out of the schema are not followed."""
    try:
        from jsonschema import Draft202012Validator, FormatChecker
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import validator_for
        from referencing import Registry
    except ImportError as error:
        raise SettingsError(
            "checking an answer against a JSON Schema needs jsonschema: pip install 'modelport[structured]', "
            "or pass a pydantic model class"
        ) from error
    try:
        cls = validator_for(schema, default=Draft202012Validator)
        cls.check_schema(schema)
    except SchemaError as error:
        raise InvalidRequestError(
            f"structured_model is not a valid JSON Schema: {error.json_path}: {error.message}"
        ) from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:  # jsonschema stumbles over a wrong `$schema`
        raise InvalidRequestError(f"structured_model is not a valid JSON Schema: {error}") from error
    registry: Any = Registry()  # Any: its type parameter is not needed here
    checker = FormatChecker(cls.FORMAT_CHECKER.checkers.keys())
    checker.checks("date-time", raises=ValueError)(_is_moment)  # the default check needs another library
    return cls(schema, registry=registry, format_checker=checker)


def _errors(validator: Validator, value: dict[str, Any]) -> list[Any]:  # Any: JSON values, jsonschema's errors
    """What the schema says against the value; raises `InvalidRequestError` when the schema cannot be applied."""
    from referencing.exceptions import Unresolvable

    try:
        return sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    except (Unresolvable, RecursionError) as error:
        raise InvalidRequestError(f"structured_model cannot be applied: {error}") from error


def _is_moment(value: object) -> bool:
    """Whether a text is a date and time with its zone."""
    return not isinstance(value, str) or (datetime.fromisoformat(value).tzinfo is not None and value[10] in "Tt")


def _describes_object(node: Any, root: Mapping[str, Any], depth: int) -> bool:  # Any: a JSON Schema
    """Whether only objects are valid, judged by `type` and `properties`."""
    if not isinstance(node, Mapping) or depth > 20:
        return False
    if isinstance(node.get("$ref"), str):
        return _describes_object(local_target(root, node["$ref"]), root, depth + 1)
    if "type" in node or "properties" in node:
        return bool(node.get("type", "object") == "object")
    for key in ("anyOf", "oneOf"):
        if node.get(key):
            return all(_describes_object(branch, root, depth + 1) for branch in node[key])
    return any(_describes_object(part, root, depth + 1) for part in node.get("allOf", ()))
