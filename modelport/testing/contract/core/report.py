"""The outcomes of a contract, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .case import Outcome, Status

__all__ = ["Report"]

_ORDER = (Status.BROKEN, Status.LEFT_OUT, Status.HELD, Status.NOT_APPLICABLE)
_SHOWN = 3
_LABELS = {status: status.value.replace("_", " ") for status in Status}


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of one contract: `contract` is its kind, `subject` the name of what was checked."""

    contract: str
    subject: str
    outcomes: Sequence[Outcome]

    @property
    def counts(self) -> dict[str, int]:
        """How many outcomes there are of each status."""
        counted = Counter(outcome.status for outcome in self.outcomes)
        return {status.value: counted[status] for status in Status}

    @property
    def held(self) -> bool:
        """Whether nothing is broken."""
        return not self.counts[Status.BROKEN.value]

    @property
    def seconds(self) -> float:
        """How long the checks took together."""
        return sum(outcome.seconds for outcome in self.outcomes)

    def of(self, status: Status) -> list[Outcome]:
        """The outcomes of that status."""
        return [outcome for outcome in self.outcomes if outcome.status is status]

    def to_json(self) -> dict[str, Any]:  # Any: JSON values
        """The whole report, as JSON values."""
        return {
            "contract": self.contract,
            "subject": self.subject,
            "held": self.held,
            "counts": self.counts,
            "outcomes": [outcome.to_json() for outcome in self.outcomes],
        }

    def rows(self) -> list[tuple[str, str, str, str]]:
        """One row for each case: its name, its status, the number of variants, and details."""
        by_case: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes:
            by_case.setdefault(outcome.case, []).append(outcome)
        return [_row(name, outcomes) for name, outcomes in by_case.items()]

    def __str__(self) -> str:
        rows = self.rows()
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
        lines = ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
                 for row in rows]  # fmt: skip
        return "\n".join([f"{self.contract} of {self.subject}", *(line.rstrip() for line in lines), self.summary()])

    def summary(self) -> str:
        """The counts in one line."""
        counts = ", ".join(f"{count} {_LABELS[Status(name)]}" for name, count in self.counts.items() if count)
        return f"{counts} in {self.seconds:.1f} s"


def _row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, str, str, str]:
    worst = min((outcome.status for outcome in outcomes), key=_ORDER.index)
    chosen = [outcome for outcome in outcomes if outcome.status is worst]
    named = worst is Status.BROKEN
    details = [f"{one.variant}: {one.detail}" if named and one.variant else one.detail for one in chosen]
    remarks = [*dict.fromkeys(filter(None, details))]
    shown = remarks if named else remarks[:_SHOWN] + (["…"] if len(remarks) > _SHOWN else [])
    return name, _LABELS[worst], str(len(outcomes)), "; ".join(shown)
