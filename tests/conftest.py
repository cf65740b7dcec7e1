"""What holds for every test: no network but loopback, the code of this checkout, nothing shared between tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

import modelport
from modelport.testing.network import forbid_network
from tests.databases import VARIABLE, OwnDatabase

pytest_plugins = ["tests.planted", "tests.leaks"]
ROOT = Path(__file__).parents[1]
_database = pytest.StashKey[OwnDatabase]()

hypothesis.settings.register_profile(
    "modelport", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("modelport")  # a busy machine is slow, which is not a fault of the code


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module is imported: what processes started by tests import, and which database they share."""
    found = Path(modelport.__path__[0]).parent
    if found != ROOT:
        raise pytest.UsageError(f"the tests of {ROOT} would test {found}; run pytest in {ROOT}")
    others = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *others])
    worker, url = getattr(config, "workerinput", None), os.environ.get(VARIABLE)
    if worker and url:
        config.stash[_database] = OwnDatabase(url, f"{worker['testrunuid'][:8]}_{worker['workerid']}")
        config.stash[_database].create()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the server as it was."""
    if _database in config.stash:
        config.stash[_database].drop()


def pytest_collection_finish() -> None:
    """Let `gc.collect()` look at what tests made, and not also at the fifteen thousand tests and all modules."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def small_heap() -> None:
    """For a test that calls `gc.collect()` often: each call looks only at what this test made."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _loopback_only() -> Iterator[None]:
    with forbid_network():
        yield
