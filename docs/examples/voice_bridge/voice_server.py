"""A bridge between a browser and a voice model: its microphone goes to the model, and the model's speech to it.

The browser sends binary messages with speech (16-bit little-endian mono samples at 24,000 a second), and texts:
`{"played": [item, milliseconds]}`. It is sent `{"item": name}` before the speech of each item, the speech as binary
messages, `{"clear": true}` when what waits must not be played, and `{"said": who, "text": words}` to be shown.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, WebSocket
from fastapi.responses import FileResponse
from starlette.websockets import WebSocketDisconnect

from modelport import Modelport
from modelport.error import ModelError
from modelport.event import TextBlockDeltaEvent
from modelport.realtime import InputTranscriptEvent, RealtimeAgent, RealtimeEvent

HERE = Path(__file__).parent
SETTINGS = Path(os.environ.get("VOICE_SETTINGS", HERE / "modelport.yaml"))


async def opening_hours(day: str) -> str:
    """When is the museum open?

    Args:
        day: a day of the week in English
    """
    return "closed" if day.lower() == "monday" else "from 10 to 18 o'clock"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    """One hub for the server: built before the first visitor, closed after the last one."""
    async with Modelport.from_file(SETTINGS) as hub:
        hub.realtime("guide")  # a mistake in the settings stops the start, not the first visitor
        app.state.hub = hub
        yield


app = FastAPI(lifespan=lifespan)


class Browser:
    """The audio transport of one page. `play` and `clear` return at once; a task sends what they leave."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._waiting: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._item: str | None = None
        self._played: tuple[str, float] | None = None
        self.left = asyncio.Event()

    async def frames(self) -> AsyncIterator[bytes]:
        """The visitor's speech, until the page is closed."""
        while (message := await self._socket.receive())["type"] == "websocket.receive":
            if message.get("bytes"):
                yield message["bytes"]
            elif message.get("text"):
                item, milliseconds = json.loads(message["text"])["played"]
                self._played = (item, milliseconds)
        self.left.set()

    def play(self, item_id: str, pcm: bytes) -> None:
        if item_id != self._item:
            self._item = item_id
            self.tell(item=item_id)
        self._waiting.put_nowait(pcm)

    def position(self) -> tuple[str, float] | None:
        return self._played

    def clear(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._item = None
        self.tell(clear=True)

    def tell(self, **message: str | bool) -> None:
        """Send a text."""
        self._waiting.put_nowait(json.dumps(message))

    async def write(self) -> None:
        """Send what waits, until the page is closed."""
        try:
            while True:
                message = await self._waiting.get()
                if isinstance(message, str):
                    await self._socket.send_text(message)
                else:
                    await self._socket.send_bytes(message)
        except (WebSocketDisconnect, RuntimeError):  # the page was closed meanwhile
            self.left.set()


@app.websocket("/talk")
async def talk(socket: WebSocket) -> None:
    """One visitor's conversation; it ends with the page, or with the session of the model."""
    await socket.accept()
    browser = Browser(socket)
    agent = RealtimeAgent(
        "guide",
        app.state.hub.realtime("guide"),
        system_prompt="You guide visitors of a museum.",
        tools=[opening_hours],
    )
    try:
        async with agent.session(browser) as session:
            talking = asyncio.create_task(show(session, browser))
            tasks = {talking, asyncio.create_task(browser.write()), asyncio.create_task(browser.left.wait())}
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            if not talking.cancelled():
                talking.result()
    except ModelError as error:  # of the set-up, or of a session that could not go on
        if not browser.left.is_set():
            await socket.send_text(json.dumps({"said": "error", "text": type(error).__name__}))
            await socket.close()


async def show(events: AsyncIterator[RealtimeEvent], browser: Browser) -> None:
    """Tell the page the words of both sides. The audio goes its way by itself."""
    async for event in events:
        if isinstance(event, InputTranscriptEvent) and event.is_final:
            browser.tell(said="you", text=event.text)
        elif isinstance(event, TextBlockDeltaEvent):
            browser.tell(said="guide", text=event.delta)


@app.get("/")
async def page() -> FileResponse:
    return FileResponse(HERE / "page.html")


@app.get("/page.js")
async def script() -> FileResponse:
    return FileResponse(HERE / "page.js")


@app.get("/audio.js")
async def worklets() -> FileResponse:
    return FileResponse(HERE / "audio.js")
