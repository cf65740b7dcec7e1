"""The further arguments of speech-to-text models, for type checkers; the base class says what each of them means."""

from __future__ import annotations

from typing import Literal, TypedDict

from ...domain.retry import RetryPolicy, Timeouts
from ...ports.http import HttpTransport
from ...ports.runtime import Runtime

__all__ = ["STTOptions"]


class STTOptions(TypedDict, total=False):
    """What a speech-to-text model takes besides `credential`, `model`, `parameters` and `stream`."""

    max_retries: int | None
    retry_delay: float | None
    retry_policy: RetryPolicy | None
    timeouts: Timeouts | None
    transport: HttpTransport | None
    runtime: Runtime | None
    card_checks: Literal["on", "off"]
