"""Checks the attributes of a contract's subclass before any case; the errors say what to write."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .case import Case

__all__ = ["check_cases", "check_class", "check_model", "check_spelling"]

_ALIKE = 0.85
_MISSING = object()


def check_model(contract: object, base: type[Any]) -> None:
    """Raise `TypeError` unless `model`, `credential` and `cassettes` are set and of the right kinds (Any: a model)."""
    name = type(contract).__name__
    check_class(contract, "model", base)
    credential = _attribute(contract, "credential", "credential = MyCredential(api_key='test')")
    if isinstance(credential, type):
        raise TypeError(f"{name}.credential is a class; make one: credential = {credential.__name__}(api_key='test')")
    given = _attribute(contract, "cassettes", "cassettes = Path(__file__).parent / 'cassettes'")
    folders = [given] if isinstance(given, str | Path) else given
    if not isinstance(folders, list | tuple) or not all(isinstance(folder, str | Path) for folder in folders):
        raise TypeError(f"{name}.cassettes is {given!r}; name a folder, or a list of them")
    for folder in map(Path, folders):
        if not folder.exists():
            place = "" if folder.is_absolute() else f" (looked for in {Path.cwd()}: write Path(__file__).parent / …)"
            raise TypeError(f"{name}.cassettes: there is no folder {folder}{place}")


def check_class(contract: object, attribute: str, base: type[Any]) -> None:
    """Raise `TypeError` unless the attribute is a subclass of the base (Any: whatever is checked)."""
    given = _attribute(contract, attribute, f"{attribute} = My{base.__name__.removesuffix('Base')}")
    if not (isinstance(given, type) and issubclass(given, base)):
        raise TypeError(f"{type(contract).__name__}.{attribute} is {given!r:.200}; name a subclass of {base.__name__}")


def _attribute(contract: object, attribute: str, example: str) -> Any:  # Any: whatever it is
    given = getattr(contract, attribute, _MISSING)
    if given is _MISSING:
        raise TypeError(f"{type(contract).__name__} does not say which {attribute} to check; write: {example}")
    return given


def check_spelling(cls: type[Any], bases: list[type[Any]]) -> None:
    """Raise `TypeError` for an attribute whose name is nearly that of one that is read: it would be ignored."""
    known = {name for base in bases for name in (*base.__annotations__, *base.__dict__) if name[:1] != "_"}
    for name in cls.__dict__:
        if name.startswith(("_", "test")) or name in known:
            continue
        meant = get_close_matches(name, known, 1, _ALIKE)
        if meant and not meant[0].startswith("test"):
            raise TypeError(f"{cls.__name__}.{name}: nothing reads that; did you mean {meant[0]!r}?")


def check_cases(cls: type[Any]) -> None:
    """Raise `TypeError` unless `cases` holds cases of different names, and `left_out` reasons by their names."""
    for case in cls.cases:
        if not isinstance(case, Case):
            raise TypeError(f"{cls.__name__}.cases holds {case!r}, which is not a case; make one with @case(…)")
    names = [case.name for case in cls.cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TypeError(f"{cls.__name__}.cases holds {', '.join(twice)} twice; case names must be unique")
    if not isinstance(cls.left_out, Mapping):
        raise TypeError(f"{cls.__name__}.left_out is {cls.left_out!r:.100}; write: left_out = {{'NAME': 'reason'}}")
    known = set(names)
    given: Mapping[Any, Any] = cls.left_out  # Any: whatever a subclass wrote
    for name, reason in given.items():
        if known and name not in known:
            raise TypeError(f"{cls.__name__}.left_out: there is no case {name!r}; {_near(str(name), known)}")
        if not (isinstance(reason, str) and reason.strip()):
            raise TypeError(f"{cls.__name__}.left_out[{name!r}] needs a reason")


def _near(name: str, known: set[str]) -> str:
    meant = get_close_matches(name, known, 1)
    return f"did you mean {meant[0]!r}?" if meant else f"there are {', '.join(sorted(known))}"
