"""The contract of a formatter.

class TestMyFormatter(FormatterContract):
    chat = TestMine             # the contract of the chat model that uses it
    formatter = MyFormatter     # where it is not the model's usual one
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from ....application.model.formatter import FormatterBase
from ....domain.message.messages import Msg
from ....ports.codec.rendering import RenderContext, Rendered
from ..core.case import Case
from ..core.class_checks import check_class
from ..core.contract import Contract
from ..core.mutated_transport import CassetteMutant, StillMedia
from . import formatter_cases
from .contract import ChatContract

__all__ = ["FormatterContract"]


class FormatterContract(Contract):
    """What every formatter does with any conversation.

    Attributes:
        chat: the contract of the model that it is for, whose own replay data must go back verbatim.
        formatter: the class, made without arguments; by default that of the model. One of the two is needed.
        legal_name: which tool names the provider takes, as a regular expression.
    """

    chat: ClassVar[type[ChatContract] | None] = None
    formatter: ClassVar[type[FormatterBase] | None] = None
    legal_name: ClassVar[str | None] = None

    cases: ClassVar[tuple[Case[Any], ...]] = formatter_cases.CASES

    @property
    def subject(self) -> str:
        """The class's name."""
        return self.formatter_class.__name__

    def check_declared(self) -> None:
        """Raise `TypeError` unless there is a formatter, or the contract of a chat model that has one."""
        if self.chat is not None:
            check_class(self, "chat", ChatContract)
            self.chat().check_declared()
        if self.formatter is not None:
            check_class(self, "formatter", FormatterBase)
        self.formatter_class  # noqa: B018 - which says what is missing

    @property
    def formatter_class(self) -> type[FormatterBase]:
        """The class that is checked."""
        if self.formatter is not None:
            return self.formatter
        if self.chat is None:
            raise TypeError(f"{type(self).__name__} needs `chat` or `formatter`")
        found: type[FormatterBase] = type(self.chat().build(CassetteMutant()).formatter)
        return found

    async def rendered(
        self, messages: list[Msg], family: str = "", input_types: Sequence[str] | None = None
    ) -> Rendered:
        """The messages in the provider's terms; media come from memory."""
        context = RenderContext(family=family, input_types=input_types)
        return await self.formatter_class().prepare(messages, StillMedia(), context)

    async def text(self, messages: list[Msg]) -> str:
        """The same as JSON; raises `TypeError` for what is none."""
        return json.dumps((await self.rendered(messages)).messages, ensure_ascii=False)
