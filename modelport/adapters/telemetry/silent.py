"""The default observer, which does nothing."""

from __future__ import annotations

from ...domain.message.responses import AttemptRecord, ChatUsage

__all__ = ["SilentTelemetry"]


class SilentTelemetry:
    """Discards every event."""

    def attempt_ended(self, provider: str, model: str, attempt: AttemptRecord) -> None:
        """Nothing."""

    def call_ended(self, provider: str, model: str, usage: ChatUsage | None, error: BaseException | None) -> None:
        """Nothing."""
