"""Cassettes as they are recorded: many entries at once, and a file that is whole at any time."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from weakref import finalize

import yaml

from ...domain.errors import SettingsError
from ...ports.clock import Clock
from .files import replace_file, write_beside
from .http_file import documents, entry_text

__all__ = ["CassetteWriter", "Entry", "Scrubber", "holds_errors"]

Entry = dict[str, Any]
"""An interaction or a conversation, as the file says it (Any: JSON)."""
Scrubber = Callable[[Entry], Entry]
"""Gets an entry that is about to be written and gives what to write."""


_log = logging.getLogger(__name__)
_LEAST_ERROR = 400


class CassetteWriter:
    """Rewrites the file with each entry.

    A cassette that was there before stays until the recording is finished: the new one is written beside it under a
    hidden name. It takes its place when the writer is closed or garbage, and is removed instead if a request got no
    whole and successful answer in the end, or if an exception is being raised. A cassette that has such answers itself,
    because errors are what it is for, is replaced in any case.

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
        self._recording = _Recording(self._file)
        finalize(self, self._recording.finish)
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

    def answered(self, request: Hashable, good: bool) -> None:
        """Note how a request was answered; a later answer to the same request counts in place of an earlier one."""
        self._recording.answers[request] = good

    def close(self) -> None:
        """Put the recording in the place of the cassette that was there before, unless it failed."""
        self._recording.finish(failing=sys.exc_info()[1] is not None)

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
            self._recording.write(text)
        except OSError as error:
            raise SettingsError(f"{self._file}: cannot be written: {error.strerror}; name another file") from error


class _Recording:
    """The file in which the entries are: the cassette itself, or one beside an earlier cassette."""

    def __init__(self, file: Path) -> None:
        self.answers: dict[Hashable, bool] = {}
        self._file = file
        self._begun = False
        self._beside: Path | None = None

    def write(self, text: str) -> None:
        """Write the whole file or nothing."""
        if not self._begun and not self._file.exists():
            self._begun = True
        if self._begun:
            replace_file(self._file, text)
            return
        part = write_beside(self._file, text)
        if self._beside is not None:
            self._beside.unlink(missing_ok=True)
        self._beside = part

    def finish(self, failing: bool = False) -> None:
        """Replace the earlier cassette, or remove what was written beside it."""
        part, self._beside = self._beside, None
        if part is None:
            return
        failing = failing or not all(self.answers.values())
        try:
            if failing and not holds_errors(self._file):
                _log.warning("%s is kept as it was, because recording it anew failed", self._file)
            else:
                part.replace(self._file)
                self._begun = True
        finally:
            part.unlink(missing_ok=True)


def holds_errors(file: Path) -> bool:
    """Whether a cassette has error answers, or is none."""
    try:
        document = next(documents(file))[1]
        answers = [entry["response"] for entry in document.get("interactions", [])]
        statuses = [answer["status"]["code"] for answer in answers]
        statuses += [entry.get("handshake", {}).get("status", 101) for entry in document.get("conversations", [])]
        return not statuses or any(status >= _LEAST_ERROR for status in statuses)
    except (SettingsError, AttributeError, LookupError, TypeError):
        return True
