"""Cases as data, their outcomes, and the assertions that checks are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

__all__ = ["Case", "NotApplicableError", "Outcome", "Status", "case", "once", "require", "require_equal"]

C = TypeVar("C")
_SHOWN = 300


class Status(StrEnum):
    """How a case ended."""

    HELD = "held"
    BROKEN = "broken"
    NOT_APPLICABLE = "not_applicable"
    LEFT_OUT = "left_out"


class NotApplicableError(Exception):
    """Raised by a check: the case does not apply to the subject; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one case on one variant, such as a cassette or a card; `seconds` is how long it took."""

    case: str
    variant: str
    status: Status
    detail: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, str | float]:
        """The fields as JSON values."""
        return {
            "case": self.case,
            "variant": self.variant,
            "status": self.status.value,
            "detail": self.detail,
            "seconds": round(self.seconds, 4),
        }


def once(contract: object) -> Iterable[object]:
    """The variants of a case that has none: it is checked once."""
    return ("",)


@dataclass(frozen=True, slots=True)
class Case(Generic[C]):
    """One claim about a subject, and the check of it.

    Attributes:
        name: unique in its contract, a Python name.
        about: the claim, in one sentence.
        check: raises when the claim does not hold, with the reason as the message; returns a remark or `None`.
        over: what it is checked on; the text of each variant is part of the test's name. (Any: a contract; variants.)
        needs: what is missing when there are no variants.
    """

    name: str
    about: str
    check: Callable[[C, Any], Awaitable[str | None]]
    over: Callable[[Any], Iterable[Any]] = once
    needs: str = ""


def case(
    about: str, over: Callable[[Any], Iterable[Any]] = once, needs: str = ""
) -> Callable[[Callable[[C, Any], Awaitable[str | None]]], Case[C]]:
    """Make a case of a check; its name is the function's."""

    def make(check: Callable[[C, Any], Awaitable[str | None]]) -> Case[C]:
        return Case(check.__name__, about, check, over, needs)

    return make


def require(held: object, what: str) -> None:
    """Raise `AssertionError` with this message unless it held."""
    if not held:
        raise AssertionError(what)


def require_equal(what: str, found: object, wanted: object) -> None:
    """Raise `AssertionError` with both values unless they are equal."""
    if found != wanted:
        raise AssertionError(f"{what}: {_shown(found)} instead of {_shown(wanted)}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
