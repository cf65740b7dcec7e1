"""An estimate of how many tokens a text is, by the kinds of characters in it, for models whose tokenizer is not known.

The measures were fitted to `o200k_base`: tokenizers of other providers differ from it by a fifth or so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MEDIA_TOKENS", "TokenCount", "estimate_tokens"]

MEDIA_TOKENS = 1_500
"""What an image or other medium is taken to be; providers count them by size, which is not known here."""

_PIECES = re.compile(
    r"(?P<word>[^\W\d_\u0370-\uffff]+)"
    r"|(?P<digits>\d+)"
    r"|(?P<han>[\u3400-\u9fff\uf900-\ufaff]+)"
    r"|(?P<kana>[\u3040-\u30ff\uac00-\ud7af]+)"
    r"|(?P<letters>[^\W\d_]+)"
    r"|(?P<breaks>[^\S\n]*\n\s*)"
    r"|(?P<spaces>[^\S\n]{2,})"
    r"|(?P<space>[^\S\n])"
    r"|(?P<signs>[\x21-\x7e]+?(?=[A-Za-z0-9\s]|[^\x00-\x7f]|\Z))"
    r"|(?P<rest>.)",
    re.DOTALL,
)
_COMMON = 9
"""Letters of a word that are one token as a rule."""
_PER_FURTHER = 5
_PER_DIGITS = 3
_PER_SIGNS = 2.4
_HAN, _KANA, _LETTERS, _REST = 0.78, 0.8, 0.42, 0.9


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A number of tokens; `source` is `estimate`, or the provider that counted."""

    tokens: int
    estimated: bool
    source: str


def estimate_tokens(text: str) -> int:
    """About how many tokens a text is; at least one unless it is empty."""
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
