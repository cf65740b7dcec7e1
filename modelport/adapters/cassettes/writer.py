"""Cassettes as they are recorded: many entries at once, and a file that is whole at any time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

from ...domain.errors import SettingsError
from ...ports.clock import Clock
from .http_file import entry_text

__all__ = ["CassetteWriter", "Entry", "Scrubber"]

Entry = dict[str, Any]
"""An interaction or a conversation, as the file says it (Any: JSON)."""
Scrubber = Callable[[Entry], Entry]
"""Gets an entry that is about to be written and gives what to write."""


class CassetteWriter:
    """Writes the file anew with each entry.

    Args:
        file: the cassette; without `.yaml` or `.yml` at its end, the folder in which to write `default_name`.
        default_name: the file's name in a folder.
        key: what the entries stand below.
        server_of: the server's name, by the entries.
        scrubbers: what to take out of an entry, in this order.
        clock: gives the date.
    """

    def __init__(
        self,
        file: str | Path,
        default_name: str,
        key: str,
        server_of: Callable[[list[Entry]], str],
        scrubbers: Iterable[Scrubber],
        clock: Clock,
    ) -> None:
        path = Path(file)
        self._file = path if path.suffix in (".yaml", ".yml") else path / default_name
        self._key = key
        self._server_of = server_of
        self._scrubbers = tuple(scrubbers)
        self._clock = clock
        self._entries: list[Entry | None] = []
        self._texts: list[str] = []

    def place(self) -> int:
        """The place of an entry that is about to come: entries stand in the order of their places."""
        self._entries.append(None)
        self._texts.append("")
        return len(self._entries) - 1

    def keep(self, number: int, entry: Entry) -> None:
        """Write an entry at its place."""
        for scrubber in self._scrubbers:
            entry = scrubber(entry)
            if not isinstance(entry, dict):
                raise SettingsError(f"the scrubber {scrubber!r} gives {entry!r:.100}; return the entry to write")
        try:
            text = entry_text(entry)
        except yaml.YAMLError as error:
            raise SettingsError(f"{self._file}: a scrubber returned a value unknown to YAML: {error}") from error
        self._entries[number], self._texts[number] = entry, text
        self._write()

    def _write(self) -> None:
        today = datetime.fromtimestamp(self._clock.wall(), timezone.utc).date()
        server = self._server_of([entry for entry in self._entries if entry is not None])
        facts = {"origin": "recorded", "server": server, "recorded_on": today, "version": 1}
        text = "".join([yaml.safe_dump(facts, sort_keys=False), f"{self._key}:\n", *self._texts])
        try:
            self._replace(text)
        except OSError as error:
            raise SettingsError(f"{self._file}: cannot be written: {error.strerror}; name another file") from error

    def _replace(self, text: str) -> None:
        """Write the whole file or nothing."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(self._file)
        finally:
            part.unlink(missing_ok=True)
