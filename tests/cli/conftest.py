"""Commands in this process: their own home, standard input from a text, and what they wrote."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modelport.cli.app import run
from modelport.cli.console.terminal import errors
from modelport.composition import transports
from modelport.testing.offline import RedirectTransport
from tests.planted import KEY


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # Any: JSON values
        return json.loads(self.out)


@dataclass(frozen=True)
class CommandLine:
    """Runs commands; `folder` is the home and the current folder."""

    folder: Path
    call: Callable[..., Ran]

    def __call__(self, *arguments: str, stdin: str | bytes = "") -> Ran:
        return self.call(*arguments, stdin=stdin)

    def configure(self, base_url: str, **settings: Any) -> None:  # Any: settings
        """The user's settings: one OpenAI model at that server."""
        credential = {"provider": "openai", "base_url": f"{base_url}/v1", "api_key": KEY}
        model = {
            "credential": "openai",
            "provider": "openai",
            "model": "gpt-5.5",
            "retry": {"max_retries": 0},
            **settings,
        }
        path = self.folder / "cfg" / "modelport" / "config.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"credentials": {"openai": credential}, "chat": {"main": model}}))


def redirect(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let the server at this URL answer for all providers."""
    built = transports.build_transport
    monkeypatch.setattr(transports, "build_transport", lambda *given: RedirectTransport(built(*given), url))


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """Commands with an empty home, where conversations are stored."""
    monkeypatch.chdir(tmp_path)
    for name, value in (("HOME", ""), ("XDG_CONFIG_HOME", "cfg"), ("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "c")):
        monkeypatch.setenv(name, str(tmp_path / value))
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "MODELPORT_LOGS"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str, stdin: str | bytes = "") -> Ran:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        errors.cache_clear()
        capsys.readouterr()
        status = run(arguments)
        shown = capsys.readouterr()
        errors.cache_clear()
        return Ran(status, shown.out, shown.err)

    return CommandLine(tmp_path, call)
