"""Messages to Chat Completions messages.

Facts: docs/protocols/openai-chat.md#messages, docs/protocols/openai-chat.md#round-trip-rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ....application.model.formatter import FormatterBase
from ....domain.message.blocks import DataBlock, URLSource
from .profile import OpenAIChatProfile

if TYPE_CHECKING:
    from ....ports.codec.rendering import RenderContext, TurnWriter

__all__ = ["DialectChatFormatter"]


class DialectChatFormatter(FormatterBase):
    """One API message per turn, in native roles; tool media follow in a user message of their own."""

    profile: ClassVar[OpenAIChatProfile]

    def needs_download(self, block: DataBlock) -> bool:
        """Whether the server does not fetch this URL itself."""
        from .parts import PartWriter

        return isinstance(block.source, URLSource) and not PartWriter(self.profile).takes_url(block.source)

    def turn_writer(self, context: RenderContext) -> TurnWriter:
        """The writer of the request's `messages`."""
        from .writer import MessageWriter  # loaded by the first call

        return MessageWriter(self.profile, context)
