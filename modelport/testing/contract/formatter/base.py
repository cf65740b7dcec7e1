"""What the cases of formatters ask of their contract: a class, and what it makes of messages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar

from ....application.model.formatter import FormatterBase
from ....domain.message.messages import Msg
from ....ports.codec.rendering import RenderContext, Rendered
from ..chat.base import ChatContractBase
from ..core.class_checks import check_class
from ..core.contract import Contract
from ..core.mutated_transport import MutatedTransport, StubMediaLoader

__all__ = ["FormatterContractBase"]


class FormatterContractBase(Contract):
    """A contract of a formatter, without cases."""

    chat: ClassVar[type[ChatContractBase] | None] = None
    formatter: ClassVar[type[FormatterBase] | None] = None
    legal_name: ClassVar[str | None] = None

    @property
    def subject(self) -> str:
        """The class's name."""
        return self.formatter_class.__name__

    def check_declared(self) -> None:
        """Raise `TypeError` unless there is a formatter, or the contract of a chat model that has one."""
        if self.chat is not None:
            check_class(self, "chat", ChatContractBase)
            self.chat().check_declared()
        if self.formatter is not None:
            check_class(self, "formatter", FormatterBase)
        self.formatter_class  # noqa: B018 - raises when both are missing

    @property
    def formatter_class(self) -> type[FormatterBase]:
        """The class that is checked."""
        if self.formatter is not None:
            return self.formatter
        if self.chat is None:
            raise TypeError(f"{type(self).__name__} needs `chat` or `formatter`")
        found: type[FormatterBase] = type(self.chat().build(MutatedTransport()).formatter)
        return found

    async def rendered(
        self, messages: list[Msg], family: str = "", input_types: Sequence[str] | None = None
    ) -> Rendered:
        """The messages in the provider's terms; media come from memory."""
        context = RenderContext(family=family, input_types=input_types)
        return await self.formatter_class().prepare(messages, StubMediaLoader(), context)

    async def text(self, messages: list[Msg]) -> str:
        """The same as JSON; raises `TypeError` for what is none."""
        return json.dumps((await self.rendered(messages)).messages, ensure_ascii=False)
