"""OpenAI's Responses model."""

from __future__ import annotations

from typing import ClassVar, Type

from ...application.formatter import FormatterBase
from ..dialects.openai_responses.model import DialectResponseModel
from ..dialects.openai_responses.row import OpenAIResponsesRow
from .parameters import OpenAIResponseParameters
from .response_formatter import OpenAIResponseFormatter
from .response_row import OPENAI_RESPONSES

__all__ = ["OpenAIResponseModel"]


class OpenAIResponseModel(DialectResponseModel):
    """Responses at OpenAI, and at any server that speaks it under a base URL."""

    Parameters = OpenAIResponseParameters
    type = "openai_response"
    row: ClassVar[OpenAIResponsesRow] = OPENAI_RESPONSES
    formatter_class: ClassVar[Type[FormatterBase]] = OpenAIResponseFormatter
