"""Adapts a JSON Schema to the subset that one provider accepts; the rules are data (see `schema_rules`).

Keywords outside the subset are left out, so that every value the original allows stays allowed; an answer is checked
against the original. Two changes are undone on the answer by `schema_restore`: optional properties that had to become
nullable, and a root union that had to become a property of an object. Where leaving out is not enough, for example a
map where every object must be closed, the schema is not expressible.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..records import record
from .schema_nodes import (
    ANNOTATIONS,
    DEFINITIONS,
    Node,
    Schema,
    is_object,
    json_type,
    local_target,
    merged,
    nullable,
    of_type,
    resolved,
    split_by_type,
    without,
)
from .schema_root import arguments_object
from .schema_rules import SchemaRules

__all__ = ["WRAPPED", "Adapted", "adapt"]

WRAPPED = "value"
"""The property that holds the answer when the root had to be wrapped."""

_NEVER_SENT = frozenset({"$schema", "$id", "$anchor", "$comment", "$vocabulary", "$dynamicAnchor"})
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas", "dependencies"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SINGLES = frozenset(
    {"items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"}
    | {"unevaluatedItems", "unevaluatedProperties", "contentSchema"}
)
_MOST_NODES = 20_000


@record(frozen=True, slots=True)
class Adapted:
    """The schema to send.

    Attributes:
        removed: what was left out, as `place: keyword`.
        problems: why the provider cannot express the schema; empty when it can.
        wrapped: whether the answer is in the property `WRAPPED`.
        cut: whether any value is allowed somewhere because of recursion, a reference to nothing, or the schema's size.
    """

    schema: Schema
    rules: SchemaRules
    removed: Sequence[str] = ()
    problems: Sequence[str] = ()
    wrapped: bool = False
    cut: bool = False

    @property
    def expressible(self) -> bool:
        """Whether the schema can be sent."""
        return not self.problems


def adapt(schema: Mapping[str, Any], rules: SchemaRules) -> Adapted:  # Any: a JSON Schema
    """The schema by these rules, or by their fallback when they cannot express it."""
    adapted = _Adapter(schema, rules).whole()
    if not adapted.expressible and rules.fallback is not None:
        return adapt(schema, rules.fallback)
    return adapted


class _Adapter:
    def __init__(self, root: Mapping[str, Any], rules: SchemaRules) -> None:
        self._root = root
        self._rules = rules
        self._names: dict[str, str] = {}
        self._taken: dict[str, int] = {}
        """How many definitions have a name, before it got a number."""
        self._definitions: Schema = {}
        self._nodes = 0
        self.removed: list[str] = []
        self.problems: list[str] = []
        self.cut = False

    def whole(self) -> Adapted:
        root, wrapped = self._whole_root()
        sent = self._node(root, "$", ("#",))
        schema: Schema = sent if isinstance(sent, dict) else {"type": "object"}
        if self._definitions:
            schema = {**schema, "$defs": self._definitions}
        return Adapted(schema, self._rules, self.removed, self.problems, wrapped, self.cut)

    def _whole_root(self) -> tuple[Schema, bool]:
        """The root as the rules want it, and whether it is inside the property `WRAPPED`."""
        if self._rules.root_union == "merge":
            root, removed = arguments_object(self._root)
            self.removed += removed
            return root, False
        root = self._flat(without(self._root, DEFINITIONS), "$")
        if "anyOf" in root or "oneOf" in root:
            return {"type": "object", "properties": {WRAPPED: root}, "required": [WRAPPED]}, True
        return {"type": "object", **root} if is_object(root) else root, False

    def _node(self, node: Node, place: str, path: tuple[str, ...]) -> Node:
        """One schema; `path` holds the references that lead here when they are replaced."""
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            return self._cut(place, "too large once its references are replaced")
        if isinstance(node, bool) and self._rules.boolean_schemas:
            return node
        if isinstance(node, bool):
            return self._open(place, "any value") if node else self._never(place)
        node = without(node, _NEVER_SENT | DEFINITIONS)
        if isinstance(node.get("$ref"), str):
            return self._referred(node, place, path)
        node = self._flat(node, place)
        if isinstance(node.get("$ref"), str):
            return self._referred(node, place, path)
        return self._fields(self._typed(node, place), place, path)

    def _fields(self, node: Schema, place: str, path: tuple[str, ...]) -> Node:
        if not node.keys() - ANNOTATIONS:
            return self._open(place, "any value", node)
        notes: list[str] = []
        node = self._array(self._named_properties(self._object(node, place), place, notes), place)
        if isinstance(node.get("type"), list) and not self._rules.type_lists:
            return self._split_types(node, place, path)
        sent: Schema = {}
        for key, value in node.items():
            if self._takes(key, value):
                sent.update(self._below(key, value, place, path))
            elif key not in ANNOTATIONS:
                self.removed.append(f"{place}: {key}")
                notes.append(f"{key} {value}" if isinstance(value, str | int | float | bool) else "")
        if "minItems" in sent and self._rules.largest_min_items is not None:
            sent["minItems"] = min(sent["minItems"], self._rules.largest_min_items)
        if self._rules.all_required and "properties" in sent:
            self._require_all(sent)
        if not sent.keys() - ANNOTATIONS:
            return self._open(place, "constraints that cannot be sent", sent)
        return self._noted(sent, [note for note in notes if note])

    def _takes(self, key: str, value: Any) -> bool:  # Any: the keyword's value
        rules = self._rules
        if rules.keywords is not None and key not in rules.keywords:
            return False
        if key == "format":
            return rules.formats is None or value in rules.formats
        if key == "pattern" and rules.anchored_patterns:
            return isinstance(value, str) and value.startswith("^") and value.endswith("$")
        return True

    def _below(self, key: str, value: Any, place: str, path: tuple[str, ...]) -> Schema:  # Any: as above
        """The keyword with its schemas adapted; another one, or none, where a looser schema would forbid more."""
        before = len(self.removed)
        adapted = self._adapted(key, value, place, path)
        if len(self.removed) > before:
            if key in ("not", "if"):
                self.removed.append(f"{place}: {key}")
                return {}
            if key == "oneOf":  # branches that lost keywords may overlap
                return {"anyOf": adapted}
        return {key: adapted}

    def _adapted(self, key: str, value: Any, place: str, path: tuple[str, ...]) -> Any:  # Any: as above
        if key in _MAPS and isinstance(value, dict):
            return {name: self._part(part, f"{place}.{name}", path) for name, part in value.items()}
        if key in _LISTS and isinstance(value, list):
            return [self._part(part, f"{place}.{key}[{number}]", path) for number, part in enumerate(value)]
        if key == "additionalProperties" and isinstance(value, bool):
            return value
        return self._part(value, f"{place}.{key}", path) if key in _SINGLES else value

    def _part(self, value: Any, place: str, path: tuple[str, ...]) -> Any:  # Any: a schema, or something else
        return self._node(value, place, path) if isinstance(value, dict | bool) else value

    # unions and references

    def _flat(self, node: Schema, place: str) -> Schema:
        """The schema with `allOf` merged, `oneOf` written as `anyOf` where it must be, and a root's `$ref` replaced."""
        if place == "$":
            node = resolved(node, self._root)
        parts = node.get("allOf")
        alone = isinstance(parts, list) and len(parts) == 1 and not node.keys() - ANNOTATIONS - {"allOf"}
        if isinstance(parts, list) and (alone or not self._keeps("allOf") or self._rules.closed):
            node = self._joined(without(node, {"allOf"}), parts, place)
        if "oneOf" in node and not self._keeps("oneOf"):
            choices = node["oneOf"]
            node = without(node, {"oneOf", "discriminator"})
            if "anyOf" in node:
                self.removed.append(f"{place}: oneOf")
            else:
                node["anyOf"] = choices
        if "anyOf" in node and "type" in node and not self._rules.type_beside_union:
            kind = node["type"]
            branches = [of_type(branch, kind) for branch in node["anyOf"]]
            node = {**without(node, {"type"}), "anyOf": branches} if branches else without(node, {"anyOf"})
        return node

    def _joined(self, node: Schema, parts: list[Node], place: str) -> Schema:
        """The schema merged with the parts of its `allOf`; of conflicting keywords one is kept, which allows more."""
        if len(parts) == 1 and not node.keys() - ANNOTATIONS and isinstance(parts[0], dict) and "$ref" in parts[0]:
            return {**parts[0], **node}
        for part in parts:
            part = resolved(part, self._root) if isinstance(part, dict) else part
            if not isinstance(part, dict) or "$ref" in part:
                self.removed.append(f"{place}: allOf")
                continue
            if part.get("allOf"):
                part = self._joined(without(part, {"allOf"}), part["allOf"], place)
            node = merged(part, node)
        return node

    def _referred(self, node: Schema, place: str, path: tuple[str, ...]) -> Node:
        reference = node["$ref"]
        target = local_target(self._root, reference)
        siblings = without(node, {"$ref"})
        if target is None:
            return self._cut(place, f"the reference {reference} leads nowhere here")
        if self._rules.references and (not siblings or self._rules.beside_references):
            kept = self._node(siblings, place, path) if siblings.keys() - ANNOTATIONS else siblings
            return {"$ref": self._named(reference, target), **(kept if isinstance(kept, dict) else {})}
        if reference in path:
            if self._rules.references:  # recursion can be expressed, but not together with these keywords
                self.removed += [f"{place}: {key}" for key in siblings if key not in ANNOTATIONS]
                return {"$ref": self._named(reference, target)}
            return self._cut(place, "recursion", siblings)
        if isinstance(target, bool):
            return self._node(target, place, path)
        return self._node(merged(without(target, DEFINITIONS), siblings), place, (*path, reference))

    def _named(self, reference: str, target: Node) -> str:
        """The reference into our definitions; each definition is adapted once."""
        if reference not in self._names:
            wanted = reference.rsplit("/", 1)[-1].strip("#") or "Root"
            number = self._taken.get(wanted, 0)
            name = wanted
            while name in self._definitions:
                number += 1
                name = f"{wanted}_{number}"
            self._taken[wanted] = number
            self._names[reference] = name
            self._definitions[name] = {}
            self._definitions[name] = self._node(target, f"$defs.{name}", (reference,))
        return f"#/$defs/{self._names[reference]}"

    # types, objects, arrays

    def _typed(self, node: Schema, place: str) -> Schema:
        """The schema with the `type` of its values where it has none, and `const` as `enum` where that must be."""
        if "const" in node and not self._keeps("const"):
            node = {**without(node, {"const"}), "enum": [node["const"]]}
        if "type" in node or self._rules.any_value:
            return node
        if "enum" in node or "const" in node:
            values = node["enum"] if "enum" in node else [node["const"]]
            kinds = sorted({json_type(value) for value in values})
            return {**node, "type": kinds[0] if len(kinds) == 1 else kinds}
        if "properties" in node:
            return {**node, "type": "object"}
        if "anyOf" not in node and "$ref" not in node and node.keys() - ANNOTATIONS:
            self.problems.append(f"{place} has no type")
        return node

    def _object(self, node: Schema, place: str) -> Schema:
        if not is_object(node) or not self._rules.closed:
            return node
        properties = node.get("properties") or {}
        if "patternProperties" in node or node.get("additionalProperties", not properties) is not False:
            self.problems.append(f"{place} is a map, whose keys are unknown")
        if set(node.get("required", ())) - properties.keys():
            self.problems.append(f"{place} requires properties without a schema")
        if properties and "anyOf" in node:
            self.problems.append(f"{place} has properties next to a union")
        return {**node, "properties": properties, "additionalProperties": False}

    def _named_properties(self, node: Schema, place: str, notes: list[str]) -> Schema:
        """The object without properties whose names may not be sent; a note in text describes them."""
        names, properties = self._rules.property_names, node.get("properties")
        if names is None or not isinstance(properties, dict):
            return node
        illegal = {name: part for name, part in properties.items() if not re.fullmatch(names, name)}
        if not illegal:
            return node
        self.removed += [f"{place}.{name}: its name" for name in illegal]
        notes.append(f"further properties: {json.dumps(illegal, ensure_ascii=False, default=repr)}")
        node = {**without(node, {"additionalProperties"}), "properties": without(properties, illegal)}
        if "required" in node:
            node["required"] = [name for name in node["required"] if name not in illegal]
        return node

    def _array(self, node: Schema, place: str) -> Schema:
        """A list of `items` as `prefixItems`, or as a union of them where `prefixItems` may not be sent."""
        if isinstance(node.get("items"), list):
            rest = {"items": node["additionalItems"]} if "additionalItems" in node else {}
            first = {"prefixItems": node["items"]} if node["items"] else {}
            node = {**without(node, {"items", "additionalItems"}), **first, **rest}
        if "prefixItems" in node and not self._keeps("prefixItems"):
            positions = node["prefixItems"]
            known: list[Node] = []
            for part in positions:
                if part not in known:
                    known.append(part)
            if node.get("items") is not False and node.get("maxItems", len(positions) + 1) > len(positions):
                known.append(node.get("items", True))
            self.removed.append(f"{place}: prefixItems")
            node = {**without(node, {"prefixItems"}), "items": known[0] if len(known) == 1 else {"anyOf": known}}
        kind = node.get("type")
        if kind == "array" and "items" not in node and not self._rules.any_value:
            self.problems.append(f"{place} is an array without `items`")
        elif self._rules.array_items and "items" not in node and (kind == "array" or "array" in (kind or ())):
            node = {**node, "items": {}}
        return node

    def _split_types(self, node: Schema, place: str, path: tuple[str, ...]) -> Node:
        annotations = {key: value for key, value in node.items() if key in ANNOTATIONS}
        return self._fields({**annotations, "anyOf": split_by_type(node)}, place, path)

    def _require_all(self, sent: Schema) -> None:
        required = set(sent.get("required", ()))
        sent["properties"] = {
            name: part if name in required else nullable(part) for name, part in sent["properties"].items()
        }
        sent["required"] = list(sent["properties"])

    # helpers

    def _keeps(self, keyword: str) -> bool:
        return self._rules.keywords is None or keyword in self._rules.keywords

    def _open(self, place: str, why: str, annotations: Schema | None = None) -> Node:
        """A schema that allows anything; a problem where the provider accepts none."""
        if not self._rules.any_value:
            self.problems.append(f"{place}: {why}")
        return {key: value for key, value in (annotations or {}).items() if self._keeps(key)}

    def _cut(self, place: str, why: str, annotations: Schema | None = None) -> Node:
        self.cut = True
        self.removed.append(f"{place}: $ref")
        return self._open(place, why, annotations)

    def _never(self, place: str) -> Node:
        if self._rules.keywords is not None:
            self.problems.append(f"{place} allows nothing")
        return {"not": {}}

    def _noted(self, sent: Schema, notes: list[str]) -> Schema:
        if not notes or not self._rules.notes:
            return sent
        note = f"({', '.join(notes)})"
        return {**sent, "description": f"{sent['description']} {note}" if sent.get("description") else note}
