"""One wheel by the user's own pip, so that its configured index, proxy and certificates apply, with progress."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from ...domain.errors import SettingsError

__all__ = ["Progress", "download_wheel"]

_POLL_SECONDS = 0.1
_MOST_TIMES = 2
"""A wheel is built anew now and then, and may grow a little."""
_NETWORK_SIGNS = (
    "connection broken",
    "connection error",
    "could not fetch url",
    "failed to establish",
    "max retries",
    "network is unreachable",
    "timed out",
)


class Progress(Protocol):
    """Called with the progress of a download."""

    def __call__(self, done_bytes: int, total_bytes: int, /) -> None:
        """`done_bytes` of `total_bytes` have arrived; it never shrinks, and ends at the total on success."""


def download_wheel(requirement: str, scratch: Path, size: int, progress: Progress | None) -> Path:
    """Download the wheel of `requirement`, without its dependencies, into an empty folder.

    Args:
        requirement: an exact one, `name==version`.
        scratch: an empty folder for the wheel and pip's temporary files; the caller removes it.
        size: the wheel's expected size in bytes, passed to `progress` as the total.
        progress: called in this thread, about ten times a second while the number grows.

    Raises:
        SettingsError: pip is missing, no index answered, none has a matching wheel, or the wheel is far larger.
    """
    wheels, temporary, log = scratch / "wheels", scratch / "tmp", scratch / "pip.log"
    wheels.mkdir()
    temporary.mkdir()
    with log.open("wb") as output, _start_pip(requirement, wheels, temporary, output.fileno()) as process:
        try:
            _watch(process, scratch, size, progress)
        except BaseException:
            process.kill()  # an interrupt, or a progress callback that raised, must not leave pip running
            raise
    found = sorted(wheels.glob("*.whl"))
    if process.returncode != 0 or not found:
        raise _explain(requirement, log.read_text("utf-8", "replace"))
    if progress is not None:
        progress(size, size)
    return found[0]


def _start_pip(requirement: str, wheels: Path, temporary: Path, output: int) -> subprocess.Popen[bytes]:
    # -I: neither a pip.py of the current folder nor PYTHONPATH decides what runs
    command = [sys.executable, "-I", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["-vv", "--disable-pip-version-check", "--no-input", "-d", str(wheels.absolute()), requirement]
    # Verbose, because only then pip says that an index did not answer. The environment is handed on, not
    # read: pip's settings live there. The temporary folder is moved to where we can watch it.
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary.absolute()))}
    return subprocess.Popen(  # noqa: S603 - our own interpreter and a constant requirement
        command, cwd=temporary, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    )


def _watch(process: subprocess.Popen[bytes], folder: Path, size: int, progress: Progress | None) -> None:
    """Wait for pip, and call `progress` whenever more bytes have arrived."""
    reported = -1
    while True:
        try:
            process.wait(_POLL_SECONDS)
            _checked_size(folder, size)
            return
        except subprocess.TimeoutExpired:
            done = min(_checked_size(folder, size), size)
        if progress is not None and done > reported:
            reported = done
            progress(done, size)


def _checked_size(folder: Path, size: int) -> int:
    """How much has arrived; raises `SettingsError` when that is far more than the wheel has."""
    done = _largest_file(folder)
    if done > _MOST_TIMES * size:
        raise SettingsError(
            f"the download was stopped at {done} bytes; expected a wheel of {size}. Check pip's index settings."
        )
    return done


def _largest_file(folder: Path) -> int:
    """Bytes of the largest file below `folder`; no sum, because pip writes the wheel more than once."""
    largest = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, os.stat(os.path.join(parent, name)).st_size)
            except OSError:
                continue  # gone since it was listed
    return largest


def _explain(requirement: str, log: str) -> SettingsError:
    lower = log.lower()
    if "no module named pip" in lower:
        return SettingsError(
            f"cannot download {requirement}: this Python has no pip. "
            f"Run '{Path(sys.executable).name} -m ensurepip' in the same environment and try again."
        )
    if any(sign in lower for sign in _NETWORK_SIGNS):
        return SettingsError(
            f"cannot download {requirement}: the package index does not answer. "
            f"Check the network, or pip's index and proxy settings, and try again. "
            f"pip said: {_last_lines(log)}."
        )
    return SettingsError(
        f"cannot download {requirement}: pip found no matching wheel on the configured index, or failed. "
        f"Check pip's index settings. pip said: {_last_lines(log)}."
    )


def _last_lines(log: str, count: int = 3) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR", "Could not fetch URL"))]
    return " / ".join((errors or lines)[-count:]).rstrip(".") or "nothing"
