"""Python functions as tools: their JSON Schema, and the validation of the arguments of a call."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import is_dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind

from ...domain.chat.tools import ToolSchema, tool_name, validate_tools
from ...domain.errors import InvalidRequestError
from ..structured.reading import InvalidAnswerError, read_object
from .signature import Signature, ToolFunction, function_name, innermost, read_signature
from .threads import call_in_thread, only_errors

__all__ = ["FunctionTool", "ToolFunction"]

_SPREAD = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_HEADING = re.compile(r"^(Args|Arguments|Parameters|Returns|Yields|Raises|Examples?|Notes?):\s*$", re.MULTILINE)
_ARGUMENT = re.compile(r"^\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")


class FunctionTool:
    """A function that a model may call.

    The schema comes from its signature and its docstring, whose `Args:` section describes the arguments; `schema`
    replaces it. The arguments of a call are always validated and converted by the annotations. Arguments that the
    program has bound with `functools.partial`, or marked as `Annotated[…, Hidden]`, are not in the schema, and a call
    that sets one is refused. A pydantic class is a tool as well: its fields are the arguments, and a call returns an
    instance. `name` and `description` replace those of the function. A sync function runs in a daemon thread of its
    own; the items of a generator are returned as a list. Raises `InvalidRequestError` for a function that cannot be
    described by a schema.
    """

    def __init__(
        self,
        function: ToolFunction,
        schema: ToolSchema | None = None,
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> None:
        self.function = function
        self._is_class = isinstance(function, type) and issubclass(function, BaseModel)
        self._signature = Signature({}, frozenset(), {}) if self._is_class else read_signature(function)
        self._parameters = self._signature.offered
        self._arguments: type[BaseModel] = (
            function  # type: ignore[assignment]  # a class, as asked above
            if self._is_class
            else _arguments(function, self._parameters)
        )
        self.schema = schema or _schema(function, self._arguments, name, description)
        validate_tools([self.schema], None)
        self.name = tool_name(self.schema)

    def __repr__(self) -> str:
        arguments = (self.schema["function"].get("parameters") or {}).get("properties", {})
        return f"<FunctionTool {self.name}({', '.join(arguments)})>"

    async def __call__(self, arguments: str) -> Any:  # Any: what the function returns
        """Run the function with a JSON object, repaired if needed; raises `InvalidAnswerError` if it is invalid."""
        if self._is_class:
            return self._validated(arguments)
        return await only_errors(self._run(partial(self.function, **self._checked(arguments))))

    async def _run(self, call: partial[Any]) -> Any:  # Any: what the function returns
        target = innermost(self.function)
        if inspect.iscoroutinefunction(target) or inspect.iscoroutinefunction(getattr(target, "__call__", None)):  # noqa: B004
            return await call()
        result = await call_in_thread(partial(_exhausted, call), self.name)
        if inspect.isasyncgen(result):
            return [item async for item in result]
        return await result if inspect.isawaitable(result) else result

    def _validated(self, arguments: str) -> BaseModel:
        value = read_object(arguments)[0] if arguments.strip() else {}
        try:
            return self._arguments.model_validate_json(json.dumps(value))
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
            raise InvalidAnswerError(problems) from error

    def _checked(self, arguments: str) -> dict[str, Any]:  # Any: each argument has its own type
        checked = self._validated(arguments)
        known = self._arguments.model_fields
        given: dict[str, Any] = {}
        for index, parameter in enumerate(self._parameters.values()):
            field = _field(index)
            if field in checked.model_fields_set or (field in known and not _has_default(parameter)):
                given[parameter.name] = getattr(checked, field)
        more = checked.model_extra or {}
        withheld = sorted(self._signature.withheld.intersection(more))
        if withheld:
            raise InvalidAnswerError([f"{name}: Extra inputs are not permitted" for name in withheld])
        return given | more | self._signature.fixed


class _Untitled(GenerateJsonSchema):
    """Schemas without titles, which only repeat the names, and without defaults that JSON cannot express."""

    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012

    def field_title_should_be_set(self, schema: Any) -> bool:  # Any: a core schema
        return False


def _field(index: int) -> str:
    """The field's name; the argument's own name, which pydantic may not allow, becomes its alias."""
    return f"argument_{index}"


def _has_default(parameter: inspect.Parameter) -> bool:
    """Whether the argument may be left out; a default given as a pydantic `Field` is filled in by us."""
    return parameter.default is not inspect.Parameter.empty and not isinstance(parameter.default, FieldInfo)


def _arguments(function: ToolFunction, parameters: dict[str, inspect.Parameter]) -> type[BaseModel]:
    """A class with one field for each argument."""
    fields: dict[str, Any] = {}  # Any: pydantic's field definitions
    for index, parameter in enumerate(parameters.values()):
        if parameter.kind not in _SPREAD:
            empty = inspect.Parameter.empty
            annotation = Any if parameter.annotation is empty else parameter.annotation
            if isinstance(parameter.default, FieldInfo):
                annotation = Annotated[annotation, parameter.default]
            default = {"default": parameter.default} if _has_default(parameter) else {}
            fields[_field(index)] = (annotation, Field(**default, alias=parameter.name))
    spread = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
    config = ConfigDict(extra="allow" if spread else "forbid")
    try:
        made: type[BaseModel] = create_model("Arguments", __config__=config, **fields)
    except Exception as error:  # pydantic has several errors for annotations it cannot use
        raise InvalidRequestError(f"the tool {function_name(function)!r} cannot be described: {error}") from error
    return made


def _schema(
    function: ToolFunction, arguments: type[BaseModel], name: str | None, description: str | None
) -> ToolSchema:
    name = name or function_name(function)
    try:
        parameters = arguments.model_json_schema(schema_generator=_Untitled)
    except Exception as error:  # pydantic has several errors for types without a schema
        raise InvalidRequestError(f"the tool {name!r} has no JSON Schema: {error}") from error
    parameters.pop("title", None)
    parameters.setdefault("properties", {})
    own, documented = _docstring(function)
    if arguments is function:
        parameters.pop("description", None)
        own = own if vars(arguments).get("__doc__") else ""  # not what pydantic says of its base class
    description = own if description is None else description
    for argument, about in parameters["properties"].items():
        if argument in documented:
            about.setdefault("description", documented[argument])
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def _docstring(function: ToolFunction) -> tuple[str, dict[str, str]]:
    """The descriptions of the function and of each argument, from its docstring."""
    description, *sections = _HEADING.split(_written_doc(innermost(function)))
    documented: dict[str, str] = {}
    for heading, body in zip(sections[::2], sections[1::2], strict=True):
        if heading in ("Args", "Arguments", "Parameters"):
            documented |= _described(inspect.cleandoc(body.strip("\n")))
    return description.strip(), documented


def _written_doc(target: ToolFunction) -> str:
    """The docstring, unless `dataclass` made it: that one repeats the defaults, which may be the program's secrets."""
    text = inspect.getdoc(target) or ""
    kind = type(target)
    if is_dataclass(target) and not isinstance(target, type) and text.startswith(f"{kind.__name__}("):
        return inspect.getdoc(kind.__call__) or ""
    return text


def _described(body: str) -> dict[str, str]:
    """The lines `name: text` or `name (type): text` of an `Args:` section; indented lines continue the text."""
    texts: dict[str, str] = {}
    name = ""
    for line in body.splitlines():
        found = None if line.startswith(" ") else _ARGUMENT.match(line)
        if found:
            name = found[1]
            texts[name] = found[2].strip()
        elif name and line.strip():
            texts[name] = f"{texts[name]} {line.strip()}".strip()
    return texts


def _exhausted(call: partial[Any]) -> Any:  # Any: what the function returns
    """The function's result; a generator runs to its end here, in the function's thread."""
    result = call()
    return list(result) if inspect.isgenerator(result) else result
