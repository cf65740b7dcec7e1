"""What calls without `await` cost: CPU of 20 in a row, against the same calls awaited in one loop.

A server in a process of its own answers Chat Completions with bytes made beforehand, over a connection that is kept.
Bound: at most 1.3 times. Both ways are measured in turn in one process, each with connections that are warm.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec

from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import ChatResponse, OpenAIChatModel
from modelport.ports.http import HttpTransport
from modelport.transport import AiohttpTransport, HttpxTransport
from tests.benchmarks.table import Row, main

ASK = [UserMsg("user", "Hello?")]
SERVER = """
import asyncio, json
message = {"role": "assistant", "content": "Hello! How can I help?"}
usage = {"prompt_tokens": 8, "completion_tokens": 7, "total_tokens": 15}
choice = {"index": 0, "finish_reason": "stop", "message": message}
body = json.dumps({"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}).encode()
answer = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(body) + body

async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
            await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\\r\\n")[0]))
            writer.write(answer)
            await writer.drain()
    except asyncio.IncompleteReadError:
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def awaited(model: OpenAIChatModel[ChatResponse], calls: int, rounds: int) -> list[float]:
    """Seconds of CPU of each round in one loop; the first round, which opens the connection, is left out."""

    async def all_rounds() -> list[float]:
        seconds = []
        for _ in range(rounds + 1):
            started = time.process_time()
            for _ in range(calls):
                assert "Hello" in (await model(ASK)).text
            seconds.append(time.process_time() - started)
        return seconds[1:]

    return asyncio.run(all_rounds())


def blocking(model: OpenAIChatModel[ChatResponse], calls: int, rounds: int) -> list[float]:
    """The same without `await`."""
    seconds = []
    for _ in range(rounds + 1):
        started = time.process_time()
        for _ in range(calls):
            model.sync.generate(ASK)
        seconds.append(time.process_time() - started)
    return seconds[1:]


def costs(transport: HttpTransport, url: str, calls: int, rounds: int) -> tuple[float, float]:
    """Microseconds of a call awaited, and without `await`, in the round with the median ratio."""
    credential = OpenAICredential(api_key="k", base_url=url)
    model = OpenAIChatModel(credential, "gpt-4.1", stream=False, transport=transport)
    found = []
    for _ in range(3 if rounds > 1 else 1):
        a, b = (statistics.median(way(model, calls, rounds)) / calls * 1e6 for way in (awaited, blocking))
        found.append((b / a, a, b))
    _, awaited_us, sync_us = sorted(found)[len(found) // 2]
    return awaited_us, sync_us


def rows(smoke: bool) -> list[Row]:
    """Both costs for one call, by transport."""
    calls, rounds = (2, 1) if smoke else (20, 30)
    loop = "uvloop in the thread" if find_spec("uvloop") else "asyncio's own loop in the thread"
    measured = []
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        for transport in (HttpxTransport(), AiohttpTransport()):
            awaited_us, sync_us = costs(transport, url, calls, rounds)
            what = f"a call without `await`, transport {type(transport).__name__.removesuffix('Transport').lower()}"
            measured.append(Row(what, sync_us, awaited_us, "awaited", "µs of CPU", 1.3, loop))
    finally:
        server.kill()
        server.wait()
    return measured


if __name__ == "__main__":
    main(rows)
