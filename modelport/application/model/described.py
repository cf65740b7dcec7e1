"""Pydantic classes whose fields `help` explains: parameters and credentials."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

from pydantic import BaseModel

from ...domain.deferred import Deferred

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.fields import FieldInfo
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

__all__ = ["Described"]

_MODULE = re.compile(r"(?<![\w.])(?:[a-z_]++\.)++(?=[A-Z])")
"""The modules before the names of classes."""
_BOUNDS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "min_length": "at least", "max_length": "at most"}


if TYPE_CHECKING:
    _Explained = Deferred
else:

    class _ExplainedClass(type(BaseModel)):
        @property
        def __doc__(cls) -> str:
            """The docstring as it is written, and the fields; made when it is read."""
            written = cls.__dict__.get("__doc__") or cls.__name__
            if "__pydantic_fields__" not in cls.__dict__:  # it is being made
                return written
            lines = [
                f"    {name} {_facts(field)}: {_description(cls, name)}" for name, field in cls.model_fields.items()
            ]
            return "\n".join([inspect.cleandoc(written), "", "Fields:", *lines])

    class _Explained(Deferred, metaclass=_ExplainedClass):
        pass


class Described(_Explained):
    """A pydantic class whose docstring goes on with its fields: type, bounds, default and description.

    JSON Schemas keep the docstring as it was written. A field without a description has that of the base class.
    """

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        made, written = handler.resolve_ref_schema(found), cls.__dict__.get("__doc__")
        made.pop("description", None)
        if written:
            made["description"] = inspect.cleandoc(written)
        return found


def _facts(field: FieldInfo) -> str:
    """Type, bounds and default, in parentheses."""
    kind = _MODULE.sub("", inspect.formatannotation(field.annotation))
    signs = ((sign, getattr(rule, name, None)) for rule in field.metadata for name, sign in _BOUNDS.items())
    bounds = [f"{sign} {limit}" for sign, limit in signs if limit is not None]
    default = f"default {field.default!r}"
    if field.is_required() or field.default_factory is not None:
        default = "required" if field.is_required() else "made anew"
    return f"({', '.join([kind, *bounds, default])})"


def _description(owner: type[BaseModel], name: str) -> str:
    """The field's own words, else those of the nearest base class that has some."""
    for cls in owner.__mro__:
        field = cls.__dict__.get("__pydantic_fields__", {}).get(name)
        if field is not None and field.description:
            return " ".join(str(field.description).split())
    return ""
