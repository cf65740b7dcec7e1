"""The browser of tests: what pages compute, write and throw arrives, and nothing is left when it ends."""

from __future__ import annotations

import asyncio
import os
import struct
from pathlib import Path

import pytest

from tests.browser import VARIABLE, PageError, browser, chromium_program, needs_chromium

PAGE = "data:text/html,<!doctype html><title>T</title><body style='margin:0'><p style='height:90px;margin:0'>Hello</p>"


@needs_chromium
async def test_a_page_computes_writes_and_throws(tmp_path: Path) -> None:
    async with browser() as chromium:
        page = await chromium.open(PAGE)
        assert await page.evaluate("document.title") == "T"
        assert await page.evaluate("Promise.resolve({a: [1, null]})") == {"a": [1, None]}
        with pytest.raises(PageError, match="no such thing"):
            await page.evaluate("(() => { throw new Error('no such thing') })()")
        await page.evaluate("console.log('one', 2); setTimeout(() => { throw new Error('late'); }, 0); undefined")
        await page.evaluate("setTimeout(() => { window.ready = 'yes' }, 20); undefined")
        assert await page.wait_for("window.ready") == "yes"
        with pytest.raises(PageError, match="not true within"):
            await page.wait_for("window.never", seconds=0.1)
        assert page.console == ["log: one 2"] and "late" in page.errors[0]
        await page.screenshot(tmp_path / "page.png", width=300)
        picture = (tmp_path / "page.png").read_bytes()
        assert struct.unpack(">II", picture[16:24]) == (300, 90)
        other = await chromium.open("data:text/html,<title>other</title>")
        assert await other.evaluate("document.title") == "other"
        assert await page.evaluate("document.title") == "T"


@needs_chromium
async def test_a_page_reaches_loopback_servers_only() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readline():  # else a connection that the browser opened in advance
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\nhi")
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server, browser() as chromium:
        page = await chromium.open(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        assert await page.evaluate("fetch('/more').then(answer => answer.text())") == "hi"
        with pytest.raises(PageError, match="Failed to fetch"):
            await page.evaluate("fetch('http://example.com/')")


@needs_chromium
async def test_nothing_is_left_of_a_browser_whose_test_failed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen = []
    with pytest.raises(ZeroDivisionError):
        async with browser() as chromium:
            await chromium.open(PAGE)
            seen += os.listdir(tmp_path)
            raise ZeroDivisionError
    profile = tmp_path / seen[0]
    assert not profile.exists()
    assert not [pid for pid in _processes() if str(profile).encode() in _command(pid)]


def test_the_variable_names_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "absent"))
    assert chromium_program() is None
    (tmp_path / "present").touch(mode=0o755)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "present"))
    assert chromium_program() == str(tmp_path / "present")


def _processes() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdigit()] if os.path.isdir("/proc") else []


def _command(pid: str) -> bytes:
    try:
        return Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return b""
