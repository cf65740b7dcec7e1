"""A home folder of its own for every command, and the code of this checkout in all of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.command import PYTHON, ROOT, Home


@pytest.fixture(scope="session", autouse=True)
def _this_checkout(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An installed copy of the package would pass or fail for other code than the one beside these tests."""
    home = Home(tmp_path_factory.mktemp("home"))
    code = "import modelport; print(modelport.__file__)"
    ran = subprocess.run([*PYTHON, "-c", code], cwd=home.folder, env=home.environment(), capture_output=True, text=True)
    assert Path(ran.stdout.strip()) == ROOT / "modelport" / "__init__.py", ran.stderr


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Where no settings and no keys are."""
    return Home(tmp_path)
