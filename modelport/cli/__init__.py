"""The command `modelport`: chat with a model, speak, look at cards and credentials, record cassettes."""

from __future__ import annotations

import signal
import sys

__all__ = ["main"]

_EXTRA = ("click", "rich", "platformdirs")
_INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its status: 1 for model errors, 2 for usage and settings, 130 for Ctrl-C."""
    try:
        sys.exit(_run())
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second one ends a slow exit at once
        sys.exit(_INTERRUPTED)


def _run() -> int:
    try:
        from .app import run
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write("modelport: the command line needs an extra: pip install 'modelport[cli]'\n")
        return 1
    return run()
