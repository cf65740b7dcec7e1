"""The core of the contract suite: what a case's end becomes, and that none goes away silently."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

from modelport.domain.ids import new_id, new_timestamp, set_id_factory
from modelport.testing import (
    Case,
    ChatContract,
    Contract,
    NotApplicableError,
    Report,
    Status,
    case,
    require,
    require_equal,
)
from tests.cassettes import CASSETTES

Ended = tuple[str, str, str]


@case("It holds")
async def holds(contract: Any, variant: str) -> str:
    return "a remark"


@case("It does not", lambda contract: ["one", "two"])
async def breaks(contract: Any, variant: str) -> None:
    require(variant == "one", "two is not one")


@case("It fails otherwise")
async def fails(contract: Any, variant: str) -> None:
    raise LookupError("where is it")


@case("There is nothing to check", lambda contract: [], "some variants")
async def needs_something(contract: Any, variant: str) -> None: ...


@case("It turns out to be something else")
async def of_no_use(contract: Any, variant: str) -> None:
    raise NotApplicableError("nothing of the kind")


class Small(Contract):
    cases: ClassVar[tuple[Case[Any], ...]] = (holds, breaks, fails, needs_something, of_no_use)


def ended(report: Report) -> list[Ended]:
    return [(one.case, one.variant, one.status.value) for one in report.outcomes]


async def outcome_of(check: Any, **attributes: Any) -> Any:
    made = Case("it", "It holds", check)
    (outcome,) = (await type("Made", (Contract,), {"cases": (made,), **attributes})().run()).outcomes
    return outcome


async def test_each_end_of_a_case() -> None:
    report = await Small().run()
    assert ended(report) == [
        ("holds", "", "held"),
        ("breaks", "one", "held"),
        ("breaks", "two", "broken"),
        ("fails", "", "broken"),
        ("needs_something", "", "not_applicable"),
        ("of_no_use", "", "not_applicable"),
    ]
    details = [one.detail for one in report.outcomes]
    assert details[0] == "a remark" and details[2] == "two is not one" and details[4] == "needs some variants"
    assert details[3].startswith("LookupError: where is it (at test_contract_core.py:")
    assert not report.held
    assert report.counts == {"held": 2, "broken": 2, "not_applicable": 2, "left_out": 0}


async def test_a_report_for_people_and_for_programs() -> None:
    report = await Small().run()
    rows = {row[0]: row[1:] for row in report.rows()}
    assert rows["breaks"] == ("broken", "2", "two: two is not one")
    assert str(report).splitlines()[0] == "Small of Small"
    assert report.summary().startswith("2 held, 2 broken, 2 not applicable in ")
    assert json.loads(json.dumps(report.to_json()))["outcomes"][2]["status"] == "broken"


async def test_one_case_alone() -> None:
    assert ended(await Small().run("holds")) == [("holds", "", "held")]
    with pytest.raises(ValueError, match="there is no case 'unheard_of'; there are breaks,"):
        await Small().run("unheard_of")


async def test_what_is_left_out_is_reported_with_its_reason() -> None:
    class Without(Small):
        left_out: ClassVar[dict[str, str]] = {"breaks": "the server cannot", "fails": "it never will"}

    report = await Without().run()
    assert [one.detail for one in report.of(Status.LEFT_OUT)] == [
        "left out: the server cannot",
        "left out: it never will",
    ]
    assert report.held and (report.contract, report.subject) == ("Small", "Without")


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"left_out": {"holds": " "}}, "needs a reason"),
        ({"left_out": {"unheard_of": "why"}}, "there is no case 'unheard_of'; there are breaks,"),
        ({"breaks": None}, "overrides breaks"),
        ({"test_breaks": lambda self: None}, "overrides test_breaks"),
        ({"run": None}, "overrides run"),
        ({"pytest_generate_tests": None}, "overrides pytest_generate_tests"),
        ({"cases": ()}, "must begin with the cases of its base"),
        ({"cases": (holds,)}, "must begin with the cases of its base"),
        ({"cases": (*Small.cases, holds)}, "cases holds holds twice; case names must be unique"),
    ],
)
def test_no_case_goes_away_silently(attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        type("Sly", (Small,), attributes)


def test_nor_by_a_class_that_is_mixed_in() -> None:
    class Mixed:
        def test_breaks(self) -> None: ...

    with pytest.raises(TypeError, match="overrides test_breaks"):
        type("Sly", (Mixed, Small), {})
    other = type("Other", (Contract,), {"cases": (Case("other", "It holds", _too),)})
    with pytest.raises(TypeError, match="must begin with the cases of its base"):
        type("Both", (Small, other), {})


async def test_a_subclass_may_add_cases() -> None:
    class More(Small):
        cases: ClassVar[tuple[Case[Any], ...]] = (*Small.cases, case("It holds too")(_too))

    assert ended(await More().run())[-1] == ("_too", "", "held")
    with pytest.raises(TypeError, match="overrides test__too"):
        type("Less", (More,), {"test__too": None})


async def _too(contract: Any, variant: str) -> None: ...


def test_the_kind_of_a_contract_with_cases_of_its_own_is_that_of_the_suite() -> None:
    class Mine(ChatContract):
        cases: ClassVar[tuple[Case[Any], ...]] = (*ChatContract.cases, case("It holds too")(_too))

    assert Mine.kind() == "ChatContract"


async def test_variants_that_cannot_be_had_are_broken() -> None:
    def over(contract: Any) -> list[str]:
        raise FileNotFoundError("no cassettes")

    found = type("Made", (Contract,), {"cases": (Case("it", "It holds", _too, over),)})
    (outcome,) = (await found().run()).outcomes
    assert outcome.status == "broken" and outcome.detail.startswith("FileNotFoundError: no cassettes")


async def test_ids_and_times_are_the_same_each_time() -> None:
    seen: list[Any] = []

    async def check(contract: Any, variant: str) -> None:
        seen.append((new_id(), new_id(), new_timestamp()))

    set_id_factory(lambda: "mine")
    try:
        for _ in range(2):
            await outcome_of(check)
        assert new_id() == "mine"
    finally:
        set_id_factory(None)
    assert seen[0] == seen[1] and len({*seen[0]}) == 3


async def test_a_task_left_behind_breaks_the_case() -> None:
    left: list[asyncio.Task[None]] = []

    async def check(contract: Any, variant: str) -> None:
        left.append(asyncio.create_task(asyncio.sleep(3600), name="forgotten"))

    outcome = await outcome_of(check)
    assert outcome.status == "broken" and "1 task(s) still run" in outcome.detail
    assert left[0].cancelled()


async def test_a_case_that_takes_too_long_is_broken() -> None:
    async def check(contract: Any, variant: str) -> None:
        await asyncio.Event().wait()

    outcome = await outcome_of(check, seconds_per_case=0.01)
    assert outcome.status == "broken" and "0.01 s" in outcome.detail


async def test_a_cancelled_error_is_broken_unless_the_caller_cancelled() -> None:
    async def cancels(contract: Any, variant: str) -> None:
        raise asyncio.CancelledError

    assert (await outcome_of(cancels)).detail == "a CancelledError was raised, and the case was not cancelled"
    begun = asyncio.Event()

    async def waits(contract: Any, variant: str) -> None:
        begun.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(outcome_of(waits))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_nothing_leaves_the_machine() -> None:
    async def check(contract: Any, variant: str) -> None:
        with socket.socket() as plug:
            plug.connect(("192.0.2.1", 80))

    assert "NetworkForbiddenError" in (await outcome_of(check)).detail


def test_values_are_shown_where_they_differ() -> None:
    with pytest.raises(AssertionError, match="the number: 1 instead of 2"):
        require_equal("the number", 1, 2)


THIRD_PARTY = """\
from pathlib import Path

