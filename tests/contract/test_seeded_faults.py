"""The suite finds faults: each of `FAULTS` breaks some case, and the guide says which."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

import pytest

from modelport.composition.providers.registry import ProviderRegistry
from modelport.testing import Status
from modelport.testing.contract.provider import contracts_of
from tests.cassettes import CASSETTES
from tests.contract.seeded_faults import FAULTS, Fault

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "contract-suite.md"
_SHOWN = 3


@cache
def broken_by(fault: Fault) -> list[str]:
    """The cases that find it, in the order of the suite. A mutation less of each kind does."""
    chat, formatter, *_ = contracts_of(ProviderRegistry().get(fault.provider), CASSETTES)
    small = {"limit": 6, "patience": 0.5, "seconds_per_case": 5.0}
    contracts = [type(chat.__name__, (chat,), small), formatter]
    with fault.seed():
        reports = [asyncio.run(contract().run()) for contract in contracts]
    return list(dict.fromkeys(one.case for report in reports for one in report.of(Status.BROKEN)))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_each_fault_is_found(fault: Fault) -> None:
    assert broken_by(fault)


def test_the_guide_has_the_table() -> None:
    rows = ["| the fault | found by |", "|---|---|"]
    for fault in FAULTS:
        found = broken_by(fault)
        more = " and more" if len(found) > _SHOWN else ""
        rows.append(f"| {fault} | {', '.join(f'`{name}`' for name in found[:_SHOWN])}{more} |")
    table = "\n".join(rows)
    assert table in GUIDE.read_text(encoding="utf-8"), f"the table in {GUIDE.name} must be:\n{table}"
