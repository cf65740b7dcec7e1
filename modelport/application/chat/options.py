"""The further arguments of every chat model, for type checkers; `ChatModelBase` says what each of them means."""

from __future__ import annotations

from typing import Literal, TypedDict

from ...domain.retry import RetryPolicy, Timeouts
from ...ports.http import HttpTransport
from ...ports.runtime import Runtime
from ..model.formatter import FormatterBase

__all__ = ["ChatOptions"]


class ChatOptions(TypedDict, total=False):
    """What a chat model takes besides `credential`, `model`, `parameters` and `stream`."""

    max_retries: int | None
    context_size: int | None
    formatter: FormatterBase | None
    retry_delay: float | None
    retry_policy: RetryPolicy | None
    timeouts: Timeouts | None
    transport: HttpTransport | None
    runtime: Runtime | None
    card_checks: Literal["on", "off"]
    on_unsupported: Literal["warn", "error"]