from modelport.credential import MoonshotCredential
from modelport.formatter import MoonshotChatFormatter
from modelport.model import MoonshotChatModel
from modelport.testing import ChatContract, FormatterContract


class TestMine(ChatContract):
    model, credential = MoonshotChatModel, MoonshotCredential(api_key="test-PlantedWord7")
    cassettes = Path({cassettes!r})


class TestMyFormatter(FormatterContract):
    formatter, chat, left_out = MoonshotChatFormatter, TestMine, {{"local_files": "there are none"}}
"""


ALONE = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""An environment in which pytest loads only the plugins that are named on the command line."""


def run_pytest(folder: Path, *arguments: str) -> str:
    text = THIRD_PARTY.format(cassettes=str(CASSETTES / "moonshot"))
    assert len(text.splitlines()) <= 15
    (folder / "test_contract.py").write_text(text)
    command = [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run([*command, "."], cwd=folder, env=ALONE, capture_output=True, text=True, check=False).stdout


def test_third_parties_need_fifteen_lines_and_no_plugin(tmp_path: Path) -> None:
    out = run_pytest(tmp_path, "-v", "-rs", "-k", "clock_idle or local_files or legal_names")
    assert "test_contract.py::TestMine::test_clock_idle[tool_round_trip-2] PASSED" in out
    assert "test_contract.py::TestMyFormatter::test_local_files[all] SKIPPED" in out
    assert ": left out: there are none\n" in out and ": needs legal_name: which names the provider takes\n" in out


def test_the_plugin_sums_up_and_writes_a_report(tmp_path: Path) -> None:
    plugin = ("-p", "modelport.testing.pytest_plugin", "--contract-report", "report.json")
    out = run_pytest(tmp_path, "-q", *plugin, "-k", "budget or local_files")
    assert "ChatContract of MoonshotChatModel: 1 held in " in out
    assert "FormatterContract of MoonshotChatFormatter: 1 left out in " in out
    assert "  local_files: left out: there are none" in out
    reports = json.loads((tmp_path / "report.json").read_text())
    assert [(one["subject"], one["counts"]["held"]) for one in reports] == [
        ("MoonshotChatModel", 1),
        ("MoonshotChatFormatter", 0),
    ]


def test_a_broken_case_fails_with_its_words(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text(
        "from tests.testing.test_contract_core import Small\n\nclass TestSmall(Small): ...\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    root = Path(__file__).parents[2]
    out = subprocess.run(command, cwd=root, env=ALONE, capture_output=True, text=True, check=False).stdout
    assert "two is not one" in out and "2 failed, 2 passed, 2 skipped" in out


def test_the_core_imports_no_pytest() -> None:
    code = (
        "import asyncio, sys\nfrom modelport.testing import ChatContract, FormatterContract, Contract\n"
        "assert 'pytest' not in sys.modules and '_pytest' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
