"""What an audio frame costs in a voice conversation and in realtime speech, and how much memory speech takes.

    python -m tests.benchmarks.realtime [--smoke]

200 sessions at once, each client in a process of its own, beside a bare loop of the `websockets` library that parses
each frame with orjson and decodes its base64; ours decodes it as well. Each frame names its session and its number, so
a lost, doubled or swapped one is found. Where the library picows is installed, the notes have its bare loop.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.benchmarks.table import Row, main

BOUND = 1.3
MEMORY = 40.0
"""MiB that 200 sessions of speech may take beyond the process."""
PCM = bytes(4800 - 8)
"""100 ms at 24,000 samples per second, less the numbers in front."""
KEY = "k-PlantedWord7"
CREATED = '{"type":"session.created","session":{"id":"s"}}'
VOICE_TURN = [
    ['{"type":"session.update","session":{"type":"realtime"}}'],
    ['{"type":"response.create"}'],
    ["response.done"],
]
"""What is sent first, what is sent next, and the last event."""
SPEECH_TURN = [
    ['{"type":"session.update","session":{}}'],
    ['{"type":"input_text_buffer.append","text":"Hello there."}', '{"type":"session.finish"}'],
    ["session.finished"],
]


def frame(kind: str, session: int, number: int) -> str:
    """An audio delta that names its session and its number."""
    data = session.to_bytes(4, "little") + number.to_bytes(4, "little") + PCM
    place = {"response_id": "r", "item_id": "a", "output_index": 0, "content_index": 0}
    return json.dumps({"type": kind, "event_id": f"event_{number}", **place, "delta": base64.b64encode(data).decode()})


async def serve_forever(frames: int, delay: float) -> None:
    """Speak to every client, after `response.create` or `session.finish`; prints the port."""
    numbers = iter(range(1 << 30))

    async def speak(socket: ServerConnection, kind: str) -> None:
        session = next(numbers)
        await socket.send('{"type":"response.created","response":{"id":"r"}}')
        for number in range(frames):
            await socket.send(frame(kind, session, number))
            await asyncio.sleep(delay)
        await socket.send('{"type":"response.done","response":{"id":"r","status":"completed"}}')

    async def converse(socket: ServerConnection) -> None:
        await socket.send(CREATED)
        async for message in socket:
            kind = json.loads(message)["type"]
            if kind == "session.update":
                await socket.send('{"type":"session.updated","session":{"id":"s"}}')
            elif kind == "response.create":
                await speak(socket, "response.output_audio.delta")
            elif kind == "session.finish":
                await speak(socket, "response.audio.delta")
                await socket.send('{"type":"session.finished"}')

    async with serve(converse, "127.0.0.1", 0, compression=None, backlog=1024) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()


class Seen:
    """The frames of one session; each must be the next one."""

    def __init__(self) -> None:
        self.session = -1
        self.count = 0

    def take(self, data: bytes) -> None:
        """Note a frame."""
        session, number = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:8], "little")
        if not self.count:
            self.session = session
        assert self.session == session, "a frame of another session"
        assert self.count == number, "a frame was lost or swapped"
        self.count += 1

    def take_some(self, samples: bytes) -> None:
        """Note the frames that came in one piece."""
        for start in range(0, len(samples), len(PCM) + 8):
            self.take(samples[start : start + 8])


def took(event: Any, seen: Seen, turn: list[list[str]]) -> bool:
    """Note an event of the server's (Any: JSON); whether it was the last."""
    if event["type"] in ("response.output_audio.delta", "response.audio.delta"):
        seen.take(base64.b64decode(event["delta"]))
    return event["type"] in turn[2]


async def bare(turn: list[list[str]], port: int, all_open: Callable[[], Awaitable[object]]) -> int:
    """The library alone."""
    seen = Seen()
    async with connect(f"ws://127.0.0.1:{port}/v1/realtime?model=m", compression=None, max_size=None) as socket:
        await socket.send(turn[0][0])
        await all_open()
        for message in turn[1]:
            await socket.send(message)
        while not took(orjson.loads(await socket.recv()), seen, turn):
            pass
        return seen.count


async def bare_picows(turn: list[list[str]], port: int, all_open: Callable[[], Awaitable[object]]) -> int:
    """Picows alone."""
    picows = importlib.import_module("picows")
    seen, done = Seen(), asyncio.get_running_loop().create_future()

    class Listener(picows.WSListener):  # type: ignore[misc, name-defined]  # a library that need not be there
        def on_ws_frame(self, transport: Any, received: Any) -> None:
            text = received.msg_type == picows.WSMsgType.TEXT
            if text and took(orjson.loads(received.get_payload_as_bytes()), seen, turn):
                done.set_result(None)

    transport, _ = await picows.ws_connect(Listener, f"ws://127.0.0.1:{port}/v1/realtime?model=m")
    transport.send(picows.WSMsgType.TEXT, turn[0][0].encode())
    await all_open()
    for message in turn[1]:
        transport.send(picows.WSMsgType.TEXT, message.encode())
    await done
    transport.send_close(picows.WSCloseCode.OK)
    transport.disconnect()
    return seen.count


def our_voice(port: int) -> Any:
    """A realtime model (Any: loaded late, so that bare clients do not hold it)."""
    from modelport.credential import OpenAICredential
    from modelport.realtime import OpenAIRealtimeModel

    return OpenAIRealtimeModel(OpenAICredential(api_key=KEY, base_url=f"http://127.0.0.1:{port}/v1"), "m")


