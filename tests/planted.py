"""One word is part of the keys and passwords of all tests, and nothing that a run shows or leaves behind may hold it.

`tests/leaks.py` fails the test that shows a secret of its own. This plugin looks once more at the whole run, for the
word alone and in every spelling: at the reports of all phases of all tests, the warnings, what the terminal was given,
the JUnit file, and the files that are left below the folder of temporary files. Tests that show secrets on purpose
(`shows_secrets`), tests that failed, and files that a test wrote itself, such as settings, are left out.

Secrets of fewer than 8 characters, `k` or `test`, are part of too many words to be looked for. What hides them does not
depend on their length (`SecretStr`, the passwords of URLs), and has tests of its own.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

WORD = "PlantedWord7"
KEY = f"sk-{WORD}-04516273"
"""The key of tests to which any will do."""
_LARGEST_FILE = 4_000_000
_TESTS = str(Path(__file__).parent)


def spellings(word: str) -> dict[str, str]:
    """How a program may write it."""
    data = word.encode()
    spelt = {"as it is": word, "in JSON": "".join(f"\\u{octet:04x}" for octet in data), "in hex": data.hex()}
    spelt["in a URL"] = "".join(f"%{octet:02X}" for octet in data)
    for before in range(3):  # only the digits that hold nothing but bits of the word
        digits = base64.b64encode(bytes(before) + data).decode()
        spelt[f"in base64 {before}"] = digits[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
    return spelt


_SPELLINGS = spellings(WORD)
_ENCODED = [spelt.encode() for spelt in _SPELLINGS.values()]


def found(text: str | bytes) -> str | None:
    """The words around the planted word, if the text holds it in any spelling."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    for spelt in _ENCODED:
        if (at := data.find(spelt)) >= 0:
            return repr(data[max(0, at - 60) : at + 60].decode("utf-8", "replace"))
    return None


class OwnFiles:
    """The files that tests wrote, which may hold what they like until something else writes them."""

    def __init__(self) -> None:
        self._sizes: dict[str, tuple[int, int]] = {}

    def add(self, path: Path) -> None:
        """Remember a file as it is now."""
        state = path.stat()
        self._sizes[str(path.resolve())] = (state.st_size, state.st_mtime_ns)

    def __contains__(self, path: Path) -> bool:
        try:
            state = path.stat()
        except FileNotFoundError:  # the source of bytecode need not be there any more
            return False
        return self._sizes.get(str(path.resolve())) == (state.st_size, state.st_mtime_ns)


OWN_FILES = OwnFiles()


def written_by_tests(patch: pytest.MonkeyPatch) -> None:
    """Let `Path.write_text` and `write_bytes` say who calls them."""
    for name in ("write_text", "write_bytes"):
        original = getattr(Path, name)

        def write(self: Path, *arguments: Any, original: Any = original, **options: Any) -> Any:  # Any: as in pathlib
            written = original(self, *arguments, **options)
            caller = sys._getframe(1).f_code.co_filename
            if caller.startswith(_TESTS) or Path(caller).name.startswith("test_"):
                OWN_FILES.add(self)
            return written

        patch.setattr(Path, name, write)


def left_files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """The files below a folder that no test wrote itself, or Python from a program of a test, with their content."""
    for path in folder.rglob("*"):
        source = path.parent.parent / f"{path.name.partition('.')[0]}.py" if path.suffix == ".pyc" else path
        if path.is_file() and not path.is_symlink() and source not in OWN_FILES and path.stat().st_size < _LARGEST_FILE:
            yield path, path.read_bytes()


class Run:
    """What one process of the test run has shown."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._on_purpose: set[str] = set()
        self._own_folders: list[Path] = []
        self._shown: list[str] = []
        self._had_workers = False
        self.seen: list[str] = []

    def look(self, text: str | bytes, place: str) -> None:
        """Note the planted word in it."""
        if around := found(text):
            self.seen.append(f"{place}: {around}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Any:  # Any: as pluggy has it
        """Leave out the folders of tests that failed or that show secrets on purpose."""
        report: pytest.TestReport = yield
        if report.failed or item.get_closest_marker("shows_secrets"):
            report.user_properties.append(("shows_secrets", True))
            if isinstance(folder := getattr(item, "funcargs", {}).get("tmp_path"), Path):
                self._own_folders.append(folder)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at a report, in the process that prints it."""
        if self._is_worker or ("shows_secrets", True) in report.user_properties:
            return
        for name, text in report.sections:
            self.look(text, f"{name} of {report.nodeid}")
        self.look(str(report.longrepr or ""), f"the report of {report.nodeid}")

    def pytest_warning_recorded(self, warning_message: Any, nodeid: str) -> None:  # Any: a WarningMessage
        """Look at a warning of the summary."""
        self.look(str(warning_message), f"a warning of {nodeid}")

    def pytest_sessionstart(self) -> None:
        """Read along what the terminal is given."""
        writer = self._config.get_terminal_writer() if not self._is_worker else None
        if writer is not None:
            original = writer.write

            def write(msg: str, **options: Any) -> None:  # Any: colours
                self._shown.append(msg)
                original(msg, **options)

            writer.write = write  # type: ignore[method-assign]  # there is no hook for it

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Any:  # Any: as pluggy has it
        """Look at what is left at the end, after the other plugins wrote their files."""
        if self._is_worker:  # which sends its results in this hook
            self._look_at_files()
            self._config.workeroutput["planted"] = self.seen  # type: ignore[attr-defined]  # xdist's
            return (yield)
        result = yield
        if not self._had_workers:
            self._look_at_files()
        if not session.testsfailed:
            self.look("".join(self._shown), "the terminal")
            junit = getattr(self._config.option, "xmlpath", None)
            if junit and Path(junit).exists():
                self.look(Path(junit).read_bytes(), "the JUnit file")
        if self.seen:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            self._config.get_terminal_writer().line(
                "the planted word was shown:\n  " + "\n  ".join(self.seen), red=True
            )
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # Any: xdist's
        """Take over what a worker has seen."""
        self._had_workers = True
        self.seen += getattr(node, "workeroutput", {}).get("planted", [])

    @property
    def _is_worker(self) -> bool:
        return hasattr(self._config, "workerinput")

    def _look_at_files(self) -> None:
        factory = getattr(self._config, "_tmp_path_factory", None)
        folder: Path | None = getattr(factory, "_basetemp", None)
        if folder is None or not folder.exists():
            return
        for path, data in left_files(folder):
            if not any(path.is_relative_to(own) for own in self._own_folders):
                self.look(data, f"the file {path.relative_to(folder)}")


def pytest_configure(config: pytest.Config) -> None:
    """Watch this process."""
    config.pluginmanager.register(Run(config), "planted-word")
