"""The texts of `modelport embed`: counted first, then read piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import click

__all__ = ["Corpus", "ListedTexts", "TextFile"]


class Corpus(Protocol):
    """Texts that can be gone through more than once."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    def __iter__(self) -> Iterator[str]: ...


class ListedTexts:
    """Texts from the command line."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self.count = len(texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)


class TextFile:
    """The lines of a file that are not empty. Those of a `.jsonl` file are JSON strings or objects with a field."""

    def __init__(self, path: Path, field: str) -> None:
        self._path = path
        self._field = field
        self._json = path.suffix.lower() in (".jsonl", ".ndjson", ".json")

    @cached_property
    def count(self) -> int:
        """How many texts there are; a file with a wrong line is refused before anything is asked for."""
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[str]:
        with self._path.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield self._text(number, line.rstrip("\r\n"))

    def _text(self, number: int, line: str) -> str:
        if not self._json:
            return line
        try:
            value = json.loads(line)
        except ValueError as error:
            raise click.UsageError(f"{self._path}, line {number}: is not JSON: {error}") from error
        text = value.get(self._field) if isinstance(value, dict) else value
        if not isinstance(text, str):
            raise click.UsageError(f"{self._path}, line {number}: has no text under {self._field!r}; see --field")
        return text
