"""xAI's formatters."""

from __future__ import annotations

from typing import ClassVar

from ..dialects.openai_responses.formatter import DialectResponseFormatter
from ..dialects.openai_responses.row import OpenAIResponsesRow
from .row import XAI_RESPONSES

__all__ = ["XAIChatFormatter", "XAIMultiAgentFormatter"]


class XAIChatFormatter(DialectResponseFormatter):
    """Each message as input items in its native role."""

    row: ClassVar[OpenAIResponsesRow] = XAI_RESPONSES


class XAIMultiAgentFormatter(XAIChatFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent: ClassVar[bool] = True
