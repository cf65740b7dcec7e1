"""The subset of JSON Schema that each provider accepts, for its schema output and for the parameters of tools, as data.

Facts: docs/protocols/structured-output.md#schema-support, docs/protocols/structured-output.md#schemas-of-tools.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ..records import record

__all__ = [
    "ANTHROPIC",
    "ANTHROPIC_TOOL",
    "GEMINI",
    "GEMINI_TOOL",
    "GENERIC",
    "MOONSHOT",
    "MOONSHOT_TOOL",
    "OLLAMA_TOOL",
    "OPENAI_LIKE",
    "OPENAI_LOOSE",
    "OPENAI_STRICT",
    "OPENAI_STRICT_TOOL",
    "OPENAI_TOOL",
    "TOOL",
    "SchemaRules",
]


@record(frozen=True, slots=True, kw_only=True)
class SchemaRules:
    """One provider's subset. The defaults accept everything except a root that is not an object."""

    name: str
    keywords: frozenset[str] | None = None
    """The keywords that may be sent; `None` for all of them."""
    formats: frozenset[str] | None = None
    """The values of `format` that may be sent; `None` for all of them."""
    references: bool = True
    """Whether `$ref` may be sent; otherwise each is replaced by what it names, and recursion is cut off."""
    beside_references: bool = True
    """Whether a `$ref` may have sibling keywords."""
    closed: bool = False
    """Whether every object must forbid further properties, so that maps cannot be expressed."""
    all_required: bool = False
    """Whether every property must be required; what was optional becomes nullable."""
    any_value: bool = True
    """Whether a schema may leave the type open."""
    type_lists: bool = True
    """Whether `type` may be a list."""
    type_beside_union: bool = True
    """Whether `type` and `anyOf` may be in the same schema."""
    largest_min_items: int | None = None
    boolean_schemas: bool = False
    """Whether `true` and `false` may be sent as schemas; otherwise they become `{}` and `{"not": {}}`."""
    root_union: Literal["wrap", "merge"] = "wrap"
    """What becomes of a union at the root: a property of an object, or one object with all its properties.

    `merge` is for the parameters of tools, whose root always becomes an object with `properties`.
    """
    array_items: bool = False
    """Whether every array must have `items`."""
    property_names: str | None = None
    """The pattern of names that `properties` may have; others are described in text."""
    anchored_patterns: bool = False
    """Whether only patterns from `^` to `$` may be sent."""
    notes: bool = False
    """Whether constraints that cannot be sent are written into the description."""
    strict: bool = True
    """The value of the provider's `strict` field, where it has one."""
    fallback: SchemaRules | None = None
    """The rules for schemas that these cannot express."""


_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
_SHAPE = frozenset({"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf"})
_WORDS = frozenset({"title", "description"})
_NUMBERS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_COUNTS = frozenset({"minItems", "maxItems"})

OPENAI_LOOSE = SchemaRules(name="openai_loose", strict=False)
OPENAI_STRICT = SchemaRules(
    name="openai_strict",
    keywords=_SHAPE | _WORDS | _NUMBERS | _COUNTS | {"const", "$ref", "format", "pattern"},
    formats=_FORMATS - {"uri"},
    beside_references=False,
    closed=True,
    all_required=True,
    any_value=False,
    notes=True,
    fallback=OPENAI_LOOSE,
)
OPENAI_LIKE = replace(
    OPENAI_STRICT,
    name="openai_like",
    keywords=(OPENAI_STRICT.keywords or frozenset()) | {"minLength", "maxLength"},
    anchored_patterns=True,
)
"""For models without a card. Most run on servers that compile a schema to a grammar, which enforces the length of
strings; without it a small model may never end one."""
ANTHROPIC = SchemaRules(
    name="anthropic",
    keywords=_SHAPE | _WORDS | {"const", "$ref", "allOf", "format", "minItems"},
    formats=_FORMATS,
    beside_references=False,
    closed=True,
    any_value=False,
    type_lists=False,
    largest_min_items=1,
    notes=True,
)
GEMINI = SchemaRules(
    name="gemini",
    keywords=_SHAPE | _WORDS | _COUNTS | {"minimum", "maximum", "format", "prefixItems"},
    formats=frozenset({"date-time", "date", "time"}),
    references=False,
    notes=True,
)
MOONSHOT = SchemaRules(name="moonshot", beside_references=False, type_beside_union=False)
GENERIC = SchemaRules(name="generic", anchored_patterns=True)
TOOL = SchemaRules(name="tool")
"""For the object of a structured answer as the parameters of a tool; the codec adapts them further where it must."""

OPENAI_TOOL = SchemaRules(name="openai_tool", root_union="merge", array_items=True, notes=True)
OPENAI_STRICT_TOOL = replace(
    OPENAI_STRICT, name="openai_strict_tool", root_union="merge", all_required=False, fallback=None
)
"""For a tool with `strict`, whose properties must all be required already: no answer is changed back here."""
ANTHROPIC_TOOL = replace(OPENAI_TOOL, name="anthropic_tool", array_items=False, property_names=r"[a-zA-Z0-9_.-]{1,64}")
GEMINI_TOOL = replace(OPENAI_TOOL, name="gemini_tool", array_items=False, references=False, boolean_schemas=True)
MOONSHOT_TOOL = replace(
    OPENAI_TOOL, name="moonshot_tool", array_items=False, type_beside_union=False, boolean_schemas=True
)
OLLAMA_TOOL = replace(OPENAI_TOOL, name="ollama_tool", array_items=False)
