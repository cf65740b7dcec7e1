"""The texts of `modelport embed`: counted first, then read in slices."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import click

__all__ = ["Corpus", "ListedTexts", "TextFile"]


class Corpus(Protocol):
    """Texts that can be iterated more than once."""

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
    """The lines of a file that are not blank. Lines of a `.jsonl` file are JSON strings, or objects with a field."""

    def __init__(self, path: Path, field: str, takes_empty: bool = True) -> None:
        if not path.is_file():
            raise click.UsageError(f"{path}: expected a regular file, as it is read twice; write the texts into one")
        self._path = path
        self._field = field
        self._takes_empty = takes_empty
        self._json = path.suffix.lower() in (".jsonl", ".ndjson", ".json")

    @cached_property
    def count(self) -> int:
        """How many texts there are. Reads the whole file, so that a wrong line is found before any request."""
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[str]:
        number = 0
        with self._path.open(encoding="utf-8-sig", newline="\n") as lines:
            try:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        yield self._text(number, line.rstrip("\r\n"))
            except UnicodeDecodeError as error:
                raise click.UsageError(f"{self._path}: is not UTF-8 text (after line {number}); convert it") from error

    def _text(self, number: int, line: str) -> str:
        if not self._json:
            return line
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise click.UsageError(f"{self._path}, line {number}: is not JSON: {error}") from error
        text = value.get(self._field) if isinstance(value, dict) else value
        if not isinstance(text, str):
            raise click.UsageError(f"{self._path}, line {number}: has no text under {self._field!r}; see --field")
        if not self._takes_empty and not text.strip():
            raise click.UsageError(f"{self._path}, line {number}: the text is empty, which the model refuses")
        return text
