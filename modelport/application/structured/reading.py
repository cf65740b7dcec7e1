"""Reads the JSON object in a model's text; repairs damaged JSON, but not JSON that is cut off."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pydantic_core import from_json

from ...domain.errors import SettingsError
from ...domain.json_values import read_json, too_deep
from ...domain.structured.json_text import cut_off, json_text
from ...domain.unicode import has_no_halves, well_formed_value

__all__ = ["InvalidAnswerError", "read_object"]


class InvalidAnswerError(Exception):
    """The answer is not a valid object; `errors` are the reasons, each with its place.

    `ignored` is true when there is no JSON at all, so that the strategy had no effect.
    """

    def __init__(self, errors: Sequence[str], *, ignored: bool = False) -> None:
        super().__init__("; ".join(errors))
        self.errors = list(errors)
        self.ignored = ignored


_MOST_LAYERS = 3
_KINDS = {list: "an array", str: "a text", bool: "a boolean", int: "a number", float: "a number", type(None): "null"}


def read_object(text: str, *, truncated: bool = False, allow_partial: bool = False) -> tuple[dict[str, Any], bool]:
    """The object in the text, and whether it was repaired (Any: JSON values).

    `truncated`: the provider cut the text. Raises `InvalidAnswerError` when there is no object, when it is cut
    off (unless `allow_partial`), or when it cannot be repaired.
    """
    value: Any = text
    repaired = False
    clean = has_no_halves(text)
    for _ in range(_MOST_LAYERS):
        value, damaged = _read_value(value, truncated=truncated, allow_partial=allow_partial)
        repaired = repaired or damaged
        if not isinstance(value, str):
            break
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return value[0] if clean else well_formed_value(value[0]), True
    if not isinstance(value, dict):
        raise InvalidAnswerError([f"$: this is {_KINDS.get(type(value), 'no object')}, not a JSON object"])
    return value if clean else well_formed_value(value), repaired


def _read_value(text: str, *, truncated: bool, allow_partial: bool) -> tuple[Any, bool]:
    """The value in the text, and whether it was repaired; a string may contain JSON again."""
    if text.lstrip()[:1] == "{":  # nearly always the object and nothing else
        with suppress(ValueError):
            return from_json(text, allow_inf_nan=False), False
    wanted = json_text(text)
    if not wanted:
        raise InvalidAnswerError(["$: there is no JSON object in the answer"], ignored=True)
    try:
        return read_json(wanted), False
    except ValueError as error:
        fault = str(error)
    if (truncated or cut_off(wanted)) and not allow_partial:
        raise InvalidAnswerError([f"$: the JSON ends before it is complete ({fault})"])
    return _repaired(wanted, fault), True


LONGEST_REPAIR = 256 * 1024
"""Characters: the time that a repair takes grows faster than the text, and this much takes half a second."""


def _repaired(text: str, fault: str) -> Any:
    if len(text) > LONGEST_REPAIR:
        raise InvalidAnswerError(
            [f"$: this is not JSON ({fault}); with {len(text):,} characters it is too long to be repaired"]
        )
    try:
        from json_repair import repair_json
    except ImportError as error:
        raise SettingsError("repairing JSON needs json-repair: pip install json-repair") from error
    try:
        value = repair_json(text, return_objects=True, skip_json_loads=True)
        deep = too_deep(json.dumps(value, allow_nan=False))
    except (ValueError, RecursionError) as error:
        raise InvalidAnswerError([f"$: this is not JSON ({fault})"]) from error
    if value == "" or deep:
        raise InvalidAnswerError([f"$: this is not JSON ({fault})"])
    return value
