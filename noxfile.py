"""The test command on each Python version: `nox` runs those that this machine has, `nox -s test-3.12` one of them."""

from __future__ import annotations

import re
from pathlib import Path

import nox

nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["test"]
PATH = {"PYTHONPATH": str(Path(__file__).parent)}
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


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """The rules of the domain with the lowest versions that the package admits of what it needs."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    names = [re.match(r"([\w.-]+)>=([\d.]+)", line) for line in project["dependencies"]]
    session.install(*(f"{found[1]}=={found[2]}" for found in names if found))
    tools = [
        line for line in project["optional-dependencies"]["test"] if line.startswith(("hypothesis", "pytest", "bpe"))
    ]
    session.install("numpy==2.0", "rich==13.9", "jsonschema", "click==8.1", "dependency-injector==4.48", *tools)
    session.run(
        "pytest", "-q", "tests/domain", "--ignore=tests/domain/message/test_old_data.py", "-n", "logical", env=PATH
    )
