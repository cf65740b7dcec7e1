"""The suite finds faults: each of `FAULTS` breaks some case, and the guide lists the first of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from modelport.composition.providers.registry import ProviderRegistry
from modelport.testing import Status
from modelport.testing.contract.provider import contracts_of
from tests.cassettes import CASSETTES
from tests.contract.seeded_faults import FAULTS, Fault

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "contract-suite.md"
_SHOWN = 3


def broken_by(fault: Fault) -> list[str]:
    """The cases that find it, in the order of the suite. A mutation less of each kind does."""
    chat, formatter, *_ = contracts_of(ProviderRegistry().get(fault.provider), CASSETTES)
    small = {"limit": 6, "patience": 0.5, "seconds_per_case": 5.0}
    contracts = [type(chat.__name__, (chat,), small), formatter]
    with fault.seed():
        reports = [asyncio.run(contract().run()) for contract in contracts]
    return list(dict.fromkeys(one.case for report in reports for one in report.of(Status.BROKEN)))


def row_of(fault: Fault, found: list[str]) -> str:
    """The row of the guide's table."""
    more = " and more" if len(found) > _SHOWN else ""
    return f"| {fault} | {', '.join(f'`{name}`' for name in found[:_SHOWN])}{more} |"


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_each_fault_is_found_and_the_guide_says_by_which_cases(fault: Fault) -> None:
    found = broken_by(fault)
    assert found
    row = row_of(fault, found)
    assert row in GUIDE.read_text(encoding="utf-8").splitlines(), f"the row in {GUIDE.name} must be:\n{row}"


def test_the_guide_lists_these_faults_and_no_others() -> None:
    lines = GUIDE.read_text(encoding="utf-8").partition("| the fault | found by |\n|---|---|\n")[2].splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")] == [*map(str, FAULTS)]
