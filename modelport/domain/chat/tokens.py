"""Estimates the tokens of a request, for models whose tokenizer is unknown; a faster estimate serves rate limits.

The estimate goes by the kinds of characters in a text. It was fitted to `o200k_base`; the tokenizers of other providers
differ from that by about a fifth.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..message.blocks import DataBlock, HintBlock, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock
from ..message.messages import Msg
from .tools import ToolSchema

__all__ = [
    "MEDIA_TOKENS",
    "TokenCount",
    "estimate_tokens",
    "estimated",
    "estimated_quickly",
    "quick_tokens",
    "text_length",
]

MEDIA_TOKENS = 1_500
"""The tokens assumed for an image or other medium; providers count by its size, which is unknown here."""

_PIECES = re.compile(
    r"(?P<word>[^\W\d_\u0370-\uffff]+)"
    r"|(?P<digits>\d+)"
    r"|(?P<han>[\u3400-\u9fff\uf900-\ufaff]+)"
    r"|(?P<kana>[\u3040-\u30ff\uac00-\ud7af]+)"
    r"|(?P<letters>[^\W\d_]+)"
    r"|(?P<breaks>[^\S\n]*\n\s*)"
    r"|(?P<spaces>[^\S\n]{2,})"
    r"|(?P<space>[^\S\n])"
    r"|(?P<signs>[!-/:-@\[-`{-~]++)"
    r"|(?P<rest>.)",
    re.DOTALL,
)
_COMMON = 9
"""Words up to this many letters usually are one token."""
_PER_FURTHER = 5
_PER_DIGITS = 3
_PER_SIGNS = 2.4
_HAN, _KANA, _LETTERS, _REST = 0.78, 0.8, 0.42, 0.9


@dataclass(frozen=True, slots=True, eq=False)
class TokenCount:
    """A number of tokens; `source` is `estimate`, or the provider that counted.

    It compares with numbers, and `int(count)` is the number.
    """

    tokens: int
    estimated: bool
    source: str

    def __int__(self) -> int:
        return self.tokens

    __index__ = __int__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TokenCount):
            return (self.tokens, self.estimated, self.source) == (other.tokens, other.estimated, other.source)
        return self.tokens == other if isinstance(other, int) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.tokens)

    def __lt__(self, other: int | TokenCount) -> bool:
        return self.tokens < int(other)

    def __le__(self, other: int | TokenCount) -> bool:
        return self.tokens <= int(other)

    def __gt__(self, other: int | TokenCount) -> bool:
        return self.tokens > int(other)

    def __ge__(self, other: int | TokenCount) -> bool:
        return self.tokens >= int(other)


def estimate_tokens(text: str) -> int:
    """The estimated tokens of a text; at least one unless it is empty."""
    total = 0.0
    for found in _PIECES.finditer(text):
        kind, length = found.lastgroup, found.end() - found.start()
        if kind == "word":
            total += 1 if length <= _COMMON else 1 + (length - _COMMON) / _PER_FURTHER
        elif kind == "digits":
            total += -(-length // _PER_DIGITS)
        elif kind in _PER_CHARACTER:
            total += length * _PER_CHARACTER[kind]
        elif kind == "signs":
            total += max(1.0, length / _PER_SIGNS)
        elif kind != "space":
            total += 1
    return max(1, round(total)) if text else 0


_PER_CHARACTER = {"han": _HAN, "kana": _KANA, "letters": _LETTERS, "rest": _REST}


_PER_MESSAGE = 4
"""Tokens for a message's role and delimiters."""
_PER_TOOL = 8
_BYTES_PER_TOKEN = 3


def estimated(messages: Sequence[Msg], tools: Sequence[ToolSchema] | None) -> int:
    """The estimated tokens of messages and tools."""
    return _sum(messages, tools, estimate_tokens)


def estimated_quickly(messages: Sequence[Msg], tools: Sequence[ToolSchema] | None) -> int:
    """A cheap estimate for use before every request; rather too high than too low."""
    return _sum(messages, tools, quick_tokens)


def text_length(messages: Sequence[Msg]) -> int:
    """The characters of all texts in the messages."""
    return sum(len(part) for message in messages for part in _parts(message.content) if isinstance(part, str))


def quick_tokens(text: str) -> int:
    """A third of the text's bytes: high for English, about right for Chinese."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return size // _BYTES_PER_TOKEN + 1


def _sum(messages: Sequence[Msg], tools: Sequence[ToolSchema] | None, measure: Callable[[str], int]) -> int:
    total = 0
    for message in messages:
        total += _PER_MESSAGE
        for part in _parts(message.content):
            total += measure(part) if isinstance(part, str) else MEDIA_TOKENS
    for tool in tools or ():
        total += _PER_TOOL + measure(
            json.dumps(tool["function"], ensure_ascii=False, separators=(",", ":"), default=str)
        )
    return total


def _parts(blocks: object) -> Iterator[str | DataBlock]:
    """The texts and media in the blocks."""
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, TextBlock):
            yield block.text
        elif isinstance(block, ThinkingBlock):
            yield block.thinking
        elif isinstance(block, ToolCallBlock):
            yield f"{block.name} {block.input}"
        elif isinstance(block, DataBlock):
            yield block
        elif isinstance(block, HintBlock | ToolResultBlock):
            inner = block.hint if isinstance(block, HintBlock) else block.output
            yield from [inner] if isinstance(inner, str) else _parts(inner)
