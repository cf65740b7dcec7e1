"""OpenAI's formatters for Responses."""

from __future__ import annotations

from typing import ClassVar

from ..dialects.openai_responses.formatter import DialectResponseFormatter
from ..dialects.openai_responses.row import OpenAIResponsesRow
from .response_row import OPENAI_RESPONSES

__all__ = ["OpenAIResponseFormatter", "OpenAIResponseMultiAgentFormatter"]


class OpenAIResponseFormatter(DialectResponseFormatter):
    """Each message as input items in its native role."""

    row: ClassVar[OpenAIResponsesRow] = OPENAI_RESPONSES


class OpenAIResponseMultiAgentFormatter(OpenAIResponseFormatter):
    """Messages of several agents as one `<history>` with the speakers' names."""

    multi_agent: ClassVar[bool] = True
