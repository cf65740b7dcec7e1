"""The application that replaces parts of its hub, by its own tests."""

from __future__ import annotations

from pathlib import Path

from tests.examples.running import copy_of


def test_its_tests_pass(tmp_path: Path) -> None:
    found = copy_of("overriding", tmp_path).run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    assert found.returncode == 0 and "4 passed" in found.stdout, found.stdout + found.stderr
