"""Each benchmark runs and its answers are right, on the smallest sizes. Nothing here looks at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.table import Row, markdown

ROOT = Path(__file__).parent.parent
NAMES = sorted(
    path.stem for path in (ROOT / "tests/benchmarks").glob("*.py") if "\ndef rows(" in path.read_text("utf-8")
)


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_its_answers_are_right(name: str) -> None:
    command = [sys.executable, "scripts/bench", "--smoke", "--json", name]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert ended.returncode == 0, ended.stderr
    rows = [Row(**row) for row in json.loads(ended.stdout)]
    assert rows
    assert all(row.ours >= 0 and (row.beside is None or row.beside > 0) for row in rows)


def test_a_name_that_is_no_benchmark_is_refused() -> None:
    command = [sys.executable, "scripts/bench", "cashe"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "there is no benchmark cashe" in ended.stderr


def test_the_table_says_what_holds_what_is_missed_and_what_is_absent() -> None:
    rows = [
        Row("fast", 1.0, 2.0, "peer", "µs", 1.5),
        Row("slow", 4.0, 2.0, "peer", "µs", 1.5),
        Row("alone", 1234.5, None, "", "µs", 2000),
        Row("no peer", 1.0, None, "peer", "µs", 1.5, "not installed"),
    ]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown(rows).splitlines()[2:]]
    assert lines == [
        ["fast", "1 µs", "peer: 2", "0.50", "≤ 1.5", "holds", ""],
        ["slow", "4 µs", "peer: 2", "2.00", "≤ 1.5", "missed", ""],
        ["alone", "1,234 µs", "", "", "≤ 2000 µs", "holds", ""],
        ["no peer", "1 µs", "peer is absent", "", "≤ 1.5", "", "not installed"],
    ]
