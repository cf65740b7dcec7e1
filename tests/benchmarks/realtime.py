"""What an audio frame of a voice conversation costs: CPU of the client, against a bare `websockets` loop.

    python tests/benchmarks/realtime.py [--sessions 200] [--frames 100] [--delay-ms 20] [--rounds 3]

The bare loop parses each frame with orjson and decodes its base64. Ours is a session of OpenAI's protocol whose audio
the application decodes as well. All sessions run at once in one process; the server runs in another. Each frame names
its session and its number, so a lost, doubled or swapped one is found. Bound: at most 1.3 times the bare loop.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

import orjson
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

BOUND = 1.3
PCM = bytes(4800 - 8)
"""100 ms at 24,000 samples per second, less the numbers in front."""
ITEM = {"response_id": "r", "item_id": "a", "output_index": 0, "content_index": 0}


def frame(session: int, number: int) -> str:
    """An audio delta that names its session and its number."""
    data = session.to_bytes(4, "little") + number.to_bytes(4, "little") + PCM
    event = {"type": "response.output_audio.delta", "event_id": f"event_{number}", **ITEM}
    return json.dumps({**event, "delta": base64.b64encode(data).decode()})


async def serve_forever(frames: int, delay: float) -> None:
    """Speak to every client that asks for a reply; prints the port."""
    numbers = iter(range(1 << 30))

    async def converse(socket: ServerConnection) -> None:
        session = next(numbers)
        await socket.send('{"type":"session.created","session":{"id":"s"}}')
        async for message in socket:
            kind = json.loads(message)["type"]
            if kind == "session.update":
                await socket.send('{"type":"session.updated","session":{"id":"s"}}')
            elif kind == "response.create":
                await socket.send('{"type":"response.created","response":{"id":"r"}}')
                for number in range(frames):
                    await socket.send(frame(session, number))
                    await asyncio.sleep(delay)
                await socket.send('{"type":"response.done","response":{"id":"r","status":"completed"}}')

    async with serve(converse, "127.0.0.1", 0, compression=None, backlog=1024) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()


def check(data: bytes, seen: list[int]) -> None:
    """Note the frame; it must be the next one of the same session."""
    session, number = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:8], "little")
    if not seen:
        seen.append(session)
    assert seen[0] == session, "a frame of another session"
    assert len(seen) - 1 == number, "a frame was lost or swapped"
    seen.append(number)


async def bare(port: int, barrier: asyncio.Barrier) -> int:
    """The library alone."""
    seen: list[int] = []
    async with connect(f"ws://127.0.0.1:{port}/v1/realtime?model=m", compression=None, max_size=None) as socket:
        await socket.send('{"type":"session.update","session":{"type":"realtime"}}')
        await barrier.wait()
        await socket.send('{"type":"response.create"}')
        while True:
            event = orjson.loads(await socket.recv())
            if event["type"] == "response.output_audio.delta":
                check(base64.b64decode(event["delta"]), seen)
            elif event["type"] == "response.done":
                return len(seen) - 1


def model(port: int) -> Any:
    """A model of ours."""
    from modelport.credential import OpenAICredential
    from modelport.realtime import OpenAIRealtimeModel

    return OpenAIRealtimeModel(OpenAICredential(api_key="k-PlantedWord7", base_url=f"http://127.0.0.1:{port}/v1"), "m")


async def ours(model: Any, barrier: asyncio.Barrier) -> int:
    """One session."""
    seen: list[int] = []
    async with model.connect() as session:
        await barrier.wait()
        await session.respond()
        async for event in session:
            if event.type == "DATA_BLOCK_DELTA":
                check(base64.b64decode(event.data), seen)
            elif event.type == "REPLY_END":
                return len(seen) - 1
    return -1


async def measure(kind: str, port: int, sessions: int, frames: int) -> tuple[float, float]:
    """CPU seconds of all sessions at once: for each frame, once all are open, and to open and close each."""
    subject = model(port) if kind == "ours" else None
    barrier = asyncio.Barrier(sessions + 1)
    talks = [ours(subject, barrier) if subject is not None else bare(port, barrier) for _ in range(sessions)]
    started = time.process_time()
    running = asyncio.gather(*talks)
    await barrier.wait()
    before = time.process_time()
    counts = await running
    spent = time.process_time() - before
    assert counts == [frames] * sessions, "a frame was lost"
    return spent / (sessions * frames), (before - started) / sessions


def main() -> int:
    """Measure both in turn, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--delay-ms", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true")
    args = parser.parse_args()
    if args.serve:
        asyncio.run(serve_forever(args.frames, args.delay_ms / 1000))
        return 0
    command = [sys.executable, __file__, "--serve", f"--frames={args.frames}", f"--delay-ms={args.delay_ms}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            found: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": []}
            for _ in range(args.rounds):
                for kind, times in found.items():
                    times.append(asyncio.run(measure(kind, port, args.sessions, args.frames)))
        finally:
            server.terminate()
    medians = {kind: statistics.median(frame for frame, _ in times) * 1e6 for kind, times in found.items()}
    opening = {kind: statistics.median(once for _, once in times) * 1e3 for kind, times in found.items()}
    ratio = medians["ours"] / medians["bare"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = f"{args.sessions} sessions of {args.frames} frames"
    print(f"{size}: bare {medians['bare']:.1f} µs, ours {medians['ours']:.1f} µs "
          f"a frame, ratio {ratio:.2f} (bound {BOUND}); peak memory {peak:.0f} MiB")  # fmt: skip
    print(f"to connect a session, once: bare {opening['bare']:.2f} ms, ours {opening['ours']:.2f} ms")
    return 0 if ratio <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
