"""Servers whose pieces repeat everything that was said so far.

Facts: docs/protocols/minimax.md#reasoning-on-the-openai-shape.
"""

from __future__ import annotations

from typing import Any

__all__ = ["NewText"]

Json = dict[str, Any]  # Any: the provider's JSON
_FIELDS = ("content", "reasoning_content", "reasoning")


class NewText:
    """Cuts off what was said before, in each field by itself.

    The first piece that does not begin with all of it shows that the field is streamed as usual; from then on its
    pieces are left as they are.
    """

    __slots__ = ("_so_far",)

    def __init__(self) -> None:
        self._so_far: dict[str, str | None] = dict.fromkeys(_FIELDS, "")

    def of(self, delta: Json) -> Json:
        """The delta with only what is new in it."""
        return {name: self._new(name, value) for name, value in delta.items()}

    def _new(self, name: str, value: Any) -> Any:  # Any: as above
        before = self._so_far.get(name)
        if before is None or not (isinstance(value, str) and value):
            return value
        repeats = value.startswith(before)
        self._so_far[name] = value if repeats else None
        return value[len(before) :] if repeats else value
