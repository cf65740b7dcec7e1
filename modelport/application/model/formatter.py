"""From messages to a provider's message list: the template that formatters subclass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ...domain.chat.turns import Conversation, to_turns
from ...domain.errors import UnsupportedFeatureError
from ...domain.message.blocks import Base64Source, DataBlock, HintBlock, ToolResultBlock, URLSource
from ...domain.message.media import accepted
from ...domain.message.messages import Msg
from ...ports.codec.rendering import RenderContext, Rendered
from ..call.arguments import check_message_list

if TYPE_CHECKING:
    from ...ports.codec.rendering import TurnWriter
    from ...ports.media import MediaLoader

__all__ = ["FormatterBase", "Recalled", "data_blocks"]


class Recalled(Protocol):
    """Messages whose beginning was rendered for an earlier call."""

    @property
    def rest(self) -> Sequence[Msg]:
        """What follows the beginning."""
        ...

    def render(self, context: RenderContext) -> Rendered:
        """All of the messages; the media of the context are those of `rest`."""
        ...


class FormatterBase:
    """Turns messages into the messages of one provider's API.

    A provider implements `render`, which is pure, or only the `turn_writer` that it uses, and says with
    `needs_download` which media its API cannot fetch. An application's own formatter may override `format` alone.

    Args:
        input_types: MIME types, also as `image/*`, of what is sent; by default those of the model's card. Other media
            are replaced by a note.
        conversation_history_prompt: what a multi-agent formatter writes once before the history, in place of its own
            note about it.
    """

    multi_agent: ClassVar[bool] = False
    """Whether consecutive messages of agents are grouped into one `<history>` message."""
    input_types: Sequence[str] | None = None
    conversation_history_prompt: str | None = None

    def __init__(
        self, *, input_types: Sequence[str] | None = None, conversation_history_prompt: str | None = None
    ) -> None:
        if conversation_history_prompt is not None and not self.multi_agent:
            raise TypeError(f"{type(self).__name__} writes no history; use the multi-agent formatter of the provider")
        if input_types is not None:
            self.input_types = input_types
        if conversation_history_prompt is not None:
            self.conversation_history_prompt = conversation_history_prompt

    def conversation(self, msgs: Sequence[Msg]) -> Conversation:
        """The messages as turns: the start of every `render`."""
        if self.multi_agent:
            from ...domain.chat.history import to_history_turns

            own = self.conversation_history_prompt
            return to_history_turns(msgs) if own is None else to_history_turns(msgs, own.rstrip("\n") or None)
        return to_turns(msgs)

    async def format(self, msgs: Sequence[Msg]) -> list[dict[str, Any]]:  # Any: the provider's JSON
        """The messages in the provider's terms; raises `InvalidRequestError` for anything but a list of `Msg`."""
        return (await self.prepare(msgs)).messages

    async def prepare(
        self,
        msgs: Sequence[Msg],
        loader: MediaLoader | None = None,
        context: RenderContext | None = None,
        recall: Recalled | None = None,
    ) -> Rendered:
        """Resolve media, then render. `loader` defaults to the default runtime's; `context` needs no media yet.

        `recall` is what is known of these messages from an earlier call, if anything.
        """
        if type(self).format is not FormatterBase.format:
            return Rendered(await self.format(msgs))
        if context is None:  # else the call has checked them
            check_message_list(msgs)
            context = RenderContext()
        if self.input_types is not None:
            context = replace(context, input_types=self.input_types)
        media = await self._fetch(msgs if recall is None else recall.rest, loader, context.input_types)
        if recall is not None:
            return recall.render(replace(context, media=media))
        by_parts = context.by_parts and type(self).render is FormatterBase.render  # else it may look into the texts
        if media or by_parts != context.by_parts:
            context = replace(context, media=media, by_parts=by_parts)
        return self.render(msgs, context)

    def render(self, msgs: Sequence[Msg], context: RenderContext) -> Rendered:
        """The messages in the provider's terms, purely: same input, same output."""
        writer = self.turn_writer(context)
        conversation = self.conversation(msgs)
        for turn in conversation.turns:
            writer.add(turn)
        return writer.rendered(conversation.warnings)

    def turn_writer(self, context: RenderContext) -> TurnWriter:
        """What writes turns one by one, for formatters that leave the rest to `render`."""
        raise UnsupportedFeatureError(f"{type(self).__name__} implements neither `render` nor `format`")

    def needs_download(self, block: DataBlock) -> bool:
        """Whether this block's URL must be downloaded, since the API does not accept it."""
        return isinstance(block.source, URLSource) and block.source.url.startswith("file:")

    async def _fetch(
        self, msgs: Sequence[Msg], loader: MediaLoader | None, input_types: Sequence[str] | None
    ) -> dict[str, Base64Source]:
        """The media that will be sent inline; nothing is fetched that the model does not take."""
        wanted: dict[str, URLSource] = {}
        for block in data_blocks(msgs, of_model=self.multi_agent):
            if isinstance(block.source, URLSource) and accepted(block, input_types) and self.needs_download(block):
                wanted.setdefault(block.source.url, block.source)
        if not wanted:
            return {}
        if loader is None:
            from ...ports.runtime import default_runtime

            loader = default_runtime().media_loader
        from ..call.tasks import all_of

        loaded = await all_of(loader.load(source) for source in wanted.values())
        return dict(zip(wanted, loaded, strict=True))


_WITH_BLOCKS = (ToolResultBlock, HintBlock)


def data_blocks(msgs: Sequence[Msg], *, of_model: bool = True) -> list[DataBlock]:
    """Every data block, also those inside tool results and hints.

    `of_model`: also those of the model itself, whose turns hold no media where only one agent speaks.
    """
    found: list[DataBlock] = []
    for msg in msgs:
        for block in msg.content:
            if block.type == "data":
                if of_model or msg.role != "assistant":
                    found.append(block)
            elif isinstance(block, _WITH_BLOCKS):
                inner = block.output if isinstance(block, ToolResultBlock) else block.hint
                found += [item for item in inner if isinstance(item, DataBlock)]
    return found
