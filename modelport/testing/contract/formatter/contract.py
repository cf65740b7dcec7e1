"""The contract of a formatter.

class TestMyFormatter(FormatterContract):
    chat = TestMine             # the contract of the chat model that uses it
    formatter = MyFormatter     # where it is not the model's usual one
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.case import Case
from . import cases
from .base import FormatterContractBase

__all__ = ["FormatterContract"]


class FormatterContract(FormatterContractBase):
    """What every formatter does with any conversation.

    Attributes:
        chat: the contract of the model that it is for, whose own replay data must go back verbatim.
        formatter: the class, made without arguments; by default that of the model. One of the two is needed.
        legal_name: which tool names the provider takes, as a regular expression.
    """

    cases: ClassVar[tuple[Case[Any], ...]] = cases.CASES
