"""Runtimes for tests: real adapters around a clock of the test's."""

from __future__ import annotations

import dataclasses

from modelport.composition.defaults import build_runtime
from modelport.ports.clock import Clock
from modelport.ports.runtime import Runtime

__all__ = ["runtime_with"]


def runtime_with(clock: Clock) -> Runtime:
    """The default runtime with another clock and a connection pool of its own."""
    return dataclasses.replace(build_runtime(), clock=clock)
