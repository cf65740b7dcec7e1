"""Headless Chromium for tests, over its DevTools protocol: open a page, run JavaScript in it, take its picture.

    @needs_chromium
    async def test_page() -> None:
        async with browser() as chromium:
            page = await chromium.open("data:text/html,<p>Hello")
            assert await page.evaluate("document.querySelector('p').textContent") == "Hello"

Chromium runs with an empty profile and resolves no name but localhost, so a page reaches loopback servers only, and
those only when a loopback server sent the page itself.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

__all__ = ["VARIABLE", "Browser", "Page", "PageError", "browser", "chromium_program", "needs_chromium"]

VARIABLE = "MODELPORT_TEST_CHROMIUM"
"""Names the program where it is not `chromium`, `chromium-browser` or `google-chrome` on the path."""

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--remote-debugging-port=0",
)
_PATIENCE = 60.0
"""Seconds for the start and for one command: a busy machine is slow."""


def chromium_program() -> str | None:
    """The path of Chromium on this machine, or None."""
    named = os.environ.get(VARIABLE)
    return next((path for name in ([named] if named else _NAMES) if (path := shutil.which(name))), None)


needs_chromium = pytest.mark.skipif(
    chromium_program() is None, reason=f"no Chromium here: install it, or name its program in {VARIABLE}"
)


class PageError(AssertionError):
    """JavaScript raised an exception, or the browser refused a command or ended."""


class Page:
    """One tab. `console` has what scripts wrote, `errors` the exceptions that no script caught, both oldest first."""

    def __init__(self, owner: Browser, session: str, target: str) -> None:
        self._owner = owner
        self._session = session
        self._target = target
        self._loaded = asyncio.Event()
        self.console: list[str] = []
        self.errors: list[str] = []

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol for this tab, such as `Page.reload`; its result."""
        return await self._owner.send(method, session=self._session, **parameters)

    async def goto(self, url: str) -> None:
        """Open another address and wait until it has loaded."""
        self._loaded.clear()
        answer = await self.send("Page.navigate", url=url)
        if answer.get("errorText"):
            raise PageError(f"{url[:200]}: {answer['errorText']}")
        async with asyncio.timeout(_PATIENCE):
            await self._loaded.wait()

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression as JSON gives it; a promise is awaited first."""
        answer = await self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if details := answer.get("exceptionDetails"):
            raise PageError(_exception(details))
        return answer["result"].get("value")

    async def wait_for(self, condition: str, seconds: float = _PATIENCE) -> Any:
        """The first value of a JavaScript expression that is true, looked at 20 times a second in the page.

        Raises:
            PageError: It did not become true in `seconds`.
        """
        poll = (
            "new Promise((done, failed) => { const end = Date.now() + %d; const look = () => {"
            "let value; try { value = (%s) } catch (error) { return failed(error) }"
            "if (value) return done(value);"
            "if (Date.now() > end) return done(null);"
            "setTimeout(look, 50) }; look() })"
        )
        found = await self.evaluate(poll % (seconds * 1000, condition))
        if found is None:
            raise PageError(f"{condition}: not true within {seconds} s; console {self.console}, errors {self.errors}")
        return found

    async def screenshot(self, path: str | Path, *, width: int = 1280, height: int | None = None) -> None:
        """Write a PNG of the page, `width` pixels wide and by default as high as its content."""
        size = {"width": width, "height": height or 800, "deviceScaleFactor": 1, "mobile": False}
        await self.send("Emulation.setDeviceMetricsOverride", **size)
        if height is None:
            high = await self.evaluate("Math.ceil(document.documentElement.getBoundingClientRect().height)")
            await self.send("Emulation.setDeviceMetricsOverride", **{**size, "height": max(1, high)})
        picture = await self.send("Page.captureScreenshot", format="png")
        await self.send("Emulation.clearDeviceMetricsOverride")
        Path(path).write_bytes(base64.b64decode(picture["data"]))  # noqa: ASYNC240 - a test waits for nothing else

    async def close(self) -> None:
        await self._owner.send("Target.closeTarget", targetId=self._target)

    def _take(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded.set()
        elif method == "Runtime.consoleAPICalled":
            said = (str(one.get("value", one.get("description", ""))) for one in parameters["args"])
            self.console.append(f"{parameters['type']}: {' '.join(said)}")
        elif method == "Runtime.exceptionThrown":
            self.errors.append(_exception(parameters["exceptionDetails"]))


class Browser:
    """A running Chromium, made by `browser`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}
        self._number = 0
        self._ended = False

    async def open(self, url: str) -> Page:
        """A new tab in which `url` has loaded."""
        target = (await self.send("Target.createTarget", url="about:blank"))["targetId"]
        session = (await self.send("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        page = self._pages[session] = Page(self, session, target)
        await page.send("Page.enable")
        await page.send("Runtime.enable")
        await page.goto(url)
        return page

    async def send(self, method: str, *, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol; its result."""
        if self._ended:
            raise PageError(f"{method}: Chromium has ended")
        self._number += 1
        number = self._number
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        command = {"id": number, "method": method, "params": parameters}
        try:
            await self._socket.send(json.dumps(command | ({"sessionId": session} if session else {})))
            async with asyncio.timeout(_PATIENCE + 5):
                return await answer
        finally:
            del self._answers[number]

    async def read(self) -> None:
        """Hand out answers and events until the connection ends."""
        async for text in self._socket:
            message = json.loads(text)
            waiting = self._answers.get(message.get("id", 0))
            if waiting and not waiting.done():
                if "error" in message:
                    waiting.set_exception(PageError(message["error"].get("message", "")))
                else:
                    waiting.set_result(message["result"])
            elif page := self._pages.get(message.get("sessionId", "")):
                page._take(message.get("method", ""), message.get("params", {}))
        self._ended = True
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(PageError("Chromium has ended"))


@contextlib.asynccontextmanager
async def browser(*flags: str) -> AsyncIterator[Browser]:
    """Start Chromium with further command-line flags; it and its profile are gone at the end.

    A page that records sound wants `--use-fake-device-for-media-stream` and `--use-fake-ui-for-media-stream`, and one
    that plays it without a click `--autoplay-policy=no-user-gesture-required`.
    """
    program = chromium_program()
    assert program, "mark the test with needs_chromium"
    with tempfile.TemporaryDirectory(prefix="modelport-chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            *(program, *_FLAGS, f"--user-data-dir={profile}", *flags, "about:blank"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with _connected(process) as running:
                yield running
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


@contextlib.asynccontextmanager
async def _connected(process: asyncio.subprocess.Process) -> AsyncIterator[Browser]:
    assert process.stderr is not None
    async with asyncio.timeout(_PATIENCE):
        address = await _address(process.stderr)
    drained = asyncio.create_task(_drain(process.stderr))  # or Chromium would stop when the pipe is full
    async with connect(address, max_size=None, proxy=None, open_timeout=_PATIENCE) as socket:
        running = Browser(socket)
        reading = asyncio.create_task(running.read())
        try:
            yield running
        finally:
            with contextlib.suppress(PageError, TimeoutError):
                await running.send("Browser.close")
            reading.cancel()
            drained.cancel()
            await asyncio.gather(reading, drained, return_exceptions=True)


async def _address(stderr: asyncio.StreamReader) -> str:
    written = []
    async for line in stderr:
        if found := re.search(rb"DevTools listening on (ws://\S+)", line):
            return found.group(1).decode()
        written.append(line.decode(errors="replace"))
    raise PageError(f"Chromium ended before it listened: {''.join(written)[-2000:]}")


async def _drain(stderr: asyncio.StreamReader) -> None:
    while await stderr.read(65536):
        pass


def _exception(details: dict[str, Any]) -> str:
    return str(details.get("exception", {}).get("description") or details.get("text", ""))