async def voice(model: Any, all_open: Callable[[], Awaitable[object]]) -> int:
    """One conversation."""
    seen = Seen()
    async with model.connect() as session:
        await all_open()
        await session.respond()
        async for event in session:
            if event.type == "DATA_BLOCK_DELTA":
                seen.take(base64.b64decode(event.data))
            elif event.type == "REPLY_END":
                return seen.count
    return -1


def our_speech(port: int) -> Any:
    """A realtime speech model (Any: as above)."""
    from modelport.credential import DashScopeCredential
    from modelport.tts import DashScopeRealtimeTTSModel

    credential = DashScopeCredential(api_key=KEY, base_url=f"http://127.0.0.1:{port}/compatible-mode/v1")
    return DashScopeRealtimeTTSModel(credential, "qwen3-tts-flash-realtime")


async def speech(model: Any, all_open: Callable[[], Awaitable[object]]) -> int:
    """One utterance."""
    seen, header = Seen(), 44
    await all_open()
    async for response in await model.synthesize("Hello there."):
        if response.content is not None:
            seen.take_some(base64.b64decode(response.content.source.data)[header:])
            header = 0
    return seen.count


@dataclass
class Cost:
    """Seconds of CPU for a frame and for a session, and MiB that the process grew by."""

    frame: float
    session: float
    grown: float


async def measure(kind: str, port: int, sessions: int, frames: int) -> Cost:
    """All sessions at once; of conversations, frames are counted from when all are open."""
    what, _, peer = kind.partition(" ")
    model = None if peer else (our_voice if what == "voice" else our_speech)(port)
    waits = what == "voice"
    barrier = asyncio.Barrier(sessions + 1 if waits else 1)
    turn = VOICE_TURN if what == "voice" else SPEECH_TURN

    def talk(all_open: Callable[[], Awaitable[object]]) -> Awaitable[int]:
        if model is not None:
            return (voice if what == "voice" else speech)(model, all_open)
        return (bare_picows if peer == "picows" else bare)(turn, port, all_open)

    async def at_once() -> None:
        pass

    assert await talk(at_once) == frames, "a frame was lost"
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    running = asyncio.gather(*(talk(barrier.wait if waits else at_once) for _ in range(sessions)))
    await barrier.wait()
    before = time.process_time()
    assert await running == [frames] * sessions, "a frame was lost"
    spent = time.process_time() - before
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - size) / 1024
    return Cost(spent / (sessions * frames), (before - started) / sessions, grown)


def client(kind: str, port: int, sessions: int, frames: int) -> Cost:
    """One measurement in this process."""
    return asyncio.run(measure(kind, port, sessions, frames))


def measured(kind: str, port: int, sessions: int, frames: int) -> Cost:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.realtime", "--client", kind]
    ended = subprocess.run(
        [*command, *map(str, (port, sessions, frames))], stdout=subprocess.PIPE, text=True, check=True
    )
    return Cost(**json.loads(ended.stdout))


def medians(smoke: bool) -> dict[str, Cost]:
    """Every client, in rounds in which all take turns."""
    sessions, frames, delay, rounds = (2, 3, 0.0, 1) if smoke else (200, 50, 0.05, 3)
    kinds = ["voice", "voice websockets", "speech", "speech websockets"]
    kinds += ["voice picows", "speech picows"] if importlib.util.find_spec("picows") else []
    command = [sys.executable, "-m", "tests.benchmarks.realtime", "--serve", str(frames), str(delay)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        found: dict[str, list[Cost]] = {kind: [] for kind in kinds}
        for _ in range(rounds):
            for kind, costs in found.items():
                costs.append((client if smoke else measured)(kind, port, sessions, frames))
    finally:
        server.kill()
        server.wait()
    return {
        kind: Cost(*(statistics.median(values) for values in zip(*map(vars_of, costs), strict=True)))
        for kind, costs in found.items()
    }


def vars_of(cost: Cost) -> tuple[float, float, float]:
    """The figures of a cost."""
    return cost.frame, cost.session, cost.grown


def rows(smoke: bool) -> list[Row]:
    """Frames of both kinds, connecting, and the memory of speech."""
    found = medians(smoke)

    def per_frame(kind: str, what: str) -> Row:
        ours, library, picows = found[kind], found[f"{kind} websockets"], found.get(f"{kind} picows")
        note = f"picows alone: {picows.frame * 1e6:.0f} µs" if picows else ""
        return Row(what, ours.frame * 1e6, library.frame * 1e6, "bare websockets", "µs", BOUND, note)

    voice, library, speech = found["voice"], found["voice websockets"], found["speech"]
    grown = f"bare websockets: {found['speech websockets'].grown:.0f} MiB"
    return [
        per_frame("voice", "an audio frame of a voice conversation, 200 sessions"),
        Row(
            "to connect a voice conversation", voice.session * 1e3, library.session * 1e3, "bare websockets", "ms", None
        ),
        per_frame("speech", "an audio frame of realtime speech, 200 sessions, connecting included"),
        Row("memory that 200 sessions of 5 s of speech take", speech.grown, None, "", "MiB", MEMORY, grown),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve_forever(int(sys.argv[2]), float(sys.argv[3])))
    elif sys.argv[1:2] == ["--client"]:
        kind, *sizes = sys.argv[2:]
        print(json.dumps(client(kind, *map(int, sizes)).__dict__))
    else:
        main(rows)
