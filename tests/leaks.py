"""No test may let a secret out: a plugin that knows the secrets of each test and looks for them in all that is shown.

The secrets of a test are the values of every `SecretStr` that is made while it runs, the passwords in the URLs among
them, the keys in the environments of its processes, and the planted word that most of these hold (`tests/planted.py`).
They are looked for in log records, captured output, warnings of answers, errors caught by `pytest.raises` (causes and
the locals of the library's frames included), the output of processes, and the files below `tmp_path` that the test did
not write itself. A test that shows a secret on purpose says so with the marker `shows_secrets`, and why.
"""

from __future__ import annotations

import functools
import inspect
import logging
import os
import reprlib
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from pydantic import types as pydantic_types

from modelport.domain.message.responses import ModelWarning
from modelport.domain.secrets import url_secrets
from modelport.error import ModelportError
from tests.planted import found, left_files, written_by_tests

_SHORTEST = 8
_LONGEST_VALUE = 20_000
_TESTS = str(Path(__file__).parent)


class Leaks:
    """The secrets of the running test, and where one was seen."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self.seen: list[str] = []

    def begin(self) -> None:
        """Forget the last test."""
        self.secrets = set()
        self.seen = []

    def learn(self, value: object) -> None:
        """Take a text as secret, or the passwords in it if it is a URL; short texts are placeholders."""
        if isinstance(value, str):
            found = url_secrets(value) if "://" in value else [value]
            self.secrets.update(secret for secret in found if len(secret) >= _SHORTEST and secret.strip() == secret)

    def look(self, text: str, place: str) -> None:
        """Note each secret that the text holds, as it is or escaped as in a `repr`, and the planted word in any way."""
        if around := found(text):
            self.seen.append(f"{place}: {around}")
        for secret in self.secrets:
            if secret in text or ((escaped := repr(secret)[1:-1]) != secret and escaped in text):
                at = max(0, text.find(secret))
                self.seen.append(f"{place}: …{text[max(0, at - 60) : at + 60]!r}…")

    def look_at_error(self, error: BaseException) -> None:
        """Look at all that a program may print of an error."""
        shown: list[object] = [str(error), repr(error), vars(error), *error.args]
        self.look("\n".join(map(str, shown)), f"a {type(error).__name__}")
        self.look(_traceback(error), f"the traceback of a {type(error).__name__}")
        for each in _chain(error):
            for frame, _ in traceback.walk_tb(each.__traceback__):
                if not _is_of_tests(frame.f_code.co_filename):
                    self.look(_shown_locals(frame), f"the locals of {frame.f_code.co_qualname}")

    def look_at_files(self, folder: Path) -> None:
        """Look at what was recorded, cached or stored below a folder."""
        for path, data in left_files(folder):
            self.look(data.decode("utf-8", "replace"), f"the file {path.name}")


LEAKS = Leaks()


class _Records(logging.Handler):
    """Looks at each record: its message and its traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        LEAKS.look(logging.Formatter().format(record), f"the log of {record.name}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _traceback(error: BaseException) -> str:
    """As it is printed, but without the lines of the test itself, which may have its key."""
    lines = traceback.format_exception(error)
    return "".join(line for line in lines if not line.startswith(f'  File "{_TESTS}'))


def _is_of_tests(file: str) -> bool:
    """Whether a function is the test's or pytest's own, which may know the secret."""
    return file.startswith(_TESTS) or any(name in file for name in ("_pytest", "pytest_", "pluggy", "asyncio"))


class _Shown(reprlib.Repr):
    """A `repr` of bounded size, also of what refers to itself many times over, such as a hostile YAML file."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 5
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = 100
        self.maxstring = self.maxother = _LONGEST_VALUE

    def repr_instance(self, value: Any, level: int) -> str:  # Any: an object of any class
        return "a node" if type(value).__module__.startswith("yaml.") else super().repr_instance(value, level)


_SHOWN = _Shown()
_GENERATORS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_UNREADABLE = _GENERATORS if sys.version_info[:2] == (3, 13) else 0
"""Frames whose locals cannot be looked at: Python 3.13.0 crashes on those of a generator that has ended (gh-125723)."""


def _shown_locals(frame: FrameType) -> str:
    """The locals as an error reporter prints them."""
    if frame.f_code.co_flags & _UNREADABLE:
        return ""
    shown = []
    for name, value in frame.f_locals.items():
        try:
            shown.append(f"{name} = {_SHOWN.repr(value)}")
        except Exception:  # a half-made object; an error reporter would print as much
            shown.append(f"{name} = ?")
    return "\n".join(shown)


def _after(cls: type, method: str, act: Any, patch: pytest.MonkeyPatch) -> None:  # Any: called with the arguments
    original = getattr(cls, method)

    @functools.wraps(original)  # which keeps the signature
    def patched(self: Any, *arguments: Any, **options: Any) -> Any:  # Any: whatever the method takes
        result = original(self, *arguments, **options)
        act(self, result, *arguments, **options)
        return result

    patch.setattr(cls, method, patched)


def _learn_environment(process: Any, _: None, *arguments: Any, **options: Any) -> None:  # Any: Popen's
    for name, value in (options.get("env") or {}).items():
        if name.endswith(("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")):
            LEAKS.learn(os.fsdecode(value))


def _look_at_output(process: Any, result: tuple[Any, Any], *arguments: Any, **options: Any) -> None:  # Any: Popen's
    for name, output in zip(("output", "errors"), result, strict=True):
        text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output or ""
        LEAKS.look(text, f"the {name} of a process")


def _look_at_caught(_: object, result: bool, kind: object, error: BaseException | None, *rest: object) -> None:
    if isinstance(error, ModelportError):
        LEAKS.look_at_error(error)


@pytest.fixture(scope="session", autouse=True)
def _watch_for_leaks() -> Iterator[None]:
    handler = _Records(logging.NOTSET)
    logger = logging.getLogger()
    with pytest.MonkeyPatch.context() as patch:
        _after(pydantic_types._SecretBase, "__init__", lambda _, __, value: LEAKS.learn(value), patch)
        _after(ModelWarning, "__init__", lambda warning, *_, **__: LEAKS.look(str(warning), "a warning"), patch)
        _after(pytest.RaisesExc, "__exit__", _look_at_caught, patch)
        _after(subprocess.Popen, "__init__", _learn_environment, patch)
        _after(subprocess.Popen, "communicate", _look_at_output, patch)
        written_by_tests(patch)
        logger.addHandler(handler)
        yield
        logger.removeHandler(handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """A test starts without secrets."""
    LEAKS.begin()
    yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:  # Any: as pluggy has it
    """Fail a test whose secret was seen."""
    report: pytest.TestReport = yield
    if call.when == "call" and report.passed and not item.get_closest_marker("shows_secrets"):
        for name, text in report.sections:
            LEAKS.look(text, name)
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if folder is not None:
            LEAKS.look_at_files(folder)
        if LEAKS.seen:
            report.outcome = "failed"
            report.longrepr = "a secret was shown:\n  " + "\n  ".join(dict.fromkeys(LEAKS.seen))
    return report
