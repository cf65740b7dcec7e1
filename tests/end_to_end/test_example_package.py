"""The example of a provider in a package of its own: installed as anybody would, and its own tests run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.command import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "modelport-lantern"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, with what it installs in the folder `site` beside it."""
    copy = tmp_path_factory.mktemp("example") / EXAMPLE.name
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(copy / "site"), str(copy)], check=True, capture_output=True, text=True)
    return copy


def run(package: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(package / "site"), str(ROOT)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=package, env=environment, capture_output=True, text=True, check=False
    )


def test_its_tests_pass(installed: Path) -> None:
    assert len((EXAMPLE / "tests" / "test_contract.py").read_text().splitlines()) <= 15
    found = run(installed, "pytest", "-q", "-p", "no:cacheprovider")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "failed" not in found.stdout


def test_the_contract_command_of_its_page_finds_it(installed: Path) -> None:
    (shown,) = re.findall(r"^(modelport contract .*)$", (EXAMPLE / "README.md").read_text(), re.M)
    found = run(installed, *shown.split(), "--json")
    assert found.returncode == 0, found.stdout + found.stderr
    report = json.loads(found.stdout)
    assert report["counts"]["broken"] == 0 and report["counts"]["held"] > 50


def test_its_models_are_listed(installed: Path) -> None:
    found = run(installed, "modelport", "models", "--provider", "lantern", "--json")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "wick-1" in found.stdout


def test_a_broken_decoder_is_caught(installed: Path, tmp_path: Path) -> None:
    """A suite that lets everything pass proves nothing."""
    broken = tmp_path / "broken"
    shutil.copytree(installed, broken)
    codec = broken / "site" / "modelport_lantern" / "codec.py"
    text = codec.read_text()
    codec.write_text(text.replace("if not self.ended:", "if False:"))
    assert codec.read_text() != text
    found = run(broken, "pytest", "-q", "-p", "no:cacheprovider")
    assert found.returncode == 1 and "failed" in found.stdout, found.stdout
