"""The base of all contracts: its cases, those left out, and the ways to run them."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from .case import Case, Outcome, Status
from .class_checks import check_cases, check_spelling
from .report import Report
from .runner import Step, run_step, steps_of

__all__ = ["PYTEST_PROPERTY", "Contract"]

PYTEST_PROPERTY = "modelport_contract"
"""Under which name a test of pytest keeps its outcome, for the summary at the end of the run."""

_SUITE = __name__.removesuffix("core.contract")
_FINAL = frozenset({"run", "report", "pytest_generate_tests"})


class Contract:
    """A set of cases, checked against the subject that a subclass names.

    Under pytest, a subclass called `Test…` is a test class with one test a case and variant. Without pytest,
    `await TestMine().run()` returns a `Report`.

    A subclass cannot replace or remove a case. A case that cannot hold is named in `left_out` with the reason, and
    is reported as left out.
    """

    cases: ClassVar[tuple[Case[Any], ...]] = ()
    left_out: ClassVar[Mapping[str, str]] = {}
    seconds_per_case: ClassVar[float] = 60.0
    """How long one case may take on one variant."""

    def __init_subclass__(cls, **arguments: Any) -> None:  # Any: other bases' own
        super().__init_subclass__(**arguments)
        inherited: tuple[Case[Any], ...] = ()
        check_cases(cls)
        check_spelling(cls, [base for base in cls.__mro__[1:] if issubclass(base, Contract)])
        for base in cls.__mro__[1:]:
            if issubclass(base, Contract):
                _check_cases(cls, base.cases)
                inherited = max(inherited, base.cases, key=len)
        _check_names(cls, inherited)
        for case in cls.cases[len(inherited) :]:
            setattr(cls, f"test_{case.name}", _test_method(case))

    @property
    def subject(self) -> str:
        """What is checked, for reports."""
        return type(self).__name__

    @classmethod
    def kind(cls) -> str:
        """The name of the contract: of the class of this package that brought cases, else of any that did."""
        bringing = [base for base in cls.__mro__ if "cases" in base.__dict__ and base is not Contract]
        ours = [base for base in bringing if base.__module__.startswith(_SUITE)]
        return next((base.__name__ for base in (*ours, *bringing)), cls.__name__)

    async def run(self, only: str | None = None) -> Report:
        """Check every case, or the one of that name; `ValueError` when there is none. Broken cases are only reported.

        Raises `TypeError` when an attribute is missing or wrong. Run it in an event loop of its own: tasks that begin
        meanwhile count as left behind by a case.
        """
        chosen = [case for case in self.cases if only in (None, case.name)]
        if not chosen and only is not None:
            raise ValueError(
                f"there is no case {only!r}; there are {', '.join(sorted(each.name for each in self.cases))}"
            )
        self.check_declared()
        return self.report([await self._run(step) for case in chosen for step in self._steps(case)])

    def _steps(self, case: Case[Any]) -> list[Step]:
        return steps_of(self, case, self.left_out.get(case.name))

    async def _run(self, step: Step) -> Outcome:
        return await run_step(self, step, self.seconds_per_case)

    def check_declared(self) -> None:
        """Raise `TypeError`, which says what to write, unless the class names what to check."""

    def report(self, outcomes: list[Outcome]) -> Report:
        """A report of these outcomes."""
        return Report(self.kind(), self.subject, outcomes)

    def pytest_generate_tests(self, metafunc: Any) -> None:  # Any: pytest's, which is not imported here
        """Make one test for each variant; pytest calls this for each test of the class."""
        if "contract_step" not in metafunc.fixturenames:
            return
        self.check_declared()
        found = next(case for case in self.cases if f"test_{case.name}" == metafunc.function.__name__)
        steps = self._steps(found)
        metafunc.parametrize("contract_step", steps, ids=[step.variant_name or "all" for step in steps])


def _check_cases(cls: type[Contract], inherited: tuple[Case[Any], ...]) -> None:
    """Raise `TypeError` for a subclass without the cases of one of its bases."""
    if cls.cases[: len(inherited)] != inherited:
        raise TypeError(f"{cls.__name__}.cases must begin with the cases of its base; leave one out with `left_out`")


def _check_names(cls: type[Contract], inherited: tuple[Case[Any], ...]) -> None:
    """Raise `TypeError` for a subclass that defines the name of a case, itself or in a mixin."""
    names = {case.name for case in inherited}
    taken = (_FINAL if inherited else frozenset()) | names | {f"test_{name}" for name in names}
    strangers = [base for base in cls.__mro__[1:] if not issubclass(base, Contract)]
    overridden = sorted(taken & {name for each in (cls, *strangers) for name in each.__dict__})
    if overridden:
        raise TypeError(
            f"{cls.__name__} overrides {', '.join(overridden)}; a case cannot be replaced, "
            "but may be left out: left_out = {'NAME': 'reason'}"
        )


def _test_method(case: Case[Any]) -> Callable[..., None]:
    """The case as a test of pytest's, whose `request` is its fixture (Any: pytest is not imported here)."""

    def test(self: Contract, contract_step: Step, request: Any) -> None:
        __tracebackhide__ = True  # what failed is the adapter, not the suite
        outcome = asyncio.run(self._run(contract_step))
        facts = {"contract": self.kind(), "subject": self.subject, **outcome.to_json()}
        # the fixture `record_property` would warn where JUnit XML is written
        request.node.user_properties.append((PYTEST_PROPERTY, facts))
        if outcome.status is Status.BROKEN:
            raise AssertionError(outcome.detail)
        if outcome.status is not Status.HELD:
            raise unittest.SkipTest(outcome.detail)

    test.__name__ = test.__qualname__ = f"test_{case.name}"
    test.__doc__ = case.about
    return test
