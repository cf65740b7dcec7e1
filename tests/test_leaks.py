"""The check for secrets can fail: a test that shows one in any of the watched places is failed by it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KEY = "sk-Secret-0123456789"
HEAD = f"""
import logging, os, subprocess, sys
import pytest
from modelport.credential import OpenAICredential
from modelport.domain.message.responses import ModelWarning
from modelport.error import ModelError, SettingsError

KEY = {KEY!r}

def fail(text):
    exec(compile("def inner(word):\\n raise error", "library.py", "exec"), names := {{"error": SettingsError("x")}})
    names["inner"](text)

@pytest.fixture(autouse=True)
def key():
    return OpenAICredential(api_key=KEY)
"""
SHOWING = {
    "log": "logging.getLogger('a').warning('x %s', KEY)",
    "log_of_an_exception": "try: raise ValueError(KEY)\n    except ValueError: logging.getLogger('a').exception('x')",
    "output": "print('my', KEY)",
    "errors": "print(KEY, file=sys.stderr)",
    "warning": "ModelWarning('other', 'x', f'see {KEY}')",
    "message": "with pytest.raises(ModelError):\n        raise ModelError(KEY)",
    "body": "with pytest.raises(ModelError):\n        raise ModelError('x', body=KEY)",
    "cause": "with pytest.raises(ModelError):\n        raise ModelError('x') from ValueError(KEY)",
    "local_variable": "with pytest.raises(SettingsError):\n        fail(KEY)",
    "file": "(tmp_path / 'a.yaml').write_text(f'interactions: {KEY}')",
    "process": "subprocess.run([sys.executable, '-c', f'print({KEY!r})'], capture_output=True)",
    "key_of_a_process": "subprocess.run([sys.executable, '-c', 'import os; print(os.environ[\"A_KEY\"])'],"
    " capture_output=True, env={**os.environ, 'A_KEY': 'another-key-0123'})",
}
CLEAN = {
    "nothing": "pass",
    "settings": "(tmp_path / 'a.yaml').write_text(f'credentials: {KEY}')",
    "a_short_word": "OpenAICredential(api_key='short'); print('short')",
}


@pytest.mark.shows_secrets("the inner tests show theirs")
def test_each_place_is_watched(tmp_path: Path) -> None:
    """In a process of its own, with a plugin of its own."""
    tests = [f"def test_{name}(tmp_path):\n    {code}\n" for name, code in {**SHOWING, **CLEAN}.items()]
    tests.append(f"@pytest.mark.shows_secrets('for once')\ndef test_marked(tmp_path):\n    {SHOWING['log']}\n")
    (tmp_path / "test_it.py").write_text(HEAD + "\n".join(tests))
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = shows_secrets(reason): on purpose\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rfE",
        "-p",
        "tests.leaks",
        "-p",
        "no:cacheprovider",
        "test_it.py",
    ]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})
    failed = [line for line in ran.stdout.splitlines() if line.startswith("FAILED")]
    assert {line.split("::test_")[1].split()[0] for line in failed} == set(SHOWING), ran.stdout
    assert all(line.endswith("a secret was shown:") for line in failed)
