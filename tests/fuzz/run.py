"""Runs the fuzz tests for minutes or hours: `python -m tests.fuzz.run --minutes 20`.

Prints a line for each round and a summary at the end; exits with 1 when anything but an error of `modelport.error`
left a call. hypothesis keeps what failed in `.hypothesis`, so that the tests fail with it too until it is fixed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any


class Counted:
    """A function that counts how often it is called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.calls = 0

    def __call__(self, *args: Any, **named: Any) -> Any:
        self.calls += 1
        return self._function(*args, **named)


def targets(examples: int) -> tuple[dict[str, Callable[[], Any]], Counted]:
    """The tests with each of their parameters, and what counts their inputs."""
    os.environ["MODELPORT_FUZZ"] = str(examples)  # before the modules read it
    # test_files needs a folder of pytest's
    from tests.fuzz import test_decoders, test_live, test_realtime, test_sound, test_voice

    counted = Counted(test_decoders.call)
    test_decoders.call = counted  # the same calls
    found: dict[str, Callable[[], Any]] = {}
    for module in (test_decoders, test_live, test_sound, test_realtime, test_voice):
        for name, test in vars(module).items():
            if name.startswith("test_"):
                for given in parameters(test):
                    found[f"{name}{sorted(given.values(), key=str)}"] = partial(test, **given)
    return found, counted


def parameters(test: Any) -> Iterator[dict[str, Any]]:
    """Every combination of a test's parameters."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    names = [mark.args[0] for mark in marks]
    for values in itertools.product(*(list(mark.args[1]) for mark in marks)):
        yield dict(zip(names, values, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--examples", type=int, default=200, help="inputs of each test in one round")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    given = parser.parse_args()
    tests, counted = targets(given.examples)
    started = time.monotonic()
    findings: dict[str, str] = {}
    rounds = 0
    while not rounds or time.monotonic() - started < given.minutes * 60:
        rounds += 1
        for name, test in tests.items():
            try:
                test()
            except Exception as error:
                findings[name] = "".join(traceback.format_exception(error))[-3000:]
                print(f"FINDING in {name}:\n{findings[name]}", file=sys.stderr, flush=True)
        seconds = time.monotonic() - started
        print(f"round {rounds}: {counted.calls} inputs, {seconds:.0f} s, {len(findings)} findings", file=sys.stderr)
    summary = {"inputs": counted.calls, "rounds": rounds, "seconds": round(seconds), "findings": sorted(findings)}
    print(json.dumps(summary) if given.json else summary)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
