"""What holds for every test: no network but loopback, and nothing shared between tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from modelport.testing.network import forbid_network


@pytest.fixture(autouse=True)
def _loopback_only() -> Iterator[None]:
    with forbid_network():
        yield
