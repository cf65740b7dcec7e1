"""No observer."""

from __future__ import annotations

from ...domain.message.responses import AttemptRecord, ChatUsage

__all__ = ["SilentTelemetry"]


class SilentTelemetry:
    """Hears everything and says nothing."""

    def attempt_ended(self, provider: str, model: str, attempt: AttemptRecord) -> None:
        """Nothing."""

    def call_ended(self, provider: str, model: str, usage: ChatUsage | None, error: BaseException | None) -> None:
        """Nothing."""
