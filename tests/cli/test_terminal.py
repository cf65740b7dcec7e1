"""What the commands write: nothing in it steers a terminal, and JSON is always whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from rich.table import Table
from rich.text import Text

from modelport.cli.console.answers import JsonLines
from modelport.cli.console.terminal import complain, errors, note, printable, show, write_json
from modelport.domain.errors import ServerError
from modelport.domain.message.blocks import TextBlock
from modelport.domain.message.responses import ChatResponse

STEERING = [*map(chr, [0x07, 0x1B, 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), 0x2066, 0x2069])]


@pytest.mark.parametrize("sign", STEERING, ids=ascii)
def test_json_escapes_what_steers_a_terminal(sign: str, capsys: pytest.CaptureFixture[str]) -> None:
    JsonLines().delta(ChatResponse(content=[TextBlock(text=f"a{sign}[2Jb")]))
    JsonLines().failed(ServerError(f"a{sign}b", code=sign))
    written = capsys.readouterr().out
    assert sign not in written
    delta, failure = map(json.loads, written.split("\n")[:2])
    assert delta["text"] == f"a{sign}[2Jb" and failure["message"] == f"a{sign}b ({sign})"


@pytest.mark.parametrize("sign", STEERING, ids=ascii)
def test_text_for_a_terminal_is_without_it(sign: str, capsys: pytest.CaptureFixture[str]) -> None:
    errors.cache_clear()
    note(f"a{sign}b")
    complain(f"c{sign}d")
    errors.cache_clear()
    assert printable(f"a{sign}b") == "ab"
    assert sign not in capsys.readouterr().err


@pytest.mark.parametrize("on_a_terminal", [True, False])
@pytest.mark.parametrize("sign", STEERING, ids=ascii)
def test_tables_are_without_it(
    sign: str, on_a_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: on_a_terminal, raising=False)
    table = Table("name")
    table.add_row(f"a{sign}[31mb")
    show(Text(f"c{sign}d"), table, f"[bold]{sign}f[/] [/nothing] :smile:")
    written = capsys.readouterr().out
    assert sign not in re.sub(r"\x1b\[[\d;]*m", "", written) and "\x1b[31m" not in written
    assert "d" in written and "[31mb" in written and "f[/] [/nothing] :smile:" in written


def test_json_has_letters_of_all_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"text": "Grüße 你好 שלום 🙂\u200e"})
    assert capsys.readouterr().out == '{"text": "Grüße 你好 שלום 🙂\u200e"}\n'


def test_half_a_character_is_written_as_json() -> None:
    code = "from modelport.cli.console.terminal import write_json; write_json({'text': chr(0xd83d)})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(done.stdout.decode()) == {"text": "\ud83d"}
