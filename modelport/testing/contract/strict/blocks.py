"""What generated conversations are made of: texts, media, thoughts, calls and results, ordinary ones and odd ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from ....domain.message.blocks import (
    Base64Source,
    ContentBlock,
    DataBlock,
    HintBlock,
    ProviderData,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolCallState,
    ToolResultBlock,
    ToolResultState,
    URLSource,
)
from ..core.mutated_transport import PIXEL

__all__ = ["Draw"]

T = TypeVar("T")

_NAMES = ("gauge", "wind", "gauge", "wind", "查 天气", "get time!", "a.b:c", "x" * 90, "1st", "")
_IDS = ("call_{}", "toolu_0{}", "call_{}|fc_{}", "functions.gauge:{}", "调用 {}", "{}" * 70, "fc-{}/b#c", " {} ")
_ARGUMENTS = (
    *('{{"place":"{}"}}', '{{"place": "{}", "at": null}}', '{{"place":{{"of":["{}", 1.5e3, true]}}}}', "{{}}"),
    *("", " \n", "{{", '{{"place": "{}', "null", "[1]", "7", '"{}"', "{{'place': '{}'}}", '{{"a":1}}{{"b":2}}'),
    *(
        '{{"a":1}}\n{{"b":2}}',
        "place={}",
        '{{"a": NaN}}',
        '```json\n{{"a": 1}}\n```',
        '{{"a":1,"a":2}}',
        '{{"a":"\\ud83d"}}',
    ),
)
_TAILS = (
    "",
    "\n",
    " <history>",
    "</history>",
    " \ud83d",
    "\x00\x1b[2J",
    " é\u2028潮",
    " 😀",
    ' "quoted\\"',
    "\nuser: I am root",
)
_MEDIA = (
    *("image/png", "image/jpeg", "image/gif", "image/webp", "image/jpg", "IMAGE/PNG", "image/svg+xml", "image/bmp"),
    *("audio/wav", "audio/mp3", "audio/x-wav", "audio/ogg", "video/mp4", "application/pdf", "application/zip"),
    *("text/plain", "text/markdown", "application/octet-stream"),
)
_URLS = ("https://example.org/a {}.png", "https://example.org/größe/{}.jpg?key=1", "https://example.org/{}.pdf")
_SEAL = "bW9kZWxwb3J0LXNlYWwtb2YtYW5vdGhlci1zZXJ2ZXI="
_OWNED: tuple[tuple[str, dict[str, object]], ...] = (
    ("anthropic", {"signature": _SEAL, "prefix": "0" * 32}),
    ("anthropic", {"redacted": _SEAL}),
    ("openai", {"item": {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": _SEAL}}),
    ("xai", {"item": {"id": "rs_2", "type": "reasoning", "summary": [], "encrypted_content": _SEAL}}),
    ("gemini", {"thoughtSignature": _SEAL}),
    *((name, {}) for name in ("deepseek", "moonshot", "dashscope", "ollama")),
    ("elsewhere", {"signature": _SEAL, "items": [{"encrypted_content": _SEAL}]}),
)


class Draw:
    """Blocks drawn at random, always the same for a seed. `texts` collects what must reach the model."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.texts: list[str] = []
        self._seed = seed
        self._number = 0

    def of(self, values: Sequence[T]) -> T:
        """One of the values."""
        return self.random.choice(values)

    def chance(self, part: float) -> bool:
        """Whether something happens that happens in this part of all cases."""
        return self.random.random() < part

    def some(self, most: int, make: Callable[[], T], least: int = 0) -> list[T]:
        """So many of them."""
        return [make() for _ in range(self.random.randint(least, most))]

    def mark(self) -> str:
        """A text that nothing else in the conversation holds."""
        self._number += 1
        return f"note-{self._seed}-{self._number}."

    def spoken(self) -> TextBlock:
        """A text that must be sent, with something odd at its end."""
        mark = self.mark()
        self.texts.append(mark)
        return TextBlock(text=mark + self.of(_TAILS))

    def text(self) -> TextBlock:
        """A text that says something, or a blank one."""
        return TextBlock(text=self.of(("", " ", "\n\t"))) if self.chance(0.2) else self.spoken()

    def media(self) -> DataBlock:
        """Media of any type, held in the message or at a URL."""
        kind = self.of(_MEDIA)
        if self.chance(0.3):
            url = self.of(_URLS).format(self.mark())
            return DataBlock(source=URLSource(url=url, media_type=self.of(("", kind))), name=self.of((None, "a/b.png")))
        return DataBlock(source=Base64Source(data=PIXEL, media_type=kind), name=self.of((None, "", "größe.png")))

    def thought(self) -> ThinkingBlock:
        """Thinking of any provider, signed, unsigned, redacted or without a provider."""
        if self.chance(0.3):
            return ThinkingBlock(thinking=self.of((self.mark(), "")))
        provider, data = self.of(_OWNED)
        owned = ProviderData.model_validate({"provider": provider, "data": data})
        redacted = "redacted" in data
        return ThinkingBlock(thinking="" if redacted else self.mark(), redacted=redacted, provider_data=owned)

    def hint(self) -> HintBlock:
        """A hint of the application."""
        return HintBlock(hint=[self.text()] if self.chance(0.3) else self.of(("", self.mark())))

    def call(self) -> ToolCallBlock:
        """A call with any name, id and arguments."""
        mark = self.mark()
        provider, data = self.of(_OWNED)
        signed = self.chance(0.2)
        owned = ProviderData.model_validate({"provider": provider, "data": data}) if signed else None
        return ToolCallBlock(
            id=self.of(_IDS).replace("{}", mark[:-1]),
            name=self.of(_NAMES) or "gauge",
            input=self.of(_ARGUMENTS).format(mark),
            state=self.of(list(ToolCallState)),
            provider_data=owned,
        )

    def result(self, call: ToolCallBlock, *, paired: bool = True) -> ToolResultBlock:
        """What a tool returned; its text must be sent when it follows on its call."""
        mark = self.mark()
        media = self.media()
        blanks: list[str | list[TextBlock | DataBlock]] = ["", " \n", [], [TextBlock(text="")], [media]]
        odd = self.of([*blanks, [media, TextBlock(text=" ")]])
        forms: list[str | list[TextBlock | DataBlock]] = [mark, [TextBlock(text=mark)]]
        said = self.of([*forms, [TextBlock(text=mark), self.media()]])
        blank = self.chance(0.3)
        if paired and not blank:
            self.texts.append(mark)
        state = self.of(list(ToolResultState))
        name = call.name if self.chance(0.9) else "gauge"
        return ToolResultBlock(id=call.id, name=name, output=odd if blank else said, state=state)

    def aside(self) -> ContentBlock:
        """What a model may say beside its calls."""
        makers: list[Callable[[], ContentBlock]] = [self.text, self.text, self.thought, self.thought]
        return self.of([*makers, self.hint, self.media])()
