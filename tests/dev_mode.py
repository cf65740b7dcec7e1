"""A program run by an interpreter that warns of everything it finds open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["run_in_dev_mode"]

_ROOT = Path(__file__).parents[1]
_QUIET = "import logging; logging.getLogger('asyncio').setLevel(logging.ERROR)\n"
"""In this mode asyncio reports slow callbacks too, which a busy machine has."""


def run_in_dev_mode(code: str) -> tuple[int, str, str]:
    """The exit code and what was written to stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "always", "-c", _QUIET + code],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    return done.returncode, done.stdout, done.stderr
