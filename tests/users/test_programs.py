"""The users' programs run, against providers on this machine."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from modelport.testing import offline_providers

PROGRAMS = sorted(Path(__file__).parent.glob("program_*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_it_runs(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    with offline_providers() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.base_url}/v1")
        runpy.run_path(str(program), run_name="__main__")
