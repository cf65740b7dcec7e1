"""Docstrings whose entries have several names: `connect, total: seconds`."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

_JOINT = re.compile(r"^( +)(\w+)((?:, \w+)+): (.*)$")


class JointNames(Extension):
    """Gives each name an entry of its own, since the reference shows one line for each."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:  # Any: what griffe passes besides
        """Rewrite the docstring of an object that was loaded."""
        if obj.docstring is not None and ", " in obj.docstring.value:
            obj.docstring.value = separated(obj.docstring.value)


def separated(text: str) -> str:
    """The docstring with an entry for each name; the others refer to the first."""
    lines: list[str] = []
    others: list[str] = []
    indent = 0
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip())
        if others and depth <= indent:
            lines += others
            others = []
        joint = _JOINT.match(line)
        if joint:
            indent = depth
            lines.append(f"{joint[1]}{joint[2]}: {joint[4]}")
            others = [f"{joint[1]}{name}: with `{joint[2]}`." for name in joint[3].removeprefix(", ").split(", ")]
        else:
            lines.append(line)
    return "\n".join([*lines, *others])
