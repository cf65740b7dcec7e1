"""One row of the performance table, and how a benchmark prints its rows.

Each module of this folder that has `rows(smoke)` is one benchmark: it measures the project beside a floor or a peer in
the same run and returns its rows. `scripts/bench` runs all of them; `python -m tests.benchmarks.NAME` runs one.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was measured, in `unit`: by the project (`ours`) and by `peer` (`beside`; None where the peer is absent).

    `goal` bounds the ratio `ours / beside`, or `ours` itself where a peer is left out by design (`peer` is then "").
    """

    what: str
    ours: float
    beside: float | None
    peer: str
    unit: str
    goal: float | None
    note: str = ""

    @property
    def measure(self) -> float | None:
        """What the goal bounds; None where the peer is absent."""
        if self.beside is not None:
            return self.ours / self.beside
        return None if self.peer else self.ours

    @property
    def verdict(self) -> str:
        """Whether the goal holds; empty where there is nothing to compare."""
        if self.goal is None or self.measure is None:
            return ""
        return "holds" if self.measure <= self.goal else "missed"


def figure(value: float | None) -> str:
    """A number with three digits that count."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def cells(row: Row) -> tuple[str, ...]:
    """The cells of a row."""
    ratio = "" if row.beside is None else f"{row.ours / row.beside:.2f}"
    beside = (
        f"{row.peer}: {figure(row.beside)}" if row.beside is not None else f"{row.peer} is absent" if row.peer else ""
    )
    goal = "" if row.goal is None else f"≤ {row.goal:g}{'' if row.peer else ' ' + row.unit}"
    return row.what, f"{figure(row.ours)} {row.unit}", beside, ratio, goal, row.verdict, row.note


TITLES = ("what", "Modelport", "beside it", "ratio", "goal", "", "note")


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a table whose columns are aligned."""
    lines = [TITLES, *map(cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(TITLES))]
    printed = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    return "\n".join([printed[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *printed[1:]])


def encoded(rows: Sequence[Row]) -> str:
    """The rows as a JSON array of objects."""
    return json.dumps([dataclasses.asdict(row) for row in rows], ensure_ascii=False)


def main(rows: Callable[[bool], list[Row]]) -> None:
    """Run one benchmark from the command line and print its rows."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--smoke", action="store_true", help="as small as possible: does it run, are the answers right")
    parser.add_argument("--json", action="store_true", help="print a JSON array")
    given = parser.parse_args()
    measured = rows(given.smoke)
    print(encoded(measured) if given.json else markdown(measured))
