"""The test command on each Python version: `nox` runs those that this machine has, `nox -s test-3.12` one of them."""

from __future__ import annotations

import nox

nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["test"]
EXTRAS = ".[test,embedded,embedded-speech,embedded-recognition]"


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
def test(session: nox.Session) -> None:
    """Every check and test; arguments after `--` go to pytest."""
    session.install(EXTRAS)
    session.run("scripts/test", *session.posargs, external=True)


@nox.session(python="3.11")
def coverage(session: nox.Session) -> None:
    """Every test, and which lines and branches they reach."""
    session.install(EXTRAS)
    session.run("scripts/coverage", *session.posargs, external=True)
