"""Messages to Chat Completions messages.

Facts: docs/protocols/openai-chat.md#messages, docs/protocols/openai-chat.md#round-trip-rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from ....application.model.formatter import FormatterBase
from ....domain.message.blocks import DataBlock, URLSource
from ....domain.message.messages import Msg
from .profile import OpenAIChatProfile

if TYPE_CHECKING:
    from ....ports.codec.rendering import RenderContext, Rendered

__all__ = ["DialectChatFormatter"]


class DialectChatFormatter(FormatterBase):
    """One API message per turn, in native roles; tool media follow in a user message of their own."""

    profile: ClassVar[OpenAIChatProfile]

    def needs_download(self, block: DataBlock) -> bool:
        """Whether the server does not fetch this URL itself."""
        from .parts import PartWriter

        return isinstance(block.source, URLSource) and not PartWriter(self.profile).takes_url(block.source)

    def render(self, msgs: Sequence[Msg], context: RenderContext) -> Rendered:
        """The messages of the request body."""
        from ....ports.codec.rendering import Rendered  # with the writer, loaded by the first call
        from .writer import MessageWriter, with_one_system

        conversation = self.conversation(msgs)
        writer = MessageWriter(self.profile, context, conversation.warnings)
        for turn in conversation.turns:
            writer.add(turn)
        messages = with_one_system(writer.messages) if self.profile.one_system_message else writer.messages
        return Rendered(messages, writer.warnings)
