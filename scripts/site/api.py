"""The reference: a page for each public module, with every name that it exports."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Final

import modelport

_SUMMARY: Final = "reference/api/index.md"


def pages() -> dict[str, str]:
    """The pages by their place in the site."""
    faces = public_modules()
    homes = _homes(faces)
    found = {f"reference/api/{face}.md": _page(face, homes) for face in faces}
    lines = ["# API reference\n", "Every public name, by the module that exports it.\n"]
    for face in faces:
        module = importlib.import_module(face)
        names = ", ".join(f"[`{name}`]({face}.md#{anchor(face, name)})" for name in _names(face))
        lines += [f"## [`{face}`]({face}.md)\n", f"{inspect.getdoc(module)}\n", f"{names}\n"]
    return found | {_SUMMARY: "\n".join(lines)}


def public_modules() -> list[str]:
    """The modules whose names users import."""
    modules = [f"modelport.{module.name}" for module in pkgutil.iter_modules(modelport.__path__)]
    inner = {"adapters", "application", "cli", "composition", "domain", "ports", "__main__"}
    return ["modelport", *(name for name in modules if name.split(".")[1] not in inner and "._" not in name)]


def _names(face: str) -> list[str]:
    return sorted(importlib.import_module(face).__all__, key=str.lower)


def _homes(faces: list[str]) -> dict[str, str]:
    """The module on whose page a class or function is described, by its own place; the first with fewest names."""
    homes: dict[str, str] = {}
    for face in sorted(faces, key=lambda face: len(_names(face))):
        module = importlib.import_module(face)
        for name in _names(face):
            homes.setdefault(_place(getattr(module, name)), face)
    return homes


def _place(value: object) -> str:
    if inspect.isclass(value) or inspect.isfunction(value):
        return f"{value.__module__}.{value.__qualname__}"
    return ""


def _page(face: str, homes: dict[str, str]) -> str:
    module = importlib.import_module(face)
    lines = [f"# {face}\n", f"{inspect.getdoc(module)}\n"]
    for name in _names(face):
        value = getattr(module, name)
        place = _place(value)
        lines.append(f"[](){{#{anchor(face, name)}}}\n")
        if not place:
            lines.append(f"## `{name}`\n\n{_constant(value)}\n")
        elif homes[place] == face:
            lines.append(f"::: {place}\n")
            lines += _base_line(value, homes)
        else:
            home = homes[place]
            lines.append(f"## `{name}`\n\nThe same as in [`{home}`]({home}.md#{anchor(home, name)}).\n")
    return "\n".join(lines)


def _base_line(value: object, homes: dict[str, str]) -> list[str]:
    """Where the arguments are described that a model's class takes from its base class."""
    if not inspect.isclass(value) or "Unpack" not in inspect.getsource(value):
        return []
    for base in value.__mro__[1:]:
        home = homes.get(_place(base))
        if home and base.__name__.endswith("Base"):
            where = f"{home}.md#{anchor(home, base.__name__)}"
            return [f"The arguments in `options` are those of [`{base.__name__}`]({where}).\n"]
    return []


def anchor(face: str, name: str) -> str:
    """The anchor of a name on the page of its module; underlines at both ends would be Markdown."""
    return f"{face}.{name.strip('_')}"


def _constant(value: object) -> str:
    return f"`{value!r}`" if isinstance(value, str | int | float) else f"`{value}`".replace("typing.", "")
