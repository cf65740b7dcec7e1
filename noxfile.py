"""The test command on each Python version: `nox` runs those that this machine has, `nox -s test-3.12` one of them."""

from __future__ import annotations

from pathlib import Path

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


@nox.session(python=["3.11", "3.12", "3.13"])
def package(session: nox.Session) -> None:
    """The wheel and the source distribution: their metadata, and whether both work where they are installed."""
    session.install("build", "twine")
    folder = session.create_tmp()
    session.run("python", "-m", "build", "--outdir", folder, silent=True)
    files = sorted(str(file) for file in Path(folder).glob("modelport-*"))
    session.run("twine", "check", "--strict", *files)
    for file in files:
        session.run("pip", "install", "--quiet", "--force-reinstall", f"{file}[cli]")
        with session.chdir(folder):
            session.run("modelport", "models", "--provider", "openai", "--json", silent=True)
