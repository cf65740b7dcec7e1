"""Markdown in a terminal while it arrives: the same in any pieces, within any width, and nothing that steers it."""

from __future__ import annotations

import io
import itertools
import re

import pytest
from rich.console import Console

from modelport.cli.console.code import first_code
from modelport.cli.console.markdown import MarkdownText, complete_part
from modelport.domain.message.blocks import TextBlock
from modelport.domain.message.responses import ChatResponse

TEXT = """# Title

A *word* and `code` with a [link](https://example.com/\x1b]8;;x\x07) &#27;[2J &#x202e;
and \x1b[2Jmore words that fill the line.

1. one

2. two

   more of two

```python
def f():

    return "a long line that does not fit into forty columns"
```

| a | b |
|---|---|
| 1 | 2 |

The end."""


def shown(pieces: list[str], width: int, ticking: bool = True) -> str:
    """What the terminal was sent."""
    out, ticks = io.StringIO(), itertools.count()
    console = Console(file=out, force_terminal=True, width=width, height=20, highlight=False, legacy_windows=False)
    view = MarkdownText(console=console, clock=lambda: float(next(ticks)) if ticking else -1.0)
    for piece in pieces:
        view.delta(ChatResponse(content=[TextBlock(text=piece)], is_last=False))
    view.last(ChatResponse(content=[TextBlock(text="".join(pieces))]))
    return out.getvalue()


def screen(sent: str) -> list[str]:
    """The lines that stay: cursor movements of the drawing carried out, colours left out."""
    lines, row, column = [""], 0, 0
    for code, letter, text in re.findall(r"\x1b\[([\d;?]*)([a-zA-Z])|([^\x1b])", sent):
        if letter == "A":
            row -= int(code or 1)
        elif letter == "K":
            lines[row] = ""
        elif text == "\r":
            column = 0
        elif text == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif text:
            lines[row] = lines[row][:column] + text + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


@pytest.mark.parametrize("width", [20, 40, 100])
@pytest.mark.parametrize("size", [1, 7, 50])
def test_pieces_of_any_size_leave_the_same_lines(width: int, size: int) -> None:
    pieces = [TEXT[start : start + size] for start in range(0, len(TEXT), size)]
    left = screen(shown(pieces, width))
    assert [line for line in left if line] == [line for line in screen(shown([TEXT], width, ticking=False)) if line]
    assert max(map(len, left)) <= width
    assert "The end." in left


def test_no_sequence_of_the_model_is_sent() -> None:
    sent = shown(list(TEXT), 80)
    assert "\x1b]" not in sent and "\x07" not in sent and "\x1b[2J" not in sent and "\u202e" not in sent
    assert "https://example.com" in sent


def test_lines_have_no_blanks_at_their_ends() -> None:
    assert shown(["Hello Ada"], 40, ticking=False) == "Hello Ada\n"


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("a\n\n", ""),
        ("a\n\nb", "a\n\n"),
        ("a\n\n  b", ""),
        ("```\na\n\nb\n", ""),
        ("```\na\n\nb\n```\n\nc", "```\na\n\nb\n```\n\n"),
        ("~~~~\n```\n\n~~~\n\nx", ""),
        ("\n\n\n", ""),
    ],
)
def test_which_part_is_complete(text: str, complete: str) -> None:
    assert text[: complete_part(text)] == complete


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no code", "no code"),
        ("a\n```py\nx = 1\n```\nb", "x = 1\n"),
        ("````\n```\n````", "```\n"),
        ("```\nnot closed", "not closed"),
        ("~~~sh\nls\n~~~", "ls\n"),
    ],
)
def test_the_first_code_block(text: str, code: str) -> None:
    assert first_code(text) == code
