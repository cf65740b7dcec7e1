"""A home folder of its own for every command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.command import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Where no settings and no keys are."""
    return Home(tmp_path)
