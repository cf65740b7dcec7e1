"""How the tests run an example: a copy of its folder, in a process of its own, as its reader would."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.command import ROOT, Home, default_sigint

EXAMPLES = ROOT / "docs" / "examples"


@dataclass(frozen=True)
class Example:
    """The copy of an example, with no variables of this process but those that are given."""

    folder: Path
    home: Home

    def environment(self, **variables: str) -> dict[str, str]:
        paths = os.pathsep.join([str(ROOT), str(self.folder)])
        return self.home.environment(**{"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **variables})

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """`python -W error ARGUMENTS` in the folder, to its end."""
        return subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=self.folder,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=240,
            check=False,
        )

    @contextmanager
    def start(self, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
        """The same while it runs, its output and errors in one pipe; it is killed at the end if it still runs."""
        with default_sigint():
            process = subprocess.Popen(
                [sys.executable, "-W", "error", *arguments],
                cwd=self.folder,
                env=self.environment(**variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
            )
        with process:
            try:
                yield process
            finally:
                process.kill()


def copy_of(name: str, place: Path) -> Example:
    """The example in a folder of the test's own."""
    folder = place / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    home = place / "home"
    home.mkdir()
    return Example(folder, Home(home))


def module_of(name: str, module: str) -> Any:  # Any: a module that no type checker of the tests sees
    """A module of an example, loaded anew from its file."""
    path = EXAMPLES / name / f"{module}.py"
    spec = importlib.util.spec_from_file_location(f"example_{name}_{module}", path)
    assert spec is not None and spec.loader is not None, path
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
