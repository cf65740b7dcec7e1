"""What a user can write: the names of the public faces, of their classes' members and of their parameters.

`python -m tests.public_names` prints them as JSON, which is how `public_names.json` was made.
"""

from __future__ import annotations

import ast
import enum
import inspect
import json
import textwrap
import types
from collections.abc import Iterable, Iterator
from importlib import import_module

FACES = (
    "modelport",
    "modelport.agent",
    "modelport.container",
    "modelport.conversation",
    "modelport.credential",
    "modelport.embedding",
    "modelport.error",
    "modelport.event",
    "modelport.formatter",
    "modelport.message",
    "modelport.middleware",
    "modelport.model",
    "modelport.provider",
    "modelport.realtime",
    "modelport.settings",
    "modelport.sync",
    "modelport.testing",
    "modelport.testing.providers",
    "modelport.tool",
    "modelport.transport",
    "modelport.tts",
)


def public_names(faces: Iterable[str] = FACES) -> dict[str, dict[str, list[str]]]:
    """By face and exported name: `.member` for what a class has, `name=` for what it or a function takes."""
    return {face: _names_of_face(face) for face in faces}


def _names_of_face(face: str) -> dict[str, list[str]]:
    module = import_module(face)
    return {name: _names_of(getattr(module, name)) for name in module.__all__}


def _names_of(value: object) -> list[str]:
    if isinstance(value, type) and issubclass(value, enum.Enum):
        return [f".{name}" for name in sorted(_members(value))]  # what an enumeration takes is Python's affair
    if isinstance(value, type) and not isinstance(value, types.GenericAlias):
        return [f".{name}" for name in sorted(_members(value))] + _parameters(value)
    return _parameters(value) if inspect.isroutine(value) else []


def _members(cls: type) -> set[str]:
    """The public members that `cls` has from this project's classes, not from pydantic's or Python's."""
    own = [each for each in cls.__mro__ if each.__module__.partition(".")[0] == "modelport"]
    names = {name for each in own for name in (*vars(each), *inspect.get_annotations(each))}
    names |= {name for each in own for name in _set_on_self(each)}
    return {name for name in names if not name.startswith("_")}


def _set_on_self(cls: type) -> Iterator[str]:
    """The attributes that methods written in `cls` set on `self`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError):  # a class made at run time
        return
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


def _parameters(value: object) -> list[str]:
    try:
        parameters = inspect.signature(value).parameters.values()  # type: ignore[arg-type]  # a callable, as asked above
    except (TypeError, ValueError):
        return []
    named = (each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY))
    return [f"{each.name}=" for each in named if not each.name.startswith("_")]


if __name__ == "__main__":
    listed = {face: {name: " ".join(parts) for name, parts in names.items()} for face, names in public_names().items()}
    print(json.dumps(listed, indent=1))
