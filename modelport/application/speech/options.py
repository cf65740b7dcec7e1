"""The further arguments of speech models, for type checkers; the base classes say what each of them means."""

from __future__ import annotations

from typing import Literal, TypedDict

from ...domain.retry import RetryPolicy, Timeouts
from ...ports.http import HttpTransport
from ...ports.runtime import Runtime

__all__ = ["RealtimeTTSOptions", "TTSOptions"]


class TTSOptions(TypedDict, total=False):
    """What a speech model takes besides `credential`, `model`, `parameters` and `stream`."""

    max_retries: int | None
    retry_delay: float | None
    retry_policy: RetryPolicy | None
    timeouts: Timeouts | None
    transport: HttpTransport | None
    runtime: Runtime | None
    card_checks: Literal["on", "off"]
    on_unsupported: Literal["warn", "error"]


class RealtimeTTSOptions(TypedDict, total=False):
    """What a realtime speech model takes besides `credential`, `model`, `parameters` and `stream`."""

    cold_start_length: int | None
    cold_start_words: int | None
    max_retries: int
    retry_delay: float
    retry_policy: RetryPolicy | None
    timeouts: Timeouts | None
    runtime: Runtime | None
    card_checks: Literal["on", "off"]
    on_unsupported: Literal["warn", "error"]
