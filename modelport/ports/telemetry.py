"""The port that reports each attempt and each call to an observer."""

from __future__ import annotations

from typing import Protocol

from ..domain.message.responses import AttemptRecord, ChatUsage

__all__ = ["Telemetry"]


class Telemetry(Protocol):
    """Receives every attempt and every call.

    Contract: methods return at once and never raise; they are called on the hot path of each call, not of each event.
    """

    def attempt_ended(self, provider: str, model: str, attempt: AttemptRecord) -> None:
        """One HTTP request ended, with success or with an error."""
        ...

    def call_ended(self, provider: str, model: str, usage: ChatUsage | None, error: BaseException | None) -> None:
        """A whole call ended."""
        ...
