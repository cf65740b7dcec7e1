"""Text for speech: splits long text at sentences, and buffers growing text up to a start or a whole sentence."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["NOTHING_TO_PRONOUNCE", "SENTENCE_END", "ColdStart", "Sentences", "cut_text", "makes_sound", "split_text"]

SENTENCE_END = re.compile(r"[.!?…]{1,64}+[\"'”’»)\]]*+(?=\s)|[。！？…｡]+[”’」』）\"]*|\n+")
"""The end of a sentence; of a long row of signs, a match is the last 64.

A full stop at the end of the text is undecided: the next character decides.
"""

_BREAKS = (
    SENTENCE_END,
    re.compile(r"[,;:](?=\s)|[，；：、]"),
    re.compile(r"(?=\s)"),
)
"""The ends of sentences, clauses and words, in order of preference for a cut."""

_MARKUP = re.compile(r"<[^<>]*>")
_JOINERS = ("\u200d", "\ufe0e", "\ufe0f")
"""Characters that belong to the one before them; a zero-width joiner also to the one after."""


def split_text(text: str, max_characters: int | None) -> list[str]:
    """The text in pieces of at most `max_characters`, in order, each as long as possible; none is blank.

    A text that fits is returned unchanged. Otherwise only the white space around the pieces is left out. A word longer
    than a piece is cut, but not between a character and its accents.
    """
    if not text.strip():
        return []
    if max_characters is None or len(text) <= max_characters:
        return [text]
    pieces, start = [], 0
    while start < len(text):
        end = start + max_characters
        if end < len(text):
            end = _break_before(text, start, end)
        piece = text[start:end].strip()
        if piece:
            pieces.append(piece)
        start = _after_space(text, end)
    return pieces


NOTHING_TO_PRONOUNCE = "the text has no letter or digit to pronounce, and the server sent no audio for it"


def cut_text(text: str, max_characters: int | None) -> list[str]:
    """The text in pieces of at most `max_characters`, cut as by `split_text`; joined, they are the text again.

    For messages of one utterance, whose texts the server joins: without the space at a cut it would join two words.
    """
    if max_characters is None or len(text) <= max_characters:
        return [text] if text else []
    pieces, start = [], 0
    while start < len(text):
        end = start + max_characters
        if end < len(text):
            end = _break_before(text, start, end)
        pieces.append(text[start:end])
        start = end
    return pieces


def makes_sound(text: str) -> bool:
    """Whether the text has something to pronounce: a letter or a digit outside of markup."""
    return any(character.isalnum() for character in _MARKUP.sub(" ", text))


def _break_before(text: str, start: int, limit: int) -> int:
    """Where to cut: after the start, at or before the limit, which is inside the text."""
    window = text[start : limit + 1]  # one more, because the character after a full stop decides
    for breaks in _BREAKS:
        ends = [found.end() for found in breaks.finditer(window) if found.end() < len(window)]
        if ends and window[: ends[-1]].strip():
            return start + ends[-1]
    cut = limit
    while cut > start and _joins(text, cut):
        cut -= 1
    return cut if cut > start else limit


def _joins(text: str, cut: int) -> bool:
    """Whether the characters on both sides of the cut belong together."""
    after = text[cut]
    return bool(unicodedata.combining(after)) or after in _JOINERS or text[cut - 1] == "\u200d"


def _after_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


class ColdStart:
    """Buffers the first text until it has enough characters and words; later text passes through.

    Blank text is kept until more text follows, so the output is never blank.

    Args:
        length: the characters that the first text must have; `None` for any.
        words: the words, by white space, that it must have; `None` for any.
    """

    def __init__(self, length: int | None = None, words: int | None = None) -> None:
        self._length = length or 0
        self._words = words or 0
        self._held: list[str] = []
        self._held_length = self._held_words = 0
        self._in_word = self._has_words = False
        self._open = not (self._length or self._words)

    def feed(self, text: str) -> str:
        """Add text; returns everything buffered, or an empty string when it is not enough."""
        self._held.append(text)
        self._held_length += len(text)
        self._count_words(text)
        if not self._open and not self._enough():
            return ""
        return self.flush()

    def flush(self) -> str:
        """Everything buffered; an empty string when it is blank, which stays buffered."""
        if not self._has_words:
            return ""
        text = "".join(self._held)
        self._held.clear()
        self._held_length = self._held_words = 0
        self._in_word = self._has_words = False
        self._open = True
        return text

    def _enough(self) -> bool:
        return self._held_length >= self._length and self._held_words >= self._words

    def _count_words(self, text: str) -> None:
        """Only this piece is looked at: the pieces before it may be many."""
        words = len(text.split())
        goes_on = self._in_word and bool(text) and not text[0].isspace()
        self._held_words += words - (1 if goes_on and words else 0)
        self._has_words = self._has_words or words > 0
        if text:
            self._in_word = not text[-1].isspace()


_LONGEST = 600


class Sentences:
    """Buffers text until a sentence is complete. The outputs, joined, are the input, apart from blank text.

    A sentence without an end is cut at a space, or anywhere, once it has 600 characters.
    """

    def __init__(self) -> None:
        self._blank: list[str] = []
        self._held = ""  # begins with a word

    def feed(self, text: str) -> str:
        """Add text; returns the sentences that it completes, joined; often empty."""
        held = self._held + text if self._held else self._after_blank(text)
        ends = [found.end() for found in SENTENCE_END.finditer(held)]
        cut = ends[-1] if ends else 0
        if len(held) - cut > _LONGEST:
            cut = held.rfind(" ", cut + 1) + 1 or len(held)
        if not cut:
            self._held = held
            return ""
        sentences = "".join(self._blank) + held[:cut]
        self._blank.clear()
        self._held = self._after_blank(held[cut:])
        return sentences

    def finish(self) -> str:
        """The rest; an empty string when it is blank."""
        held, self._held = self._held, ""
        blank = "".join(self._blank)
        self._blank.clear()
        return blank + held if held else ""

    def _after_blank(self, text: str) -> str:
        """The text from its first word on. Blank text is kept until more text follows."""
        words = text.lstrip()
        self._blank.append(text[: len(text) - len(words)])
        return words
