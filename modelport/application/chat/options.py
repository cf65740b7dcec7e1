"""The further arguments of every chat model, for type checkers; `ChatModelBase` says what each of them means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from ...domain.chat.settings import CallSettings
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
    settings: CallSettings | None
    extra_body: Mapping[str, Any] | None  # Any: JSON values
    extra_headers: Mapping[str, str] | None
