"""The table of models: names are never cut, and a narrow terminal gets fewer columns instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from .index import ModelRow

__all__ = ["table_lines"]

_Cell = Callable[[ModelRow], str]
_COLUMNS: dict[str, _Cell] = {
    "name": lambda row: row.name,
    "provider": lambda row: row.provider,
    "kind": lambda row: row.kind,
    "status": lambda row: row.status,
    "context": lambda row: _tokens(row.context),
    "output": lambda row: _tokens(row.output),
    "sees": lambda row: _mark(row.sees),
    "hears": lambda row: _mark(row.hears),
    "thinks": lambda row: _mark(row.thinks),
    "tools": lambda row: _mark(row.tools),
    "schema": lambda row: _mark(row.schema),
}
_RIGHT = ("context", "output")
_LEFT_OUT_FIRST = ("output", "status", "context", "kind", "hears", "schema", "tools", "thinks", "sees")
"""The columns that a narrow terminal does without, in this order."""


def table_lines(rows: Sequence[ModelRow], width: int | None) -> Iterator[Text]:
    """The lines, a header first, within `width` as far as the names are; `None` for a pipe, which gets all columns.

    Where the providers' column finds no place, the names are `provider/name`.
    """
    cells = {title: [cell(row) for row in rows] for title, cell in _COLUMNS.items()}
    if width is not None:
        _narrow(cells, rows, width)
    widths = {title: max(map(cell_len, [title, *column])) for title, column in cells.items()}
    yield Text(_line({title: title for title in cells}, widths), style="bold", no_wrap=True)
    for number, row in enumerate(rows):
        line = _line({title: column[number] for title, column in cells.items()}, widths)
        yield Text(line, style="" if row.status == "active" else "dim", no_wrap=True)


def _narrow(cells: dict[str, list[str]], rows: Sequence[ModelRow], width: int) -> None:
    for title in _LEFT_OUT_FIRST:
        if _needed(cells) <= width:
            return
        del cells[title]
    if _needed(cells) > width and "provider" in cells:
        del cells["provider"]
        cells["name"] = [row.full_name for row in rows]


def _needed(cells: dict[str, list[str]]) -> int:
    return sum(max(map(cell_len, [title, *column])) + 2 for title, column in cells.items()) - 2


def _line(cells: dict[str, str], widths: dict[str, int]) -> str:
    """The cells, padded to their columns."""
    parts = []
    for title, text in cells.items():
        blanks = " " * (widths[title] - cell_len(text))
        parts.append(blanks + text if title in _RIGHT else text + blanks)
    return "  ".join(parts).rstrip()


def _tokens(count: int | None) -> str:
    return f"{count:,}" if count else "-"


def _mark(present: bool) -> str:
    return "yes" if present else "-"
