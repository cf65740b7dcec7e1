"""Every example is in the index, has a page, and is run by a test."""

from __future__ import annotations

from tests.examples.running import EXAMPLES
from tests.test_docs import ROOT

NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())


def test_every_example_is_listed_and_tested() -> None:
    index = (EXAMPLES / "README.md").read_text()
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path.name != "test_index.py")
    assert NAMES, "there are examples"
    for name in NAMES:
        assert f"({name}/README.md)" in index
        assert (EXAMPLES / name / "README.md").exists()
        assert f'"{name}"' in tests
