"""xAI's chat model."""

from __future__ import annotations

from typing import ClassVar, Type

from ...application.formatter import FormatterBase
from ..dialects.openai_responses.model import DialectResponseModel
from ..dialects.openai_responses.row import OpenAIResponsesRow
from .formatter import XAIChatFormatter
from .parameters import XAIChatParameters
from .row import XAI_RESPONSES

__all__ = ["XAIChatModel"]


class XAIChatModel(DialectResponseModel):
    """Grok models, over xAI's Responses endpoint: the only one that lets them keep their thoughts between turns."""

    Parameters = XAIChatParameters
    type = "xai_chat"
    row: ClassVar[OpenAIResponsesRow] = XAI_RESPONSES
    formatter_class: ClassVar[Type[FormatterBase]] = XAIChatFormatter
