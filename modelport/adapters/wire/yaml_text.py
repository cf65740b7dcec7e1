"""The one reader of YAML files: cards, settings and cassettes. Every fault has a line; a safe loader, without tricks.

Besides what the loader refuses, these are faults: a key that is written twice, a value that contains itself, aliases
that grow beyond any use, and tabs outside of texts, which one YAML library takes for blanks and another refuses.

Most files have no fault, so a text is read twice at most: quickly, without lines and as a mere loader would; and with
care, node by node, where the first reading found something odd or the text has tabs or aliases.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from typing import Any

import yaml

__all__ = ["YamlDocument", "YamlFault", "read_yaml"]

_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
_MOST_BY_ALIAS = 100_000
"""How many values aliases may add to those that are written."""
_DEEPEST = 200
_CONTAINERS = (dict, list)
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#")
_NEEDS_CARE = re.compile(r"[\t&*]|<<")
"""Tabs, anchors, aliases and merged keys; in most texts where these characters are found, they are none of them."""
_UNREADABLE = (yaml.YAMLError, ValueError, TypeError, AttributeError, ArithmeticError, LookupError, RecursionError)
"""What the loader raises: its own errors, and those of Python's types for values such as the date `2024-02-30`."""


class YamlFault(ValueError):
    """What is wrong with a file, e.g. `line 3: the key 'a' is written twice; …`, without the values in it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


class YamlDocument:
    """A file's value, and where its parts are written.

    Attributes:
        value: what the file holds; `None` for an empty one (Any: what YAML can express).
    """

    def __init__(self, value: Any, text: str) -> None:
        self.value = value
        self._text = text

    @cached_property
    def _root(self) -> yaml.Node | None:
        loader = _Loader(self._text)
        try:
            root: yaml.Node | None = loader.get_single_node()
            return root
        finally:
            loader.dispose()

    def line(self, place: Sequence[object]) -> int | None:
        """The line of the deepest part of a path of keys and indices that the file has; `None` for none of them.

        An empty path is the whole value.
        """
        node = self._root
        line = node.start_mark.line + 1 if node and not place else None
        for part in place:
            found = [(where, child) for name, where, child in _children(node) if name == str(part)]
            if not found:
                break
            where, node = found[-1]  # before it may stand one that was merged in
            line = where.start_mark.line + 1
        return line


def read_yaml(text: bytes) -> YamlDocument:
    """Read one document in UTF-8.

    Raises:
        YamlFault: always with a line, whatever the bytes are.
    """
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise YamlFault(line, "expected UTF-8 text; save the file in that encoding") from None
    if not _NEEDS_CARE.search(decoded):
        try:
            return YamlDocument(_quick_value(decoded), decoded)
        except _UNREADABLE:
            pass  # the careful reading finds what it is, and its line
    return YamlDocument(_careful_value(decoded), decoded)


def _quick_value(text: str) -> Any:  # Any: what YAML can express
    """The value of a text without aliases; an error, of any kind and without a line, when it has a fault."""
    loader = _QuickLoader(text)
    try:
        value = loader.get_single_data()
    finally:
        loader.dispose()
    if _is_deeper(value, _DEEPEST):
        raise ValueError("is nested too deeply")
    return value


def _is_deeper(value: Any, levels: int) -> bool:  # Any: as above
    """Whether containers stand in one another on more levels than these."""
    if not isinstance(value, _CONTAINERS):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(part, levels - 1) for part in parts if isinstance(part, _CONTAINERS))


def _careful_value(text: str) -> Any:  # Any: as above
    try:
        return _checked_value(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = text.count("\n") + 1
        raise YamlFault(
            min(mark.line + 1, last) if mark else 1, f"is not valid YAML: {error.problem or error.context}"
        ) from None
    except yaml.reader.ReaderError as error:
        place = error.position if isinstance(error.position, int) else 0
        line = text.count("\n", 0, place) + 1
        raise YamlFault(line, "is not valid YAML: a character that no text file has") from None
    except (yaml.YAMLError, RecursionError):
        raise YamlFault(1, "is not valid YAML, or is too deeply nested") from None


def _checked_value(text: str) -> Any:  # Any: as above
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        spans = _checked(loader, root)
        if "\t" in text:
            _check_tabs(text, spans)
        return loader.construct_document(root)
    finally:
        loader.dispose()


def quick_loader_class(base: Any) -> Any:  # Any: PyYAML's classes, which have no types
    """A loader that refuses a mapping with fewer keys than are written."""

    class Loader(base):  # type: ignore[misc]
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:  # Any: what YAML can express
            mapping = super().construct_mapping(node, deep)
            if len(mapping) != len(node.value):
                raise ValueError("a key is written twice")
            return mapping

    return Loader


def loader_class(base: Any) -> Any:  # Any: PyYAML's classes, which have no types
    """A loader that names the line of a value that it cannot make, such as the date `2024-02-30`."""

    class Loader(base):  # type: ignore[misc]
        def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # Any: what YAML can express
            try:
                return super().construct_object(node, deep)
            except YamlFault:
                raise
            except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError):
                kind = str(node.tag).rpartition(":")[2]
                raise YamlFault(node.start_mark.line + 1, f"is not a valid {kind}; put a text in quotes") from None

    return Loader


_BASE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Loader, _QuickLoader = loader_class(_BASE), quick_loader_class(_BASE)


def _children(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    """Each part of a value: its key or index, the node that stands for its place, and the part."""
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            yield str(key.value), key, child
    elif isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield str(index), child, child


def _checked(loader: Any, root: yaml.Node) -> list[tuple[int, int]]:  # Any: a loader, which has no types
    """Walk over all nodes once; returns where in the text the single values are."""
    spans: list[tuple[int, int]] = []
    sizes: dict[yaml.Node, int] = {}  # how many values a node stands for, with its aliases replaced
    entered: set[yaml.Node] = set()
    waiting: list[tuple[yaml.Node, bool]] = [(root, False)]
    while waiting:
        node, left = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            spans.append((node.start_mark.index, node.end_mark.index))
            sizes[node] = 1
        elif left:
            entered.discard(node)
            sizes[node] = 1 + sum(sizes[child] for child in _parts(node))
            if sizes[node] > len(sizes) + _MOST_BY_ALIAS:
                raise YamlFault(node.start_mark.line + 1, "the aliases stand for too many values; write fewer")
        elif node in entered:
            raise YamlFault(node.start_mark.line + 1, "the value contains itself by an alias; write it out")
        elif node not in sizes:
            entered.add(node)
            if len(entered) > _DEEPEST:
                raise YamlFault(node.start_mark.line + 1, f"is nested more than {_DEEPEST} levels deep")
            if isinstance(node, yaml.MappingNode):
                _check_keys(loader, node)
            waiting.append((node, True))
            waiting += [(child, False) for child in _parts(node)]
    return spans


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    parts: list[yaml.Node] = node.value
    return parts


def _check_keys(loader: Any, node: yaml.MappingNode) -> None:  # Any: as above
    lines: dict[Hashable, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlFault(line, "a key must be a single value, not a list or a mapping")
        if key.tag == _MERGE:
            continue
        value = key.value if key.tag == _TEXT else loader.construct_object(key)
        if value in lines:
            raise YamlFault(line, f"the key {key.value[:60]!r} is written twice, first on line {lines[value]}")
        lines[value] = line


def _check_tabs(text: str, spans: list[tuple[int, int]]) -> None:
    """Refuse tabs that are neither in a value nor in a comment."""
    place = 0
    for start, end in [*sorted(spans), (len(text), len(text))]:
        for number, line in enumerate(text[place:start].split("\n")):
            if "\t" in _COMMENT.split(line, maxsplit=1)[0]:
                raise YamlFault(text.count("\n", 0, place) + number + 1, "a tab stands between values; write blanks")
        place = max(place, end)
