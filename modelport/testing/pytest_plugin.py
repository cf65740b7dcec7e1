"""A summary of the contract suite at the end of a run of pytest.

The classes work without the plugin; with it (`pytest11`), a run ends with a line for each contract and its cases left
out, and `--contract-report=FILE` writes everything as JSON.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .contract.core.case import Outcome, Status
from .contract.core.contract import PYTEST_PROPERTY
from .contract.core.report import Report

__all__ = ["pytest_addoption", "pytest_configure", "pytest_terminal_summary"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--contract-report`."""
    parser.addoption("--contract-report", metavar="FILE", help="write the outcomes of the contracts to a JSON file")


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of the report before the run, so that writing it cannot fail at the end."""
    path = config.getoption("--contract-report", default=None)
    if path is None:
        return
    if not path or Path(path).is_dir():
        raise pytest.UsageError(f"--contract-report: {path!r} is not the name of a file")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise pytest.UsageError(f"--contract-report: {error}") from error


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:  # Any: pytest gives no type for it
    """One line for each contract, and one for each case that was left out."""
    reports = _reports(terminalreporter.stats)
    for report in reports:
        terminalreporter.write_line(f"{report.contract} of {report.subject}: {report.summary()}")
        for outcome in report.of(Status.LEFT_OUT):
            terminalreporter.write_line(f"  {outcome.case}: {outcome.detail}")
    path = config.getoption("--contract-report", default=None)
    if path:
        text = json.dumps([report.to_json() for report in reports], ensure_ascii=False, indent=2)
        Path(path).write_text(text, encoding="utf-8")


def _reports(stats: dict[str, list[Any]]) -> list[Report]:  # Any: pytest's test reports
    found: dict[tuple[str, str], list[Outcome]] = {}
    results = (result for name in ("passed", "failed", "skipped") for result in stats.get(name, ()))
    for name, value in (pair for result in results for pair in getattr(result, "user_properties", ())):
        if name == PYTEST_PROPERTY:
            fields = dict(value)
            key = fields.pop("contract"), fields.pop("subject")
            found.setdefault(key, []).append(Outcome(**{**fields, "status": Status(fields["status"])}))
    return [Report(*key, outcomes) for key, outcomes in found.items()]
