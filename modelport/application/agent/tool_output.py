"""What a tool returned as the output of its result block.

A tool that returned ran: whatever it returned has an output, also what JSON cannot hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic_core import to_json, to_jsonable_python

from ...domain.message.blocks import DataBlock, TextBlock
from ...domain.unicode import well_formed, well_formed_value

__all__ = ["output_of", "text_of"]

_CYCLE = "[the same object again]"
_TOO_DEEP = "[nested too deeply]"
_DEPTH = 100
_TO_DATA: tuple[tuple[str, dict[str, str]], ...] = (
    ("tolist", {}),
    ("to_list", {}),
    ("to_dicts", {}),
    ("to_dict", {"orient": "records"}),
)
"""How arrays and tables of other packages (NumPy, PyTorch, pandas, Polars) give their values."""


def output_of(value: object) -> str | list[TextBlock | DataBlock]:
    """Text and blocks unchanged, `None` as empty text, everything else as JSON."""
    if value is None or isinstance(value, str):
        return well_formed(value or "")
    if isinstance(value, bytes | bytearray | memoryview):
        return _decoded(bytes(value))
    items = list(value) if isinstance(value, list | tuple) else [value]
    if any(isinstance(item, TextBlock | DataBlock) for item in items):
        blocks = [item if isinstance(item, TextBlock | DataBlock) else _text_block(item) for item in items]
        return [well_formed_value(block) for block in blocks]
    try:
        return to_json(value, fallback=_as_data).decode()
    except (ValueError, RecursionError):
        return to_json(_plain(value, ())).decode()


def text_of(value: object) -> str:
    """`str(value)`, or the name of the class when that fails."""
    try:
        return well_formed(str(value))
    except Exception:  # whatever a class's own `__str__` raises
        return f"<{type(value).__name__}>"


def _as_data(value: object) -> Any:  # Any: lists, dicts and numbers
    """All the numbers of an array or a table, whose `str` leaves most of them out; the text of anything else."""
    for method, options in _TO_DATA:
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            with suppress(Exception):  # whatever a class of another package raises
                return convert(**options)
    return text_of(value)


def _text_block(value: object) -> TextBlock:
    text = output_of(value)
    return TextBlock(text=text if isinstance(text, str) else text_of(value))


def _plain(value: object, above: tuple[int, ...]) -> Any:  # Any: JSON
    """The value as JSON can hold it, with notes in place of what it cannot."""
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _decoded(bytes(value))
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        if id(value) in above:
            return _CYCLE
        if len(above) >= _DEPTH:
            return _TOO_DEEP
        inside = (*above, id(value))
        if isinstance(value, Mapping):
            return {text_of(key): _plain(item, inside) for key, item in value.items()}
        return [_plain(item, inside) for item in value]
    return _other(value, above)


def _other(value: object, above: tuple[int, ...]) -> Any:  # Any: JSON
    """A number, a date, a model, an instance of a dataclass, or whatever else it is."""
    try:
        return well_formed_value(to_jsonable_python(value, fallback=_as_data))
    except (ValueError, RecursionError):
        fields = getattr(value, "__dict__", None)
        return _plain(fields, (*above, id(value))) if fields and id(value) not in above else text_of(value)


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return f"[{len(data)} bytes that are not text; a tool shows media by returning a DataBlock]"
