"""A folder of cache entries, `<sha256>.npy`, written so that readers never see half a file. Blocking; no event loop."""

from __future__ import annotations

import errno
import itertools
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from ..wire.private_file import open_private

__all__ = ["EntryFile", "EntryFolder", "FileMark"]

FileMark = tuple[int, int]
"""Inode and modification time in nanoseconds: they distinguish a file from a later one of the same name."""

_ENTRY = re.compile(r"[0-9a-f]{64}\.npy")
_UNFINISHED = re.compile(r"\.[0-9a-f]{64}\.\d+\.[0-9a-f]{16}\.\d+\.tmp")
_ABANDONED_AFTER = 3600.0
"""Seconds after which an unfinished file belongs to a process that was killed."""
_ATTEMPTS = 4
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
# Not the process id alone, as containers that share a folder are all process 1; nor the token, which a fork copies.
_token = os.urandom(8).hex()
_count = itertools.count()


@dataclass(frozen=True, slots=True)
class EntryFile:
    """One entry as the folder lists it."""

    name: str
    size: int
    modified_ns: int


class EntryFolder:
    """The files of one cache; other files in the folder are never touched. Names are SHA-256 digests in hex."""

    def __init__(self, path: str) -> None:
        self.path = path

    def has(self, name: str) -> bool:
        """Whether the entry is there."""
        return os.path.exists(self._file(name))

    def mark(self, name: str) -> FileMark | None:
        """The mark of the file that is there now; a third of what reading it costs."""
        try:
            facts = os.stat(f"{self.path}/{name}.npy")
        except FileNotFoundError:
            return None
        return facts.st_ino, facts.st_mtime_ns

    def read(self, name: str, most: int | None = None) -> tuple[bytes, FileMark] | None:
        """The entry's bytes and the mark of the file they came from, or `None`; `OSError` for more than `most`."""
        try:
            descriptor = os.open(f"{self.path}/{name}.npy", _READ)
        except FileNotFoundError:
            return None
        try:
            facts = os.fstat(descriptor)
            if most is not None and facts.st_size > most:
                raise OSError(errno.EFBIG, "larger than may be read here", name)
            data = os.read(descriptor, facts.st_size)
            while len(data) < facts.st_size and (more := os.read(descriptor, facts.st_size - len(data))):
                data += more  # a network file system may give less than asked for
        finally:
            os.close(descriptor)
        return data, (facts.st_ino, facts.st_mtime_ns)

    def write(self, name: str, data: bytes) -> FileMark | None:
        """Write a temporary file and rename it. The entry outlives the process, but not a power cut.

        Returns its mark, or `None` where the file system's times are too coarse to tell it from a later one.
        """
        attempts = _ATTEMPTS
        while True:
            try:
                return self._write_once(name, data)
            except FileNotFoundError:
                # The folder is not there yet, or another process has just removed it with our unfinished file.
                attempts -= 1
                if not attempts:
                    raise
                os.makedirs(self.path, exist_ok=True)

    def discard(self, name: str, mark: FileMark | None = None) -> bool:
        """Remove the entry if it is there (and still the file of that mark); whether it was."""
        try:
            if mark is not None and self.mark(name) != mark:
                return False
            os.unlink(self._file(name))
        except FileNotFoundError:
            return False
        return True

    def entries(self) -> list[EntryFile]:
        """All entries, in no order."""
        found = []
        for item in self._listing(_ENTRY):
            with suppress(FileNotFoundError):  # another process has removed it since the listing began
                facts = item.stat()
                found.append(EntryFile(item.name[:64], facts.st_size, facts.st_mtime_ns))
        return found

    def clear(self) -> None:
        """Remove all entries."""
        for item in self._listing(_ENTRY):
            with suppress(FileNotFoundError):
                os.unlink(item.path)
        self.sweep()

    def sweep(self) -> None:
        """Remove what killed processes have left unfinished."""
        for item in self._listing(_UNFINISHED):
            with suppress(FileNotFoundError):
                if time.time() - item.stat().st_mtime > _ABANDONED_AFTER:
                    os.unlink(item.path)

    def _file(self, name: str) -> str:
        return f"{self.path}/{name}.npy"

    def _listing(self, pattern: re.Pattern[str]) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self.path) as listing:
                yield from [item for item in listing if pattern.fullmatch(item.name)]
        except FileNotFoundError:
            return

    def _write_once(self, name: str, data: bytes) -> FileMark | None:
        unfinished = f"{self.path}/.{name}.{os.getpid()}.{_token}.{next(_count)}.tmp"
        descriptor = open_private(unfinished, _WRITE)
        try:
            try:
                written = os.write(descriptor, data)
                while written < len(data):  # a full disk gives an error only when asked for more
                    written += os.write(descriptor, data[written:])
                mark = _stamped(descriptor, unfinished)
            finally:
                os.close(descriptor)
            os.replace(unfinished, self._file(name))
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(unfinished)
            raise
        return mark


def _stamped(descriptor: int, path: str) -> FileMark | None:
    """Give the file the exact time. The kernel's own is that of its last tick, which a change just after would have."""
    now = time.time_ns()
    with suppress(OSError):  # some file systems do not allow it
        os.utime(path, ns=(now, now))
    facts = os.fstat(descriptor)
    return (facts.st_ino, now) if facts.st_mtime_ns == now else None
