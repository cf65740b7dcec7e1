"""The checks for secrets can fail: on a test that shows one in any of the watched places, and on a whole run."""

from __future__ import annotations

import base64
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.planted import KEY as PLANTED
from tests.planted import WORD, found, left_files

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

def write(path, text):
    exec(compile("path.write_text(text)", "library.py", "exec"), {{"path": path, "text": text}})

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
    "file": "write(tmp_path / 'a.yaml', f'interactions: {KEY}')",
    "written_over": "(tmp_path / 'a.yaml').write_text('own'); write(tmp_path / 'a.yaml', f'api_key: {KEY}')",
    "process": "subprocess.run([sys.executable, '-c', f'print({KEY!r})'], capture_output=True)",
    "key_of_a_process": "subprocess.run([sys.executable, '-c', 'import os; print(os.environ[\"A_KEY\"])'],"
    " capture_output=True, env={**os.environ, 'A_KEY': 'another-key-0123'})",
}
CLEAN = {
    "nothing": "pass",
    "settings": "(tmp_path / 'a.yaml').write_text(f'credentials: {KEY}')",
    "a_short_word": "OpenAICredential(api_key='short'); print('short')",
}


WHOLE_RUN = {
    "a file of a session": "write(tmp_path_factory.mktemp('x') / 'a.json', PLANTED)",
    "a file in base64": "write(tmp_path_factory.mktemp('x') / 'a', base64.b64encode(PLANTED.encode()).decode())",
    "output of a fixture": "yield; print(PLANTED)",
    "log of a fixture": "yield; logging.getLogger('a').warning('x %s', PLANTED)",
    "warning": "warnings.warn('see ' + PLANTED)",
    "reason of a skip": "pytest.skip('no ' + PLANTED)",
    "property for JUnit": "record_property('key', PLANTED)",
}


def run(folder: Path, code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """These tests in a process of their own, with plugins of its own."""
    (folder / "test_it.py").write_text(code)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = shows_secrets(reason): on purpose\n")
    plugins = ("tests.planted", "tests.leaks", "no:cacheprovider")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rfE",
        "--junitxml=it.xml",
        "-o",
        "junit_family=xunit1",
        f"--basetemp={folder / 'base'}",
    ]
    command += [*(option for plugin in plugins for option in ("-p", plugin)), *options, "test_it.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})


@pytest.mark.shows_secrets("the inner tests show theirs")
def test_each_place_is_watched(tmp_path: Path) -> None:
    tests = [f"def test_{name}(tmp_path):\n    {code}\n" for name, code in {**SHOWING, **CLEAN}.items()]
    tests.append(f"@pytest.mark.shows_secrets('for once')\ndef test_marked(tmp_path):\n    {SHOWING['log']}\n")
    ran = run(tmp_path, HEAD + "\n".join(tests))
    failed = [line for line in ran.stdout.splitlines() if line.startswith("FAILED")]
    assert {line.split("::test_")[1].split()[0] for line in failed} == set(SHOWING), ran.stdout
    assert all(line.endswith("a secret was shown:") for line in failed)


@pytest.mark.shows_secrets("the inner tests show theirs")
@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "workers"])
def test_the_whole_run_is_watched(tmp_path: Path, workers: list[str]) -> None:
    head = f"import base64, warnings\n{HEAD}\nPLANTED = {PLANTED!r}\n"
    code = [
        f"@pytest.fixture\ndef fixture_{at}(tmp_path_factory, record_property):\n    {code}\n"
        f"def test_{at}(fixture_{at}):\n    pass\n"
        for at, code in enumerate(WHOLE_RUN.values())
    ]
    code.append("def test_own(tmp_path):\n    (tmp_path / 'settings.yaml').write_text('api_key: ' + PLANTED)\n")
    ran = run(tmp_path, head + "\n".join(code), *workers)
    assert ran.returncode == 1, ran.stdout
    seen = ran.stdout.partition("the planted word was shown:\n")[2].splitlines()
    places = ["test_2", "test_3", "a warning of", "test_5", "the terminal", "the JUnit file", "x0/a.json", "x1/a"]
    assert [place for place in places if not any(place in line for line in seen)] == [], ran.stdout
    assert "settings.yaml" not in ran.stdout


@pytest.mark.shows_secrets("the inner tests show theirs")
def test_a_clean_run_passes(tmp_path: Path) -> None:
    code = f"{HEAD}\nPLANTED = {PLANTED!r}\ndef test_a(tmp_path):\n    OpenAICredential(api_key=PLANTED)\n"
    ran = run(tmp_path, code)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(
    "text",
    [
        f"a {WORD}",
        "".join(f"\\u{ord(sign):04x}" for sign in WORD),
        "".join(f"%{ord(sign):02X}" for sign in WORD),
        WORD.encode().hex(),
        *(base64.b64encode(b"x" * before + WORD.encode() + b"y").decode() for before in range(5)),
        yaml.safe_dump({"a": PLANTED}),
    ],
    ids=range(10),
)
@pytest.mark.shows_secrets("the word is looked for")
def test_the_word_is_found(text: str) -> None:
    assert found(text) and found(f"before {text} after") and not found(text.lower()[:6])


def test_no_file_of_the_project_holds_the_word() -> None:
    """Neither a cassette nor a page of the documentation."""
    folders = [ROOT / "fixtures", ROOT / "docs", ROOT / "modelport"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert [str(path) for path in files if found(path.read_bytes())] == []


def test_bytecode_of_a_program_of_the_test_is_its_own(tmp_path: Path) -> None:
    program = tmp_path / "mine.py"
    program.write_text("KEY = 'mine'\n")
    py_compile.compile(str(program))
    py_compile.compile(str(program), cfile=str(tmp_path / "__pycache__/stray.cpython-311.pyc"))
    assert [path.name for path, _ in left_files(tmp_path)] == ["stray.cpython-311.pyc"]
