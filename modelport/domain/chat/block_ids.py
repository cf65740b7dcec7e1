"""Block ids of custom models: which block each piece of an answer belongs to.

A custom model may build its deltas without ids, so that every block gets a new one by default, and may end its answer
with blocks that have ids of their own. Here both get the id of the block that they continue or repeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy

from ..ids import new_id
from ..message.blocks import ContentBlock, DataBlock, ToolCallBlock
from ..message.responses import ChatResponse

__all__ = ["BlockIds", "have_own_ids"]

_TEXTS = ("text", "thinking")
_SOUND = "base64 audio/"
_FIELDS = {"text": "text", "thinking": "thinking", "tool_call": "input"}


def have_own_ids(blocks: Sequence[ContentBlock]) -> bool:
    """Whether every block has an id, and no two have the same."""
    ids = set()
    for block in blocks:
        if not block.id or block.id in ids:
            return False
        ids.add(block.id)
    return True


class BlockIds:
    """The block ids of one answer.

    * A block without an id continues the block of its kind, unless a tool call or a picture came since; in a delta
      with several of one kind, the last continues the last. A picture without an id is always a block of its own.
    * A tool call whose id is empty continues the last call, unless it has a name.
    * A data block continues another only if both have the same media type and the same kind of source.
    * A block of the whole answer whose id is unknown is the next streamed block of its kind. Several that are the
      pieces of one streamed block are joined.
    * No block has an id of `taken`: those of earlier answers, whose ids some servers use again.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = frozenset(taken)
        self._kinds: dict[str, str] = {}
        """The kind of each block so far, by id."""
        self._renamed: dict[tuple[str, str], str] = {}
        """The id of a block whose given id belongs to another one, by its given id and kind."""
        self._running: dict[str, list[str]] = {}
        """The blocks that can be continued without an id, by kind."""
        self._said: dict[str, list[str]] = {}
        """The text of each block so far."""
        self._last_call = ""

    def identified(self, response: ChatResponse) -> ChatResponse:
        """The response, a delta or the whole answer, with the ids of its blocks; a copy of the given one."""
        response = copy(response)
        response.content = self.whole(response.content) if response.is_last else self.delta(response.content)
        return response

    def delta(self, blocks: Sequence[ContentBlock]) -> list[ContentBlock]:
        """The blocks of a delta, with their ids."""
        kinds = [_kind(block) for block in blocks]
        if not all(map(_flows, kinds)):
            self._running = {kind: ids for kind, ids in self._running.items() if kind in kinds}
        left = {kind: _last(self._running.get(kind, ()), _unnamed(blocks, kind)) for kind in set(kinds)}
        named = [self._of_delta(block, kind, left[kind]) for block, kind in zip(blocks, kinds, strict=True)]
        for given, block in zip(blocks, named, strict=True):
            self._said.setdefault(block.id, []).append(_text(block))
            if given.id and given.id != block.id:
                self._renamed.setdefault((given.id, _kind(given)), block.id)
        return named

    def whole(self, blocks: Sequence[ContentBlock]) -> list[ContentBlock]:
        """The blocks of the whole answer, with the ids that their deltas had."""
        blocks = [self._known(block) for block in blocks]
        kinds = [_kind(block) for block in blocks]
        repeated = {block.id for block, kind in zip(blocks, kinds, strict=True) if self._kinds.get(block.id) == kind}
        left: dict[str, list[str]] = {}
        for block_id, kind in self._kinds.items():
            if block_id not in repeated:
                left.setdefault(kind, []).append(block_id)
        whole: list[ContentBlock] = []
        begun: dict[str, str] = {}
        for block, kind in zip(blocks, kinds, strict=True):
            if block.id in repeated:
                whole.append(block)
                continue
            streamed = self._next(block, left.get(kind, []), begun)
            whole.append(self._new(block, kind) if streamed is None else _with_id(block, streamed))
        return self._joined(whole)

    def _next(self, block: ContentBlock, left: list[str], begun: dict[str, str]) -> str | None:
        """The streamed block that this one repeats, or a piece of which it is; `begun` is the text matched so far."""
        while left:
            streamed, said = left[0], self._text_of(left[0])
            text = begun.get(streamed, "") + _text(block)
            if streamed in begun and not said.startswith(text):
                left.pop(0)
                continue
            begun[streamed] = text
            if text == said or not said.startswith(text):
                left.pop(0)
            return streamed
        return None

    def _joined(self, blocks: list[ContentBlock]) -> list[ContentBlock]:
        """The blocks, where those that are together the streamed text of one id are one."""
        pieces: dict[str, list[ContentBlock]] = {}
        for block in blocks:
            pieces.setdefault(block.id, []).append(block)
        joined: list[ContentBlock] = []
        for block in blocks:
            same = pieces[block.id]
            text = "".join(map(_text, same))
            if len(same) == 1 or text != self._text_of(block.id):
                joined.append(block)
            elif block is same[0]:
                joined.append(block.model_copy(update={_FIELDS[block.type]: text}))
        return joined

    def _text_of(self, block_id: str) -> str:
        said = self._said.get(block_id, [])
        said[:] = ["".join(said)]
        return said[0]

    def _of_delta(self, block: ContentBlock, kind: str, left: list[str]) -> ContentBlock:
        known = self._kinds.get(block.id)
        if known == kind:
            return block
        if isinstance(block, ToolCallBlock) and not block.id and not block.name and self._last_call:
            return _with_id(block, self._last_call)
        if _is_named(block):
            renamed = self._known(block)
            return self._new(block, kind) if renamed is block else renamed
        if left:
            return _with_id(block, left.pop(0))
        return self._new(block, kind, continued=True)

    def _known(self, block: ContentBlock) -> ContentBlock:
        """The block with the id that was given to it instead of its own, if there was."""
        renamed = self._renamed.get((block.id, _kind(block)))
        return block if renamed is None else _with_id(block, renamed)

    def _new(self, block: ContentBlock, kind: str, *, continued: bool = False) -> ContentBlock:
        """A block that continues no other; `continued` when later ones without an id may continue it."""
        given = block.id
        block_id = self._free(given) if given else new_id()
        if given and block_id != given:
            self._renamed[given, kind] = block_id
        self._kinds[block_id] = kind
        if isinstance(block, ToolCallBlock):
            self._last_call = block_id
        elif continued and _flows(kind):
            self._running.setdefault(kind, []).append(block_id)
        return _with_id(block, block_id)

    def _free(self, given: str) -> str:
        """The id itself, or with a number where another block has it."""
        block_id, number = given, 0
        while block_id in self._kinds or block_id in self._taken:
            number += 1
            block_id = f"{given}_{number}"
        return block_id


def _kind(block: ContentBlock) -> str:
    """Blocks of one kind can be pieces of one block."""
    if not isinstance(block, DataBlock):
        return block.type
    media_type = block.source.media_type.partition(";")[0].strip().lower()
    return f"{block.source.type} {media_type}"


def _text(block: ContentBlock) -> str:
    """The text of a text, a thought or a call; empty for other blocks."""
    return str(getattr(block, _FIELDS[block.type])) if block.type in _FIELDS else ""


def _is_named(block: ContentBlock) -> bool:
    return bool(block.id) and "id" in block.model_fields_set


def _flows(kind: str) -> bool:
    """Whether blocks of that kind come in pieces that may alternate with those of other kinds."""
    return kind in _TEXTS or kind.startswith(_SOUND)


def _last(ids: Sequence[str], count: int) -> list[str]:
    return list(ids[-count:]) if count else []


def _unnamed(blocks: Sequence[ContentBlock], kind: str) -> int:
    return sum(1 for block in blocks if _kind(block) == kind and not _is_named(block))


def _with_id(block: ContentBlock, block_id: str) -> ContentBlock:
    """The block with that id, which counts as given."""
    return block if block.id == block_id and _is_named(block) else block.model_copy(update={"id": block_id})
